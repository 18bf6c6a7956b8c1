"""The same program, spelled in other ways: what the tool reads must not depend on it."""

from __future__ import annotations

import re
import zlib

from scripts.reserved.programs import STYLES, Program

_OF_CORE = ("Column", "ForeignKey", "Integer", "MetaData", "String", "Table")
_OF_ORM = (
    "DeclarativeBaseNoMeta", "DeclarativeBase", "MappedAsDataclass", "Mapped", "mapped_column", "column_property",
    "deferred", "relationship", "synonym", "as_declarative", "declarative_base", "declared_attr", "registry",
)  # fmt: skip
_IMPORT = re.compile(r"from (sqlalchemy|sqlalchemy\.orm) import [^()\n]*\n")


def spelled(program: Program) -> tuple[str, dict[str, str]]:
    """Return the text to run, and the files to check: in one module, through module names, or over a package."""
    text = program.text()
    match zlib.crc32(program.id.encode()) % 3:
        case 1 if program.version >= (1, 4):
            text = _through_modules(text, program.name)
        case 2:
            return text, _over_a_package(text, program)
    return text, {"models.py": text}


def _through_modules(text: str, name: str) -> str:
    """Spell everything as ``sa.Column`` and ``orm.Mapped``."""
    head = "import sqlalchemy as sa\nimport sqlalchemy.orm as orm\n"
    imports = "".join(line for line in text.splitlines(keepends=True) if line.startswith(("from ", "import ")))
    rest = text[len(imports) :] if text.startswith(imports) else text
    if rest is text:
        return text
    for module, names in (("sa", _OF_CORE), ("orm", _OF_ORM)):
        for word in names:
            if word != name:
                rest = re.sub(rf"(?<![\w.'@]){word}(?=[(\[,):.\n])(?!: )", f"{module}.{word}", rest)
            else:
                rest = re.sub(rf"(?<= = ){word}\(", f"{module}.{word}(", rest)
            if word != name:
                rest = re.sub(rf"@{word}\b", f"@{module}.{word}", rest)
    return head + _IMPORT.sub("", imports) + rest


def _over_a_package(text: str, program: Program) -> dict[str, str]:
    """Put the base into another module than the models, and re-export it through the package."""
    style = STYLES[program.style]
    start = min(
        text.index(word)
        for word in (
            "\nclass Item",
            "\nclass Top",
            "\nclass Mixin",
            "\nclass Middle",
            "\nclass Other",
            "\ntable = ",
            "\n@reg.",
        )
        if word in text
    )
    head, models = text[: start + 1], text[start + 1 :]
    imports = "".join(line for line in head.splitlines(keepends=True) if line.startswith(("from ", "import ")))
    shared = "reg" if style.decorator else style.base.partition(".")[0]
    names = "DeferredReflection, Own" if style.base.startswith("Deferred") else shared
    if program.style == "SQLModel":
        return {"app/__init__.py": "", "app/models.py": text}
    return {
        "app/__init__.py": f"from app.base import {names}\n",
        "app/base.py": head,
        "app/models.py": f"{imports}from . import {names}\n{models}",
    }
