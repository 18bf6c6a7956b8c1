"""A hook of MkDocs: the rules' own pages become pages of the site."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from sqla_guard.cli.pages import rule_pages
from sqla_guard.report.material import RulePage

# Who searches for a code or a name means its page, not the list of all.
_FOUND_FIRST = "---\nsearch:\n  boost: 4\n---\n"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every rule into the navigation, in place of `rules/`."""
    entries = [{page.name: _path(page)} for page in rule_pages()]
    config.nav = [
        {"Rules": ["rules/index.md", *entries]} if item == {"Rules": "rules/"} else item for item in config.nav or []
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for every rule and one that lists them."""
    for path, text in generated():
        files.append(File.generated(config, path, content=text))
    return files


def generated() -> Iterator[tuple[str, str]]:
    """Yield the path and the Markdown of every page about rules."""
    pages = rule_pages()
    yield "rules/index.md", _index(pages)
    for page in pages:
        text = f"# {page.name} ({page.code})\n\n{_facts(page)}\n\n{_titled(page.page)}\n"
        yield _path(page), f"{_FOUND_FIRST}{text}"


def _path(page: RulePage) -> str:
    return f"rules/{page.name}.md"


def _index(pages: tuple[RulePage, ...]) -> str:
    rows = [f"| [{page.code} `{page.name}`]({page.name}.md) | {page.summary}{_default(page)} |" for page in pages]
    table = "\n".join(["| rule | what it finds |", "|---|---|", *rows])
    return (
        "# Rules\n\n"
        "`sqla-guard rules` prints this list, `sqla-guard rule SG101` the page of one. Settings and directives take\n"
        "the name, the code or the beginning of the code.\n\n"
        f"{table}\n"
    )


def _default(page: RulePage) -> str:
    return "" if page.on_by_default else " Off by default."


def _facts(page: RulePage) -> str:
    default = "on by default" if page.on_by_default else f'off by default: `extend-select = ["{page.name}"]`'
    return f"*{page.severity}, {default}*"


def _titled(page: str) -> str:
    """Return the page with the file names of its examples as titles."""
    return re.sub(r"(?m)^```(\w+) (\S+)$", r'```\1 title="\2"', page)
