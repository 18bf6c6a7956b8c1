"""Names and source lines that mean something to whoever reads the report: in no format do they get through."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest

from sqla_guard.report import FORMATS
from tests.report.projects import HOSTILE_NAMES, inside, reports, run, write_hostile
from tests.support.schemas import schema

# Each file has a reserved attribute and a table that is declared twice.
FINDINGS = 2 * len(HOSTILE_NAMES)
ACTED_UPON = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return the reports on the hostile project, by format."""
    folder = tmp_path_factory.mktemp("hostile")
    write_hostile(folder)
    with inside(folder):
        yield reports()


@pytest.mark.parametrize("name", FORMATS)
def test_a_terminal_has_nothing_to_obey(name: str, hostile: dict[str, str]) -> None:
    allowed = hostile[name] if name not in ("text", "concise", "github") else hostile[name].replace("\ufffe", "")
    assert ACTED_UPON.findall(allowed) == []


def test_complaints_have_nothing_to_obey_either(tmp_path: Path) -> None:
    write_hostile(tmp_path)
    with inside(tmp_path):
        assert ACTED_UPON.findall(run("check").stderr) == []


def test_a_workflow_sees_the_real_commands_alone(hostile: dict[str, str]) -> None:
    lines = hostile["github"].splitlines()
    assert len(lines) == FINDINGS + 1  # and the file that could not be parsed
    for line in lines:
        command = re.fullmatch(r"::(error|warning) ([^:\n]*)::(.*)", line)
        assert command, line
        properties = [item.split("=", 1) for item in command[2].split(",")]
        assert {name for name, _ in properties} <= {"file", "line", "endLine", "col", "endColumn", "title"}
        assert not re.search(r"%(?!25|0A|0D|3A|2C)", line)


def test_xml_can_be_read_and_holds_every_name(hostile: dict[str, str]) -> None:
    cases = list(ET.fromstring(hostile["junit"].encode()).iter("testcase"))
    assert len(cases) == FINDINGS + 1
    assert len({case.attrib["file"] for case in cases}) == len(HOSTILE_NAMES) + 1


@pytest.mark.parametrize("name", ["gitlab", "rdjson"])
def test_json_of_other_tools_still_fits_its_schema(name: str, hostile: dict[str, str]) -> None:
    document = json.loads(hostile[name])
    jsonschema.validate(document, schema(f"{name}.schema.json"))
    assert hostile[name].isascii()
    json.dumps(document, ensure_ascii=False).encode()  # no half of a surrogate pair, which strict readers refuse


def test_sarif_still_fits_its_schema_and_its_addresses_lead_to_the_files(hostile: dict[str, str]) -> None:
    document = json.loads(hostile["sarif"])
    jsonschema.Draft4Validator(schema("sarif-2.1.0-rtm.5.json")).validate(document)
    json.dumps(document["runs"][0]["results"], ensure_ascii=False).encode()
    places = [result["locations"][0]["physicalLocation"] for result in document["runs"][0]["results"]]
    uris = {place["artifactLocation"]["uri"] for place in places}
    assert {unquote_to_bytes(uri).decode("utf-8", "surrogateescape") for uri in uris} == set(HOSTILE_NAMES)
    assert not any(re.search(r"\]\(", result["message"]["text"]) for result in document["runs"][0]["results"])


def test_our_own_json_gives_the_names_as_they_are(hostile: dict[str, str]) -> None:
    document = json.loads(hostile["json"])
    assert {d["path"] for d in document["diagnostics"]} == set(HOSTILE_NAMES)
