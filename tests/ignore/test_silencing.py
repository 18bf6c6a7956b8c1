"""What a directive silences, from which lines, and what it leaves alone."""

from __future__ import annotations

import pytest

from sqla_guard.core.config import Config
from tests.ignore.cases import GETTER, MODEL, SCRIPT, STRING, above, codes, put
from tests.support.memory import check_files, fix_files

IGNORE = "sqla-guard: ignore[{}] -- known"
WHY_101 = "# " + IGNORE.format("SG101")
WHY_301 = "# " + IGNORE.format("SG301")


@pytest.mark.parametrize("selector", ["reserved-attribute", "SG101", "SG1", "SG", "SG201, reserved-attribute", "ALL"])
def test_names_codes_and_prefixes_silence(selector: str) -> None:
    config = Config(select=frozenset({"SG101"}))
    assert codes({"models.py": MODEL}, config) == ["SG101"]
    assert codes({"models.py": put(MODEL, "metadata", f"# {IGNORE.format(selector)}")}, config) == []


def test_a_directive_may_share_its_comment() -> None:
    directive = IGNORE.format("SG101")
    for comment in (f"# noqa: E501  # {directive}", f"# type: ignore  # {directive}  # noqa: E501"):
        assert codes({"models.py": put(MODEL, "metadata", comment)}) == []


def test_a_sentence_that_mentions_a_directive_is_none() -> None:
    for comment in ("# we once had sqla-guard: ignore[SG101] here", "# sqla-guard: finds this one"):
        assert codes({"models.py": put(MODEL, "metadata", comment)}) == ["SG101"]


def test_another_rule_is_not_silenced() -> None:
    text = put(MODEL, "metadata", f"# {IGNORE.format('SG201')}")
    assert codes({"models.py": text}) == ["SG101", "SG901"]


SEVERAL_LINES = MODEL.replace("Column(JSON)", "Column(\n        JSON,\n        nullable=True,\n    )")


@pytest.mark.parametrize("line", ["metadata = Column(", "    JSON", "nullable", "    )"])
def test_any_line_of_a_statement_will_do(line: str) -> None:
    assert codes({"models.py": put(SEVERAL_LINES, line, WHY_101)}) == []


def test_a_line_of_its_own_inside_or_above_the_statement_will_do() -> None:
    assert codes({"models.py": above(SEVERAL_LINES, "nullable", WHY_101)}) == []
    assert codes({"models.py": above(MODEL, "metadata", WHY_101)}) == []
    assert codes({"models.py": above(MODEL, "metadata", f"{WHY_101}\n    # and another remark")}) == []


@pytest.mark.parametrize(
    "text",
    [
        above(MODEL, "metadata", f"{WHY_101}\n"),
        above(MODEL, "class Event", WHY_101),
        put(MODEL, "id = Column", WHY_101),
        put(MODEL, "class Event", WHY_101),
        MODEL + f"    {WHY_101}\n",
    ],
    ids=["a blank line between", "above the class", "the line before", "the class", "the line after"],
)
def test_what_stands_elsewhere_is_unused(text: str) -> None:
    assert codes({"models.py": text}) == ["SG101", "SG901"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (put(GETTER, "if _engine is None", "# " + IGNORE.format("unguarded-lazy-global")), []),
        (above(GETTER, "if _engine is None", "# " + IGNORE.format("unguarded-lazy-global")), []),
        (put(GETTER, "_engine = create", "# " + IGNORE.format("unguarded-lazy-global")), ["SG201", "SG901"]),
        (
            GETTER.replace(
                "if _engine is None:", "if (\n        _engine\n        is None\n    ):  # " + IGNORE.format("SG201")
            ),
            [],
        ),
    ],
    ids=["header", "above", "block", "header over several lines"],
)
def test_of_a_statement_with_a_block_the_header_counts(text: str, expected: list[str]) -> None:
    assert codes({"engine.py": text}) == expected


def test_a_decorated_function_is_silenced_from_above_its_decorators() -> None:
    text = (
        "from functools import cache\n\nfrom sqlalchemy import create_engine\n\n\n"
        "# sqla-guard: ignore[cached-factory] -- one thread\n@cache\ndef get_engine():\n"
        '    return create_engine("postgresql:///desk")\n'
    )
    config = Config(extend_select=frozenset({"cached-factory"}))
    assert codes({"engine.py": text}, config) == []
    assert codes({"engine.py": text.replace("ignore", "ignored")}, config) != []


def test_a_whole_file() -> None:
    text = MODEL + "\n\n" + MODEL.split("\n\n\n")[1].replace("Event", "Other").replace('"events"', '"others"')
    assert codes({"models.py": text}) == ["SG101", "SG101"]
    assert codes({"models.py": "# sqla-guard: ignore-file[SG101] -- generated\n" + text}) == []
    assert codes({"models.py": text + "# sqla-guard: ignore-file[SG101] -- generated\n"}) == []


@pytest.mark.parametrize(
    "text",
    [
        put(SCRIPT, "metadata", "-- " + IGNORE.format("SG301")),
        put(SCRIPT, "CREATE", "-- " + IGNORE.format("reserved-column")),
        put(SCRIPT, "CREATE", "/* sqla-guard: ignore[SG301] -- known */"),
        put(SCRIPT, ");", "-- " + IGNORE.format("SG301")),
        above(SCRIPT, "CREATE", "-- " + IGNORE.format("SG301")),
        above(SCRIPT, "CREATE", "/* sqla-guard: ignore[SG301]\n   -- known\n*/"),
        "SELECT 1;\n\n-- sqla-guard: ignore-file[SG301] -- known\n" + SCRIPT,
        put(SCRIPT, "metadata", "-- noqa: SG301"),
    ],
)
def test_sql_is_silenced_in_comments_of_sql(text: str) -> None:
    files = {"models.py": put(MODEL, "metadata", WHY_101), "schema.sql": SCRIPT}
    assert codes(files) == ["SG301"]
    assert codes({**files, "schema.sql": text}) == []


def test_another_statement_of_a_script_is_not_silenced() -> None:
    files = {"models.py": put(MODEL, "metadata", WHY_101)}
    script = f"-- {IGNORE.format('SG301')}\nDROP TABLE old;\n{SCRIPT}"
    assert codes({**files, "schema.sql": script}) == ["SG301", "SG901"]


def test_a_directive_in_a_string_of_sql_is_no_directive() -> None:
    script = "INSERT INTO notes VALUES ('-- sqla-guard: ignore-file[SG301]');\n" + SCRIPT
    assert codes({"models.py": put(MODEL, "metadata", WHY_101), "schema.sql": script}) == ["SG301"]


IN_STRING = [
    put(STRING, "metadata", "-- " + IGNORE.format("SG301")),
    put(STRING, "CREATE", "/* " + IGNORE.format("SG301") + " */"),
    above(STRING, "metadata", "-- " + IGNORE.format("SG301")),
    above(STRING, "CREATE", "-- " + IGNORE.format("SG301")),
    put(STRING, '"""))', WHY_301),
    above(STRING, "session.execute", WHY_301),
]


@pytest.mark.parametrize("text", IN_STRING)
@pytest.mark.parametrize("prefix", ["", "r", "f"])
def test_sql_in_a_python_string_is_silenced_from_inside_and_outside(text: str, prefix: str) -> None:
    files = {"models.py": put(MODEL, "metadata", WHY_101), "migrate.py": STRING}
    assert codes(files) == ["SG301"]
    assert codes({**files, "migrate.py": text.replace('text("""', f'text({prefix}"""')}) == []


def test_one_statement_of_a_string_with_several() -> None:
    both = STRING.replace(
        '    """))',
        '    ;\n        ALTER TABLE events ADD COLUMN registry JSON -- sqla-guard: ignore[SG301]\n    """))',
    )
    files = {"models.py": MODEL + "    registry = Column(JSON)\n", "migrate.py": both}
    found = [d for d in check_files(files).diagnostics if d.code == "SG301"]
    assert [d.symbol for d in found] == ["events.metadata"]


def test_prose_about_a_directive_in_a_string_is_none() -> None:
    text = '"""Write `-- sqla-guard: ignore[SG999]` in SQL."""\n' + MODEL
    assert codes({"models.py": text}) == ["SG101"]


def test_noqa_with_our_code_is_honoured() -> None:
    assert codes({"models.py": put(MODEL, "metadata", "# noqa: SG101")}) == []
    assert codes({"models.py": put(MODEL, "metadata", "# noqa: E501, SG101")}) == []


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: E501", "# noqa: SG999", "# see noqa: SG101"])
def test_other_noqas_are_neither_honoured_nor_reported(comment: str) -> None:
    assert codes({"models.py": put(MODEL, "metadata", comment)}) == ["SG101"]


def test_a_noqa_above_a_statement_is_about_its_own_line() -> None:
    assert codes({"models.py": above(MODEL, "metadata", "# noqa: SG101")}) == ["SG101", "SG901"]


def test_the_model_s_line_silences_that_finding_and_nothing_else() -> None:
    files = {"models.py": put(MODEL, "metadata", WHY_101), "schema.sql": SCRIPT}
    report = check_files(files)
    assert [d.code for d in report.diagnostics] == ["SG301"]


def test_a_silenced_finding_takes_no_part_in_a_fix() -> None:
    files = {"models.py": put(MODEL, "metadata", WHY_101), "schema.sql": SCRIPT}
    result = fix_files(files)
    assert not result.workspace.changed
    (finding,) = result.after.diagnostics
    assert finding.fix is None
    assert "also change what is ignored" in finding.help


def test_a_silenced_migration_does_not_stop_the_model_s_fix_that_leaves_it_alone() -> None:
    script = put(SCRIPT, "metadata", "-- " + IGNORE.format("SG301"))
    result = fix_files({"models.py": MODEL, "0001_events.sql": script})
    assert 'event_metadata = Column("metadata", JSON)' in result.workspace.load("models.py").text
    assert result.workspace.load("0001_events.sql").text == script
    assert result.after.diagnostics == ()


def test_a_day_that_has_passed_no_longer_counts() -> None:
    text = put(MODEL, "metadata", "# sqla-guard: ignore[SG101] until={} -- later")
    assert codes({"models.py": text.format("9999-12-31")}) == []
    assert codes({"models.py": text.format("2000-01-01")}) == ["SG101", "SG903"]
