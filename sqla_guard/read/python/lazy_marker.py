"""The cheap look at a file's bytes before anything is parsed; it imports nothing, for clean runs."""

from __future__ import annotations


def may_hold_lazy_init(data: bytes) -> bool:
    """Tell from a file's bytes whether it can hold a lazily made global; a wrong yes costs only time.

    Assigning a module global in a function needs the keyword ``global``; UTF-16 holds it with zeros between.
    """
    if b"global" not in data and b"\0" not in data:
        return False
    text = data.replace(b"\0", b"")
    # What can stand between the keyword and a name; ``globals()`` and prose that ends in the word are no marks.
    return any(b"global" + space in text for space in (b" ", b"\t", b"\f", b"\\"))
