from __future__ import annotations

from tests.support.memory import check_files, fix_files

TWO_MAKERS = """\
class Store:
    def __init__(self):
        self.items = []


_store = None


def store():
    global _store
    if _store is None:
        _store = Store()
    return _store


def each():
    global _store
    if _store is None:
        _store = Store()
    yield _store.items
"""


def test_functions_that_make_the_same_object_take_the_same_lock() -> None:
    result = fix_files({"m.py": TWO_MAKERS})
    text = result.workspace.load("m.py").text
    assert text.count("threading.Lock()") == 1
    assert text.count("with _store_lock:") == 2
    assert result.after.diagnostics == ()


def test_a_third_one_takes_the_lock_that_is_there() -> None:
    first = fix_files({"m.py": TWO_MAKERS}).workspace.load("m.py").text
    third = first + TWO_MAKERS[TWO_MAKERS.index("def each") :].replace("each()", "another()")
    result = fix_files({"m.py": third})
    text = result.workspace.load("m.py").text
    assert text.count("threading.Lock()") == 1
    assert text.count("with _store_lock:") == 3
    assert check_files({"m.py": text}).diagnostics == ()
