"""Damaged inputs: never an internal error, and whatever is fixed stays fixed. `make fuzz` goes on for longer."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import mutated
from tests.fuzz.targets import TARGETS, seeds


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(source=st.randoms(use_true_random=False))
def test_damaged_inputs(target: str, source: random.Random) -> None:
    known = seeds(target)
    TARGETS[target](mutated(source.choice(known), source.choice(known), source))
