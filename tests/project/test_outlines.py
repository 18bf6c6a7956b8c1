"""What is asked of a module by name is answered the same however much else is asked of it."""

from __future__ import annotations

import pytest

from tests.support.memory import project

CLASSES = "".join(f"\n\nclass Base{number}:\n    value = {number}\n" for number in range(50))


@pytest.mark.parametrize("end", ["", "\n\nx = = 1\n"], ids=["whole", "broken elsewhere"])
def test_many_names_are_known_as_each_of_them_is_alone(end: str) -> None:
    files = {"base.py": f"import os\n{CLASSES}{end}"}
    known = project(files)
    for number in (*range(50), *range(50)):
        name = f"Base{number}"
        alone = project(files)
        together, by_itself = known.outline_of("base.py", name), alone.outline_of("base.py", name)
        assert together is not None
        assert by_itself is not None
        assert together.classes[name] == by_itself.classes[name]
        assert known.classes_called("base.py", frozenset({name})) == (by_itself.classes[name],)
        assert known.not_analysed == alone.not_analysed == set()
