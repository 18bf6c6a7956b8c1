"""Python's search for garbage, kept from taking longer than the work."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for unreachable cycles rarely inside of the block.

    Syntax trees are large and free of cycles; with the usual thresholds Python searches all of them again and again
    while they are built, which takes a quarter of a check and more than half of a large one.
    """
    before, was_on = gc.get_threshold(), gc.isenabled()
    # What was looked at once is looked at again now and then: readers leave cycles that hold on to whole trees.
    gc.set_threshold(200_000, 10, 1_000)
    gc.enable()
    try:
        yield
    finally:
        if not was_on:
            gc.disable()
        gc.set_threshold(*before)
