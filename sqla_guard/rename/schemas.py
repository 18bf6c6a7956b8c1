"""Schemas that read a renamed attribute from objects: their own fields, and so their JSON, keep the name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from sqla_guard.core.fix import Edit, ImportNeed, Place
from sqla_guard.facts.outline import Function
from sqla_guard.facts.references import Reference
from sqla_guard.facts.reserved import ReservedName
from sqla_guard.facts.values import Attr, Call, Dictionary, Item, Literal, Name, Value, dotted
from sqla_guard.project.project import Project
from sqla_guard.project.shapes import ClassType, InstanceType, ListType, Type, options, same_class
from sqla_guard.project.symbols import External, ProjectClass, ProjectFunction
from sqla_guard.project.types import TypeOf
from sqla_guard.rename.declaration import import_of
from sqla_guard.rename.family import Family
from sqla_guard.rename.outcome import Refusal
from sqla_guard.rename.verdict import call_of

_VALIDATE = frozenset({"model_validate", "from_orm", "validate"})
_DUMP = frozenset({"dump", "dumps"})
_PYDANTIC = ("pydantic.", "sqlmodel.SQLModel")
_MARSHMALLOW = ("marshmallow.", "flask_marshmallow.", "marshmallow_sqlalchemy.", "flask_smorest.", "apiflask.")


class SchemaChanges(Struct):
    """What the rename does to schemas."""

    edits: list[Edit] = field(default_factory=list)
    imports: list[ImportNeed] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


def schema_changes(
    types: TypeOf, family: Family, rename: tuple[str, str], references: Mapping[str, tuple[Reference, ...]]
) -> SchemaChanges:
    """Return what keeps the names of fields in schemas of ``family``; ``rename`` is old and new name."""
    return _Schemas(types, family, rename, references).run()


class _Schemas:
    def __init__(
        self, types: TypeOf, family: Family, rename: tuple[str, str], references: Mapping[str, tuple[Reference, ...]]
    ) -> None:
        self.types = types
        self.project: Project = types.project
        self.family = family
        self.old, self.new = rename
        self.references = references
        self.shown = f"`{family.cls.definition.name}`"
        self.changes = SchemaChanges()

    def run(self) -> SchemaChanges:
        near = self.family.cls.path
        facts = [
            (fact, cls)
            for path in self.project.files_naming(near, frozenset({self.old}), (".py",))
            for fact in self.project.reserved_names(path)
            if fact.name == self.old and (cls := self._class(path, fact.owner)) is not None
        ]
        for fact, cls in facts:
            if self._derives(cls, _PYDANTIC) and self._reads_objects(cls):
                self._pydantic(fact, cls)
            elif self._derives(cls, _MARSHMALLOW):
                self._marshmallow(fact, cls)
        self._made_from_the_model()
        return self.changes

    # Pydantic

    def _pydantic(self, fact: ReservedName, cls: ProjectClass) -> None:
        if self.family.includes(cls) or self.types.members.mappings.of(cls).role == "mapped":
            return
        if not self._is_paired(cls, _VALIDATE):
            why = f"if `{cls.definition.name}` is made from a {self.shown}, it must read `{self.new}` of it"
        elif self._is_old_pydantic(cls):
            why = (
                f"Pydantic 1 reads the attribute `{self.old}` of a {self.shown}, which is `{self.new}` now;"
                " a `getter_dict` can tell it, or a new name with `alias`"
            )
        else:
            why = self._aliased(fact)
        if why:
            self.changes.places.append(Place(fact.path, fact.span, why))

    def _aliased(self, fact: ReservedName) -> str:
        """Let a field read both names; return what hinders that."""
        field_name = import_of(self.project, fact.path, "pydantic", "Field")
        choices = import_of(self.project, fact.path, "pydantic", "AliasChoices")
        if isinstance(field_name, Refusal) or isinstance(choices, Refusal):
            return f"it must read `{self.new}` of a {self.shown}"
        quote = "'" if self.project.source(fact.path).text.count("'") > self._count(fact.path) else '"'
        names = f"{quote}{self.new}{quote}, {quote}{self.old}{quote}"
        # The new name first: on an object, the old one is the `MetaData`.
        argument = f"validation_alias={choices[0]}({names})"
        made = fact.constructor
        if fact.form == "annotation":
            edits = [Edit(fact.path, fact.annotation_end, fact.annotation_end, f" = {field_name[0]}({argument})")]
        elif made is not None and (dotted(made.func) or "").rpartition(".")[2] == "Field":
            given = {key for key, _ in fact.value.keywords} if isinstance(fact.value, Call) else set()
            if made.unpacks or given & {"alias", "validation_alias"}:
                return f"it must read `{self.new}` of a {self.shown}"
            edits = [Edit(fact.path, made.append_at, made.append_at, ("" if made.empty else ", ") + argument)]
        elif fact.form == "assignment" and fact.value_span is not None and fact.annotation is not None:
            start, end = fact.value_span.start, fact.value_span.end
            edits = [
                Edit(fact.path, start, start, f"{field_name[0]}(default="),
                Edit(fact.path, end, end, f", {argument})"),
            ]
        else:
            return ""
        self.changes.edits += edits
        self.changes.imports += (*(field_name[1] if made is None else ()), *choices[1])
        return ""

    def _count(self, path: str) -> int:
        return self.project.source(path).text.count('"')

    def _reads_objects(self, cls: ProjectClass) -> bool:
        return any(self._setting(c, name) for c in self._linear(cls) for name in ("from_attributes", "orm_mode"))

    def _is_old_pydantic(self, cls: ProjectClass) -> bool:
        return not any(self._setting(c, "from_attributes") for c in self._linear(cls))

    def _setting(self, cls: ProjectClass, name: str) -> bool:
        attribute = cls.definition.attribute("model_config")
        value = attribute.value if attribute else None
        if isinstance(value, Call) and value.keyword(name) == Literal(True):
            return True
        if isinstance(value, Dictionary) and (Literal(name), Literal(True)) in value.entries:
            return True
        inner = self._class(cls.path, f"{cls.qualname}.Config")
        found = inner.definition.attribute(name) if inner else None
        return found is not None and found.value == Literal(True)

    # Marshmallow

    def _marshmallow(self, fact: ReservedName, cls: ProjectClass) -> None:
        made = fact.constructor
        if made is None or fact.form != "assignment" or not isinstance(fact.value, Call):
            return
        if fact.value.keyword("attribute") is not None:
            # A string that names the attribute, judged as such.
            return
        if not (self._is_for_the_model(cls) or self._is_paired(cls, _DUMP)):
            why = f'if a {self.shown} is dumped with this, it needs `attribute="{self.new}"`'
            self.changes.places.append(Place(fact.path, fact.span, why))
        elif (dotted(made.func) or "").rpartition(".")[2] == "auto_field":
            if not made.empty and made.first is not None:
                return
            text = f'"{self.new}"' + ("" if made.empty else ", ")
            self.changes.edits.append(Edit(fact.path, made.insert_at, made.insert_at, text))
        else:
            text = ("" if made.empty else ", ") + f'attribute="{self.new}"'
            self.changes.edits.append(Edit(fact.path, made.append_at, made.append_at, text))

    def _made_from_the_model(self) -> None:
        """List the schemas whose fields are made from the class: they go by its attributes."""
        near, names = self.family.cls.path, frozenset(c.definition.name for c in self.family.members)
        possible = set(self.project.files_naming(near, frozenset({"Meta"}), (".py",)))
        for path in possible and self.project.files_naming(near, names, (".py",)):
            if path not in possible:
                continue
            outline = self.project.outline(path)
            for definition in outline.classes.values() if outline else ():
                owner = self._class(path, definition.qualname.rpartition(".")[0])
                if definition.name != "Meta" or owner is None or not self._is_for_the_model(owner):
                    continue
                bases = [(dotted(b) or "").rpartition(".")[2] for b in owner.definition.bases]
                is_automatic = any(b.endswith(("AutoSchema", "ModelSchema", "ModelForm", "ObjectType")) for b in bases)
                if is_automatic and owner.definition.attribute(self.old) is None:
                    why = f"a field is made from each attribute of {self.shown}, so one is called `{self.new}` now"
                    self.changes.places.append(Place(path, definition.name_span, why))

    def _is_for_the_model(self, cls: ProjectClass) -> bool:
        meta = self._class(cls.path, f"{cls.qualname}.Meta")
        attribute = meta.definition.attribute("model") if meta else None
        kind = self.types.of(cls.path, attribute.value) if attribute and attribute.value else None
        return isinstance(kind, ClassType) and self.family.includes(kind.cls)

    # What a schema is used for

    def _is_paired(self, cls: ProjectClass, methods: frozenset[str]) -> bool:
        """Tell whether objects of the class are proven to be handed to a schema."""
        for path, reference in ((p, r) for p, found in self.references.items() for r in found if r.kind == "handed"):
            call = call_of(reference.owner)
            if call is None or not isinstance(call.func, Attr) or call.func.name not in methods or not call.args:
                continue
            schema = self.types.of(path, call.func.of)
            is_schema = isinstance(schema, (ClassType, InstanceType)) and self._is(schema.cls, cls)
            if is_schema and self._holds(self.types.of(path, call.args[0])):
                return True
        return methods is _VALIDATE and any(self._answers(path, f, cls) for path, f in self._handlers(cls))

    def _handlers(self, cls: ProjectClass) -> Iterator[tuple[str, Function]]:
        for path in self.project.files_naming(cls.path, frozenset({cls.definition.name}), (".py",)):
            outline = self.project.outline(path)
            for function in outline.functions.values() if outline else ():
                yield path, function

    def _answers(self, path: str, function: Function, cls: ProjectClass) -> bool:
        """Tell whether a FastAPI handler with ``response_model=Schema`` returns objects of the class."""
        for decorator in function.decorators:
            model = decorator.keyword("response_model") if isinstance(decorator, Call) else None
            model = model or (function.returns if isinstance(decorator, Call) else None)
            while isinstance(model, Item):
                model = model.key
            if isinstance(model, Name) and self._is_class(path, model, cls):
                return self._holds(self.types.members.returned(ProjectFunction(path, function)))
        return False

    def _is_class(self, path: str, value: Value, cls: ProjectClass) -> bool:
        symbol = self.project.resolve(path, value)
        return isinstance(symbol, ProjectClass) and self._is(symbol, cls)

    def _is(self, cls: ProjectClass, base: ProjectClass) -> bool:
        return any(same_class(c, base) for c in self._linear(cls))

    def _holds(self, kind: Type) -> bool:
        found = [o.item if isinstance(o, ListType) else o for o in options(kind)]
        return any(
            isinstance(part, InstanceType) and self.family.includes(part.cls) for o in found for part in options(o)
        )

    def _linear(self, cls: ProjectClass) -> Iterable[ProjectClass]:
        return self.types.members.mappings.linear(cls)

    def _derives(self, cls: ProjectClass, packages: tuple[str, ...]) -> bool:
        mappings = self.types.members.mappings
        bases = [b.name for c in mappings.linear(cls) for b in mappings.bases(c) if isinstance(b, External)]
        return any(name.startswith(packages) for name in bases)

    def _class(self, path: str, qualname: str) -> ProjectClass | None:
        outline = self.project.outline(path)
        definition = outline.classes.get(qualname) if outline else None
        return ProjectClass(path, definition) if definition else None
