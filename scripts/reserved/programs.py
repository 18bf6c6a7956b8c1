# ruff: noqa: SIM905
"""Small programs, one for each combination of style, placement, kind of value and name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

NEW = ((2, 0), (2, 1))
SINCE_1_4 = ((1, 4), *NEW)
ALL = ((1, 3), *SINCE_1_4)

HEADER = """\
from typing import ClassVar
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.ext.declarative import DeferredReflection
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import column_property, deferred, relationship, synonym
"""
HEADER_1_3 = "from sqlalchemy.ext.declarative import as_declarative, declarative_base, declared_attr\n"
HEADER_1_4 = "from sqlalchemy.orm import as_declarative, declarative_base, declared_attr, registry\n"
HEADER_NEW = """\
from sqlalchemy.orm import DeclarativeBase, DeclarativeBaseNoMeta, Mapped, MappedAsDataclass, mapped_column
"""


@dataclass(frozen=True)
class Style:
    """A way to declare a mapped class.

    Attributes:
        setup: What makes the base; ``{base}`` is the body of the base class, where there is one.
        base: What a mapped class derives from; nothing where a decorator maps it.
        decorator: The decorator that maps, with its line end.
        keywords: Keywords of the class statement.
        versions: The versions of SQLAlchemy that have it.
    """

    setup: str
    base: str = "Base"
    decorator: str = ""
    keywords: str = ""
    versions: tuple[tuple[int, int], ...] = ALL

    @property
    def has_base_body(self) -> bool:
        """Whether the base has a body of its own that can bind the name."""
        return "{base}" in self.setup


STYLES = {
    "declarative_base": Style("Base = declarative_base()\n"),
    "generate_base": Style("reg = registry()\nBase = reg.generate_base()\n", versions=SINCE_1_4),
    "as_declarative": Style("@as_declarative()\nclass Base:\n    pass\n{base}"),
    "declarative_base(cls=)": Style("class Own:\n    pass\n{base}Base = declarative_base(cls=Own)\n"),
    "registry.mapped": Style("reg = registry()\n", "", "@reg.mapped\n", versions=SINCE_1_4),
    "DeclarativeBase": Style("class Base(DeclarativeBase):\n    pass\n{base}", versions=NEW),
    "DeclarativeBaseNoMeta": Style("class Base(DeclarativeBaseNoMeta):\n    pass\n{base}", versions=NEW),
    "MappedAsDataclass": Style("class Base(MappedAsDataclass, DeclarativeBase):\n    pass\n{base}", versions=NEW),
    "mapped_as_dataclass": Style("reg = registry()\n", "", "@reg.mapped_as_dataclass\n", versions=NEW),
    "automap_base": Style("Base = automap_base()\n"),
    "DeferredReflection": Style("Own = declarative_base()\n", "DeferredReflection, Own"),
    "Flask-SQLAlchemy": Style(
        "from flask_sqlalchemy import SQLAlchemy\nfrom flask import Flask\n"
        "app = Flask('x')\napp.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite://'\ndb = SQLAlchemy(app)\n",
        "db.Model",
    ),
    "Flask-SQLAlchemy with model_class": Style(
        "from flask_sqlalchemy import SQLAlchemy\nfrom flask import Flask\n"
        "app = Flask('x')\napp.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite://'\n"
        "class Own(DeclarativeBase):\n    pass\ndb = SQLAlchemy(app, model_class=Own)\n",
        "db.Model",
        versions=NEW,
    ),
    "SQLModel": Style(
        "from typing import Optional\nfrom sqlmodel import Field, Relationship, SQLModel\nSQLModel.metadata.clear()\n",
        "SQLModel",
        keywords="table=True",
        versions=NEW,
    ),
}

# Statements of a class body; ``{n}`` is the name. Those of the second table need SQLAlchemy 2.
KINDS = {
    "Column": "{n} = Column(String)",
    "named Column": "{n} = Column('other_name', String)",
    "deferred": "{n} = deferred(Column(String))",
    "column_property": "{n} = column_property(Column('other_name', String))",
    "relationship": "{n} = relationship('Other')",
    "synonym": "{n} = synonym('id')",
    "declared_attr Column": "@declared_attr\ndef {n}(cls):\n    return Column(String)",
    "declared_attr constant": "@declared_attr\ndef {n}(cls):\n    return 42",
    "association_proxy": "{n} = association_proxy('others', 'id')",
    "hybrid_property": "@hybrid_property\ndef {n}(self):\n    return self.id",
    "property": "@property\ndef {n}(self):\n    return 42",
    "method": "def {n}(self):\n    return 42",
    "classmethod": "@classmethod\ndef {n}(cls):\n    return 42",
    "staticmethod": "@staticmethod\ndef {n}():\n    return 42",
    "constant": "{n} = 42",
    "ClassVar constant": "{n}: ClassVar[int] = 42",
    "annotated constant": "{n}: int = 42",
    "bare annotation": "{n}: dict",
    "nested class": "class {n}:\n    pass",
    "MetaData": "{n} = MetaData()",
    "annotated MetaData": "{n}: ClassVar[MetaData] = MetaData()",
    "registry": "{n} = registry()",
}
NEW_KINDS = {
    "mapped_column": "{n} = mapped_column(String)",
    "Mapped": "{n}: Mapped[str]",
    "Mapped with a value": "{n}: Mapped[str] = mapped_column(String)",
    "Mapped relationship": "{n}: Mapped['Other'] = relationship()",
    "declared_attr.directive": "@declared_attr.directive\ndef {n}(cls):\n    return 42",
    "declared_attr mapped_column": "@declared_attr\ndef {n}(cls) -> Mapped[str]:\n    return mapped_column(String)",
}
SQLMODEL_KINDS = {
    "Field": "{n}: Optional[str] = Field(default=None)",
    "Field with sa_column": "{n}: Optional[str] = Field(default=None, sa_column=Column(String))",
    "field annotation": "{n}: str",
    "Relationship": "{n}: Optional['Other'] = Relationship()",
    "property": KINDS["property"],
    "method": KINDS["method"],
    "ClassVar constant": KINDS["ClassVar constant"],
    "constant": KINDS["constant"],
    "MetaData": KINDS["MetaData"],
}
EVERY_KIND = {**KINDS, **NEW_KINDS, **SQLMODEL_KINDS}
NEEDS_OTHER = ("relationship", "Relationship", "Mapped relationship", "association_proxy")
MAPPED = {
    "Column", "named Column", "deferred", "column_property", "relationship", "synonym", "declared_attr Column",
    "Field", "Field with sa_column", "field annotation", "Relationship", "in __table__",
    "mapped_column", "Mapped", "Mapped with a value", "Mapped relationship", "declared_attr mapped_column",
}  # fmt: skip

PLACEMENTS = (
    "direct",
    "mixin before the base",
    "mixin after the base",
    "abstract base",
    "base itself",
    "single-table subclass",
    "joined-table subclass",
    "beside __table__",
    "in __table__",
    "after the class",
)

NEUTRAL = "neutral"


@dataclass(frozen=True)
class Program:
    """One program.

    Attributes:
        style: Key of :data:`STYLES`.
        placement: One of :data:`PLACEMENTS`.
        kind: Key of :data:`KINDS` or :data:`NEW_KINDS`.
        name: The attribute's name.
        version: Of SQLAlchemy.
    """

    style: str
    placement: str
    kind: str
    name: str
    version: tuple[int, int]

    @property
    def id(self) -> str:
        """All of it in one line."""
        return " | ".join((self.style, self.placement, self.kind, self.name, ".".join(map(str, self.version))))

    def text(self, name: str | None = None) -> str:
        """Return the program, with another name if one is given."""
        style = STYLES[self.style]
        template = EVERY_KIND[self.kind]
        statement = _indented(template.format(n=name or self.name))
        parts = [HEADER, HEADER_1_4 if self.version >= (1, 4) else HEADER_1_3]
        if self.version >= (2, 0):
            parts.append(HEADER_NEW)
        base_body = statement if self.placement == "base itself" else ""
        parts.append(style.setup.replace("    pass\n{base}", base_body or "    pass\n"))
        others = self.kind in NEEDS_OTHER
        if others:
            parts.append(_class(style, "Other", "", "    __tablename__ = 'others'\n    " + _key(style)))
        parts.append(self._classes(style, statement, others, name or self.name))
        return "".join(parts)

    def _classes(self, style: Style, statement: str, others: bool, name: str) -> str:  # noqa: C901 - one case a placement
        body = "    __tablename__ = 'items'\n    " + _key(style)
        if others:
            foreign = "    other_id = Column(ForeignKey('others.id'))\n"
            body += (
                foreign
                if not style.keywords
                else foreign.replace(" = ", ": Optional[int] = Field(default=None, sa_column=")[:-1] + ")\n"
            )
            if self.kind == "association_proxy":
                body += "    others = relationship('Other')\n"
        match self.placement:
            case "direct":
                return _class(style, "Item", "", body + statement)
            case "mixin before the base":
                return _mixin(style, statement) + _class(style, "Item", "Mixin,", body)
            case "mixin after the base":
                return _mixin(style, statement) + _class(style, "Item", ",Mixin", body)
            case "abstract base":
                return (
                    f"class Middle({style.base}):\n    __abstract__ = True\n{statement}"
                    f"{style.decorator}class Item(Middle):\n{body}"
                )
            case "base itself":
                return _class(style, "Item", "", body)
            case "single-table subclass":
                top = _class(style, "Top", "", body + _polymorphic("top", " 'polymorphic_on': 'kind',"))
                return top + f"{style.decorator}class Item(Top):\n{_args('item')}{statement}"
            case "joined-table subclass":
                top = _class(
                    style, "Top", "", body.replace("items", "tops") + _polymorphic("top", " 'polymorphic_on': 'kind',")
                )
                own = "    __tablename__ = 'items'\n    id = Column(ForeignKey('tops.id'), primary_key=True)\n"
                return top + f"{style.decorator}class Item(Top):\n{_args('item')}{own}{statement}"
            case "beside __table__":
                table = f"table = Table('items', {_metadata(style)}, Column('id', Integer, primary_key=True)"
                table += ", Column('other_id', ForeignKey('others.id')))\n" if others else ")\n"
                more = "    others = relationship('Other')\n" if self.kind == "association_proxy" else ""
                return table + _class(style, "Item", "", f"    __table__ = table\n{more}{statement}")
            case "in __table__":
                table = f"table = Table('items', {_metadata(style)}, Column('id', Integer, primary_key=True)"
                return f"{table}, Column('{name}', String))\n" + _class(style, "Item", "", "    __table__ = table\n")
            case "after the class":
                value = EVERY_KIND[self.kind].format(n=name).partition(" = ")[2]
                return _class(style, "Item", "", body) + f"Item.{name} = {value}\n"
        raise AssertionError(self.placement)


def _class(style: Style, name: str, mixin: str, body: str) -> str:
    bases = mixin + style.base if mixin.endswith(",") else style.base + mixin
    arguments = ", ".join(part for part in (bases.strip(","), style.keywords) if part)
    return f"{style.decorator}class {name}({arguments}):\n{body}"


def _mixin(style: Style, statement: str) -> str:
    return f"class Mixin{'(SQLModel)' if style.keywords else ''}:\n{statement}"


def _key(style: Style) -> str:
    if style.keywords:
        return "id: Optional[int] = Field(default=None, primary_key=True)\n"
    return "id = Column(Integer, primary_key=True)\n"


def _metadata(style: Style) -> str:
    if style.decorator:
        return "reg.metadata"
    return "Own.metadata" if style.base.startswith("Deferred") else f"{style.base}.metadata"


def _polymorphic(identity: str, more: str) -> str:
    return f"    kind = Column(String)\n    __mapper_args__ = {{'polymorphic_identity': '{identity}',{more}}}\n"


def _args(identity: str) -> str:
    return f"    __mapper_args__ = {{'polymorphic_identity': '{identity}'}}\n"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _makes_sense(program: Program) -> bool:
    style, placement = STYLES[program.style], program.placement
    if program.version not in style.versions:
        return False
    if placement == "base itself" and not style.has_base_body:
        return False
    if not style.base and placement in ("mixin after the base", "abstract base"):
        return False
    if style.keywords and placement not in ("direct", "mixin before the base"):
        return False
    if placement == "in __table__":
        return program.kind == "Column"
    if placement == "after the class":
        return EVERY_KIND[program.kind].startswith("{n} =")
    return program.version >= (1, 4) or "registry" not in EVERY_KIND[program.kind]


def _kinds(style: str, version: tuple[int, int]) -> tuple[str, ...]:
    if STYLES[style].keywords:
        return tuple(SQLMODEL_KINDS)
    return (*KINDS, *NEW_KINDS) if version >= (2, 0) else tuple(KINDS)


# Names that behave alike; one stands for all.
PATTERNS = {"_sa_*": "_sa_other", "__*__": "__other__", "__*": "__other"}
# Names that SQLAlchemy or Python itself gives a meaning to.
SPECIAL = """
    _sa_registry _sa_class_manager _sa_instance_state _sa_decl_prepare _sa_apply_dc_transforms _sa_declared_attr_reg
    _decl_class_registry __mapper__ __table__ __tablename__ __table_args__ __mapper_args__ __abstract__ __init__
    __dict__ __class__ __doc__ __module__ __annotations__ __slots__ __orig_bases__ __parameters__ __eq__ __hash__
    __allow_unmapped__ __mapper_cls__ __table_cls__ __declare_first__ __declare_last__ __weakref__ __qualname__
    __name__ __bind_key__ __fsa__ __getattr__ __new__ __repr__ __class_getitem__ __dataclass_fields__ __match_args__
    __sa_dataclass_metadata_key__ __tabledef__ __subclasses__
""".split()
# Names that look as if they could be taken, and are not.
FREE = """
    query_select type_annotation_map _is_protocol cls mapper table c columns session type class_ keys values items get
    add update count index state manager info name key prepare classes by_class
""".split()
SQLMODEL_NAMES = """
    model_config model_dump model_dump_json model_fields model_validate model_validate_json model_validate_strings
    model_copy model_construct model_computed_fields model_extra model_fields_set model_json_schema
    model_parametrized_name model_post_init model_rebuild construct copy dict from_orm json parse_file parse_obj
    parse_raw schema schema_json sqlmodel_update update_forward_refs validate _private
""".split()
FEW_KINDS = ("Column", "mapped_column", "Mapped", "Mapped with a value", "relationship", "constant", "property")
FEW_STYLES = ("declarative_base", "DeclarativeBase", "Flask-SQLAlchemy")


def programs(version: tuple[int, int]) -> Iterator[Program]:  # noqa: C901 - one loop a dimension
    """Yield every program of a version that makes sense: what :data:`sqla_guard.project.names` is made from."""
    for style in STYLES:
        for kind in _kinds(style, version):
            for placement in PLACEMENTS:
                for name in ("metadata", "registry"):
                    yield from _sensible(Program(style, placement, kind, name, version))
                if kind in FEW_KINDS or style == "SQLModel":
                    for name in ("self", "query", "query_class", *PATTERNS.values()):
                        yield from _sensible(Program(style, placement, kind, name, version))
                if kind in FEW_KINDS and style in FEW_STYLES and placement in ("direct", "in __table__"):
                    for name in (*SPECIAL, *FREE):
                        if kind not in MAPPED and name.startswith("__"):
                            # Its value is what the name is for: ``__tablename__ = "items"``.
                            continue
                        yield from _sensible(Program(style, placement, kind, name, version))
                if style == "SQLModel" and kind in ("Field", "field annotation", "Relationship"):
                    for name in SQLMODEL_NAMES:
                        yield from _sensible(Program(style, placement, kind, name, version))


def _sensible(program: Program) -> Iterator[Program]:
    if _makes_sense(program):
        yield program
