"""Telling a lock from other things by how it is written and what it is bound to."""

from __future__ import annotations

import re
from collections.abc import Container

LOCK_CONSTRUCTORS = frozenset({"Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition"})

_WORDS = frozenset({"locks", "locked", "locking", "mutex", "mutexes", "semaphore", "synchronized", "synchronised"})
# ``lock`` at the end of a word is one (rlock, filelock, spinlock), except in these.
_NO_LOCKS = frozenset({"block", "clock", "unlock", "deadlock", "padlock", "warlock", "wedlock"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PATH = re.compile(r"(?:await\s+)?([A-Za-z_][\w]*(?:\s*(?:\.\s*[A-Za-z_]\w*|\(\s*\)|\[[^\[\]]*\]))*)")
_TYPE_OF = re.compile(r"\btype\s*\(\s*\w+\s*\)")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def has_lock_word(identifier: str) -> bool:
    """Tell whether ``identifier`` speaks of a lock: ``_app_lock``, ``FileLock``, ``mgr_mutex``; not ``clock``."""
    for word in _WORD.findall(identifier):
        lower = word.lower()
        if lower in _WORDS or (lower.endswith("lock") and lower not in _NO_LOCKS):
            return True
    return False


def path_of(expression: str) -> str:
    """Return the dotted path that an expression starts with, calls and subscripts left out."""
    match = _PATH.match(_TYPE_OF.sub("type", expression.strip()))
    return re.sub(r"\s+", "", _BRACKETS.sub("", match.group(1))) if match else ""


def is_lock_expression(expression: str, known: Container[str] = ()) -> bool:
    """Tell whether entering ``expression`` takes a lock.

    Args:
        expression: What stands after ``with``.
        known: Names bound to lock objects, and functions that give a locked block, whatever they are called.
    """
    path = path_of(expression)
    names = path.split(".")
    return any(map(has_lock_word, names)) or path in known or names[0] in known


def makes_lock(expression: str) -> bool:
    """Tell whether ``expression`` makes a new lock: ``threading.Lock()``."""
    head, bracket, _ = expression.strip().partition("(")
    return bool(bracket) and head.rpartition(".")[2].strip() in LOCK_CONSTRUCTORS
