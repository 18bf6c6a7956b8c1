"""The cheap look at a file's bytes before anything is parsed; it imports nothing else, for clean runs."""

from __future__ import annotations

import re

# What must stand in a file whose functions bind something shared: the keyword and what can follow it (``globals()``
# and prose that ends in the word are no marks); ...
_DECLARED = re.compile(rb"(?:global|nonlocal)[ \t\f\\]")
# ... a class or an application's state by the ways to reach one without its name, and something of it; ...
_REACHED = re.compile(
    rb"(?:\b(?:cls|klass|class_|mcs|mcls)|__class__|\btype\s*\(\s*\w+\s*\)|\.\s*state)\s*\.\s*\w+[^\n=]*=(?!=)|\bsetattr\s*\("
)
_CLASS = re.compile(rb"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)
_OTHER_FIRST = re.compile(rb"(?:classmethod|__new__)\b[^(]*\(\s*(\w+)", re.DOTALL)
# ... an element of a container under a constant, or under any key in a nested function; ...
_FIXED = re.compile(rb"\[\s*[rub]?['\"0-9TFN-][^\]\n]*\]\s*(?::[^\n=]*)?=(?!=)")
_NESTED = re.compile(rb"\n[ \t]+(?:async[ \t]+)?def[ \t]")
_ANY_KEY = re.compile(rb"\]\s*(?::[^\n=]*)?=(?!=)")
_EMPTY_CONTAINER = re.compile(rb"=\s*(?:[\[{]|(?:\w+\.)*(?:dict|list|OrderedDict|WeakValueDictionary|defaultdict)\b)")
# ... or a decorator that keeps results.
_CACHED = re.compile(rb"@[\w.\s]*cache")


def may_hold_lazy_init(data: bytes) -> bool:
    """Tell from a file's bytes whether it can hold a lazily made shared object; a wrong yes costs only time.

    UTF-16 holds the marks with zeros between.
    """
    text = data.replace(b"\0", b"") if b"\0" in data else data
    if _DECLARED.search(text) or _CACHED.search(text) or _REACHED.search(text):
        return True
    return _binds_in_class(text) or _binds_element(text)


def _binds_in_class(text: bytes) -> bool:
    """Tell whether a class of the file, or what stands for one, is reached by name and given an attribute."""
    classes = set(_CLASS.findall(text))
    names = classes | set(_OTHER_FIRST.findall(text))
    if not names:
        return False
    either = b"|".join(sorted(names))
    if re.search(rb"\b(?:" + either + rb")\s*\.\s*\w[^\n]*=(?!=)", text):
        return True
    # The only instance of a class, made at the top of the module.
    return re.search(rb"^\w+[^\n=(]*=\s*(?:" + either + rb")\s*\(", text, re.MULTILINE) is not None


def _binds_element(text: bytes) -> bool:
    if not _EMPTY_CONTAINER.search(text):
        return False
    return _FIXED.search(text) is not None or (_NESTED.search(text) is not None and _ANY_KEY.search(text) is not None)
