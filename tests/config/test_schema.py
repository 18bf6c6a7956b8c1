"""The JSON Schema and the page: what they say is what the loader does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.configuration import PAGE, SCHEMA, page, schema
from sqla_guard.check.config_schema import config_schema
from sqla_guard.core.config import Config, ConfigError
from sqla_guard.core.keys import DIALECTS, KEYS, Key
from sqla_guard.read.config import KeyedError, convert, load_config
from sqla_guard.settings import check_selectors

VALIDATOR = jsonschema.Draft202012Validator(config_schema())

TEXTS = (
    "SG1 SG101 SG999 reserved-attribute reserved-atribute ALL sg1 S SG 2.0 1.4.54 2 2.0b1 {name}_ {table}_{name} {nam} "
    "9x auto lock module attribute gen/ *.py !a / ! ./x db.Base db..Base text json a.b-c_1"
)
WORDS = st.sampled_from([*re.split(" ", TEXTS), "", "a b", "SG1\n", *DIALECTS])
NUMBERS = st.one_of(st.integers(-2, 3), st.sampled_from([1.0, 2.5, -1.0, 10**6]))
SIMPLE = st.one_of(WORDS, NUMBERS, st.booleans(), st.text(max_size=5))
ANY = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, st.text(max_size=3)), inner)),
    max_leaves=4,
)
LISTS = st.lists(WORDS, max_size=3)
NEARLY = st.one_of(WORDS, LISTS, st.dictionaries(WORDS, st.one_of(WORDS, LISTS), max_size=2), st.booleans(), NUMBERS)


def loader_takes(table: dict[str, Any]) -> bool:
    try:
        check_selectors(Config(**convert(table)), "sqla-guard.toml")
    except (KeyedError, ConfigError):
        return False
    return True


def agree(table: dict[str, Any]) -> None:
    if table.get("plugins") and loader_knows_no_rule_of(table):
        return
    assert loader_takes(table) == VALIDATOR.is_valid(table), table


def loader_knows_no_rule_of(table: dict[str, Any]) -> bool:
    """Tell whether plugins are named, so that which rules there are depends on what is installed."""
    try:
        return bool(Config(**convert(table)).plugins)
    except KeyedError:
        return False


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
@given(data=st.data())
def test_schema_and_loader_take_the_same_values(key: Key, data: st.DataObject) -> None:
    agree({key.name: data.draw(st.one_of(NEARLY, ANY))})


@given(st.dictionaries(st.sampled_from([*(key.name for key in KEYS), "renam", ""]), NEARLY, max_size=3))
def test_schema_and_loader_take_the_same_tables(table: dict[str, Any]) -> None:
    agree(table)


def test_names_of_rules_are_free_where_a_plugin_is_named() -> None:
    table = {"select": ["ACME1"], "per-file-ignores": {"a.py": ["acme-rule"]}}
    assert not VALIDATOR.is_valid(table)
    assert VALIDATOR.is_valid({**table, "plugins": ["acme"]})


def test_the_schema_is_one_and_knows_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(config_schema())
    assert list(config_schema()["properties"]) == [key.name for key in KEYS]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_default_can_be_written_out(key: Key) -> None:
    if key.default is not None:
        assert convert({key.name: key.default}) == {key.field: getattr(Config(), key.field)}
        assert VALIDATOR.is_valid({key.name: key.default})


def test_the_stored_schema_is_the_one_that_is_made() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema(), "run `make golden`"


def test_the_page_lists_the_keys_as_they_are() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run `make golden`"


def test_the_examples_of_the_page_can_be_loaded(tmp_path: Path) -> None:
    blocks = re.findall(r"(?s)```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"))
    assert len(blocks) > len(KEYS)
    for block in blocks:
        file = tmp_path / ("pyproject.toml" if block.startswith("[tool.") else "sqla-guard.toml")
        file.write_text(block, encoding="utf-8")
        check_selectors(load_config(str(file))._replace(plugins=()), str(file))
        assert load_config(str(file)) != Config(root=str(tmp_path), file=str(file))
