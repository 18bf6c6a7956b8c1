"""The documentation site, built strictly and looked at in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from sqla_guard.cli.pages import rule_pages
from tests.support import browser as browsers
from tests.support import missing
from tests.support.projects import ROOT


@dataclass(frozen=True)
class Site:
    """A built site.

    Attributes:
        folder: Where its files are.
        address: Where it is served, with a slash at the end.
    """

    folder: Path
    address: str

    def pages(self) -> list[str]:
        """Return the paths of all pages."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*.html"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with browsers.served(folder) as address:
        yield Site(folder, address)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browsers.running(tmp_path_factory.mktemp("profile")) as started:
        if started is None:
            missing("Chromium or its driver is not installed: run `make services`")
        yield started


def test_every_rule_has_its_page(site: Site) -> None:
    assert {f"rules/{page.name}.html" for page in rule_pages()} <= set(site.pages())


def test_every_page_is_in_the_navigation(site: Site) -> None:
    index = (site.folder / "index.html").read_text("utf-8")
    listed = set(re.findall(r'<a href="([^"#]*)"[^>]*class="md-nav__link', index)) | {"index.html"}
    assert {"index.html" if path in (".", "./") else path for path in listed} == set(site.pages()) - {"404.html"}


OUTSIDE = """
return performance.getEntriesByType("resource").map(entry => entry.name)
    .filter(name => !name.startsWith(location.origin) && !name.startsWith("data:"))
"""
TOO_WIDE = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [375, 1280])
def test_every_page_loads_by_itself_and_fits(width: int, site: Site, browser: webdriver.Chrome) -> None:
    browsers.resize(browser, width)
    for page in site.pages():
        browser.get(site.address + page)
        assert browser.find_element(By.CSS_SELECTOR, "article h1").text, page
        assert browser.get_log("browser") == [], page  # type: ignore[no-untyped-call]
        assert browser.execute_script(OUTSIDE) == [], page
        assert browser.execute_script(TOO_WIDE) == 0, page


class References(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors |= {values["id"] or ""} if "id" in values else set()
        self.links |= {value for name in ("href", "src") if (value := values.get(name))}


def test_every_link_leads_somewhere_inside(site: Site) -> None:
    references = {page: References(site.folder / page) for page in site.pages()}
    for page, found in references.items():
        base = page if page != "404.html" else "index.html"
        for link in sorted(found.links):
            address, anchor = urldefrag(urljoin(f"http://site/{base}", link))
            assert address.startswith("http://site/"), (page, link)
            target = unquote(address.removeprefix("http://site/")) or "index.html"
            assert (site.folder / target).is_file(), (page, link)
            assert not anchor or unquote(anchor) in references[target].anchors, (page, link)


def first_result(browser: webdriver.Chrome, words: str) -> str:
    """Put words into the search of the page that is open; return where its first result leads."""
    box = browser.find_element(By.CSS_SELECTOR, "[data-md-component=search-query]")
    # All at once: key by key, the first answer would be that to the first key.
    browser.execute_script(SEARCH, box, words)
    results = (By.CSS_SELECTOR, ".md-search-result__item a")
    link = WebDriverWait(browser, 60).until(lambda b: b.find_elements(*results))[0].get_attribute("href")
    assert link
    return urldefrag(link)[0].partition("?")[0]


SEARCH = """
const [box, words] = arguments
box.focus()
box.value = words
box.dispatchEvent(new Event("keyup"))
"""


@pytest.mark.parametrize("word", ["reserved-attribute", "SG101", "unguarded-lazy-global", "SG201", "sg900"])
def test_the_search_finds_a_rule_by_name_and_by_code(word: str, site: Site, browser: webdriver.Chrome) -> None:
    (name,) = (page.name for page in rule_pages() if word.upper() in (page.name.upper(), page.code))
    browsers.resize(browser, 1280)
    browser.get(f"{site.address}index.html")
    assert first_result(browser, word) == f"{site.address}rules/{name}.html"
