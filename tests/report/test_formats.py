"""Each format beside what reads it: the same findings at the same places, in the shape that is documented."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from sqla_guard.report import FORMATS
from tests.report.projects import inside, model, report, reports, run
from tests.support.projects import PROJECTS, ROOT, copy_project
from tests.support.schemas import schema, strict_report_schema

Finding = tuple[str, int, str]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return what `check` says of the sample with one file that cannot be parsed, by format."""
    folder = copy_project("security_desk", tmp_path_factory.mktemp("formats"))
    (folder / "broken.py").write_text("metadata = (\n", encoding="utf-8")
    with inside(folder):
        yield reports()


EXPECTED: list[Finding] = [
    ("asgi.py", 22, "SG201"),
    ("desk/migrate.py", 348, "SG301"),
    ("desk/models/security.py", 65, "SG101"),
]


def of_lines(text: str) -> list[Finding]:
    found = re.findall(r"(?m)^(\S+?):(\d+):\d+: \w+\[(\w+)\]", text)
    return [(path, int(line), code) for path, line, code in found]


def of_github(text: str) -> list[Finding]:
    found = re.findall(r"(?m)^::(?:error|warning) file=(\S+?),line=(\d+),.*?title=(SG\d+)", text)
    return [(path, int(line), code) for path, line, code in found]


def of_json(text: str) -> list[Finding]:
    return [(d["path"], d["line"], d["code"]) for d in json.loads(text)["diagnostics"]]


def of_gitlab(text: str) -> list[Finding]:
    issues = (i for i in json.loads(text) if i["check_name"] != "not-analysed")
    return [(i["location"]["path"], i["location"]["lines"]["begin"], i["check_name"]) for i in issues]


def of_junit(text: str) -> list[Finding]:
    cases = (c for c in ET.fromstring(text.encode()).iter("testcase") if c.find("failure") is not None)
    return [(c.attrib["file"], int(c.attrib["line"]), c.attrib["name"].split()[0]) for c in cases]


def of_rdjson(text: str) -> list[Finding]:
    found = (d for d in json.loads(text)["diagnostics"] if "code" in d)
    places = ((d["location"], d["code"]["value"]) for d in found)
    return [(p["path"], p["range"]["start"]["line"], code.split()[0]) for p, code in places]


def of_sarif(text: str) -> list[Finding]:
    found = []
    for result in json.loads(text)["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        found.append((place["artifactLocation"]["uri"], place["region"]["startLine"], result["ruleId"]))
    return found


READERS = {
    "text": of_lines,
    "concise": of_lines,
    "json": of_json,
    "sarif": of_sarif,
    "github": of_github,
    "gitlab": of_gitlab,
    "junit": of_junit,
    "rdjson": of_rdjson,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_the_same(name: str, sample: dict[str, str]) -> None:
    assert READERS[name](sample[name]) == EXPECTED


@pytest.mark.parametrize("name", set(FORMATS) - {"text", "concise"})
def test_a_file_that_could_not_be_checked_is_in_every_format_for_programs(name: str, sample: dict[str, str]) -> None:
    assert "broken.py" in sample[name]
    assert "syntax error" in sample[name]


SCHEMAS = {"gitlab": "gitlab.schema.json", "rdjson": "rdjson.schema.json"}


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_report_fits_its_schema(name: str, sample: dict[str, str]) -> None:
    jsonschema.validate(json.loads(sample[name]), schema(SCHEMAS[name]))


def test_json_fits_the_documented_schema(sample: dict[str, str]) -> None:
    jsonschema.validate(json.loads(sample["json"]), strict_report_schema())


def check_sarif(text: str) -> Any:
    document = json.loads(text)
    jsonschema.Draft4Validator(schema("sarif-2.1.0-rtm.5.json")).validate(document)
    return document


def test_sarif_fits_the_official_schema_and_describes_its_rules(sample: dict[str, str]) -> None:
    (sarif_run,) = check_sarif(sample["sarif"])["runs"]
    rules = sarif_run["tool"]["driver"]["rules"]
    for result in sarif_run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert rule["defaultConfiguration"]["level"] == result["level"]
        assert "## Fix safety" in rule["help"]["markdown"]
    assert not sarif_run["invocations"][0]["executionSuccessful"]


def test_sarif_regions_are_characters_and_bytes_of_the_file(sample: dict[str, str]) -> None:
    (sarif_run,) = json.loads(sample["sarif"])["runs"]
    assert sarif_run["columnKind"] == "unicodeCodePoints"
    for result in sarif_run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        data = (PROJECTS / "security_desk" / place["artifactLocation"]["uri"]).read_bytes()
        region, text = place["region"], data.decode()
        marked = data[region["byteOffset"] :][: region["byteLength"]].decode()
        assert marked in ("metadata", "flask_app")
        assert text[region["charOffset"] :][: region["charLength"]] == marked
        line = text.splitlines()[region["startLine"] - 1]
        assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == marked


def apply_sarif_fix(fix: Any, folder: Path) -> None:
    for change in fix["artifactChanges"]:
        path = folder / unquote(change["artifactLocation"]["uri"])
        data = path.read_bytes() if path.exists() else b""
        for replacement in sorted(change["replacements"], key=lambda r: -r["deletedRegion"]["byteOffset"]):
            region = replacement["deletedRegion"]
            start, end = region["byteOffset"], region["byteOffset"] + region["byteLength"]
            data = data[:start] + replacement["insertedContent"]["text"].encode() + data[end:]
        path.write_bytes(data)


def test_fixes_applied_from_sarif_are_what_fix_writes(tmp_path: Path) -> None:
    by_tool, by_hand = (
        copy_project("security_desk", tmp_path / "tool"),
        copy_project("security_desk", tmp_path / "hand"),
    )
    for folder in (by_tool, by_hand):  # so that bytes and characters differ
        for path in ("asgi.py", "desk/models/security.py"):
            (folder / path).write_bytes(b"\xef\xbb\xbf# \xc3\xa4\xe2\x82\xac\n" + (folder / path).read_bytes())
    with inside(by_hand):
        (sarif_run,) = check_sarif(report("sarif"))["runs"]
    fixes = {json.dumps(r["fixes"][0]["artifactChanges"]): r["fixes"][0] for r in sarif_run["results"]}
    assert len(fixes) == 2  # the rename is one fix of two findings
    for fix in fixes.values():
        apply_sarif_fix(fix, by_hand)
    with inside(by_tool):
        run("fix", "--write")
    assert {p: (by_hand / p).read_bytes() for p in paths(by_hand)} == {
        p: (by_tool / p).read_bytes() for p in paths(by_tool)
    }


def paths(folder: Path) -> list[Path]:
    return sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())


def test_a_suggestion_of_rdjson_is_the_whole_fix(tmp_path: Path) -> None:
    folder = copy_project("security_desk", tmp_path)
    with inside(folder):
        suggested = [d for d in json.loads(report("rdjson"))["diagnostics"] if "suggestions" in d]
        # The rename spans files, so no click on one of them may make a part of it.
        assert [d["code"]["value"] for d in suggested] == ["SG201 unguarded-lazy-global"]
        (suggestion,) = suggested[0]["suggestions"]
        lines = (folder / "asgi.py").read_text("utf-8").splitlines(keepends=True)
        start, end = (suggestion["range"][key] for key in ("start", "end"))
        before = "".join(lines[: start["line"] - 1]) + lines[start["line"] - 1][: start["column"] - 1]
        after = lines[end["line"] - 1][end["column"] - 1 :] + "".join(lines[end["line"] :])
        (folder / "asgi.py").write_text(before + suggestion["text"] + after, encoding="utf-8")
        assert run("check", "asgi.py").exit_code == 0


@pytest.mark.parametrize("name", ["sarif", "gitlab"])
def test_a_fingerprint_outlives_lines_added_above(name: str, tmp_path: Path) -> None:
    folder = copy_project("security_desk", tmp_path)
    with inside(folder):
        before = prints(report(name))
        for path in ("asgi.py", "desk/models/security.py", "desk/migrate.py"):
            (folder / path).write_text("# one line more\n" + (folder / path).read_text("utf-8"), encoding="utf-8")
        assert prints(report(name)) == before
    assert len(set(before)) == len(before) == len(EXPECTED)


def prints(text: str) -> list[str]:
    return re.findall(r'"(?:fingerprint|sqlaGuard/v1)": "([0-9a-f]+)"', text)


def test_two_findings_about_one_thing_have_two_fingerprints(tmp_path: Path) -> None:
    migration = "CREATE TABLE IF NOT EXISTS events (id int, metadata int);\n"
    (tmp_path / "models.py").write_text(
        "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\n\n"
        'Base = declarative_base()\n\n\nclass Event(Base):\n    __tablename__ = "events"\n'
        "    id = Column(Integer, primary_key=True)\n    metadata = Column(Integer)\n",
        encoding="utf-8",
    )
    (tmp_path / "init.sql").write_text(migration * 2, encoding="utf-8")
    with inside(tmp_path):
        text = report("gitlab")
    assert [place[0] for place in of_gitlab(text)].count("init.sql") == 2
    assert len(set(prints(text))) == len(prints(text))


def test_nothing_found_is_valid_too(tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_text("x = 1\n", encoding="utf-8")
    with inside(tmp_path):
        assert report("text") == report("concise") == "No findings; 1 file checked.\n"
        assert report("github") == ""
        assert json.loads(report("gitlab")) == []
        assert check_sarif(report("sarif"))["runs"][0]["results"] == []
        jsonschema.validate(json.loads(report("rdjson")), schema("rdjson.schema.json"))
        (case,) = ET.fromstring(report("junit").encode()).iter("testcase")
    assert not list(case)


def test_a_file_outside_of_the_working_directory_has_its_full_address(tmp_path: Path) -> None:
    (tmp_path / "with space.py").write_text(model("events"), encoding="utf-8")
    (tmp_path / "here").mkdir()
    with inside(tmp_path / "here"):
        found = of_sarif(report("sarif", str(tmp_path / "with space.py")))
    assert {uri for uri, *_ in found} == {(tmp_path / "with space.py").as_uri()}


OTHERS = {name: {f"sqla_guard.report.{other}" for other in FORMATS} - {f"sqla_guard.report.{name}"} for name in FORMATS}
OTHERS["concise"] -= {"sqla_guard.report.text"}  # it ends with the same summary


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_loads_no_other_format(name: str) -> None:
    script = f"import sys\nfrom sqla_guard.report import renderer\nrenderer({name!r})\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not OTHERS[name] & set(done.stdout.split())


def test_the_configuration_names_a_format_and_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(model("events"), encoding="utf-8")
    (tmp_path / "sqla-guard.toml").write_text('output-format = "github"\n')
    with inside(tmp_path):
        assert run("check").stdout.startswith("::error file=model.py")
        assert report("concise").startswith("model.py:")
