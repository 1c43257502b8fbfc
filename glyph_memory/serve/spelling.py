"""What messages about documents advise in Python, said for somebody who has only the file: in a browser, or over MCP.

Knows words; knows nothing about who is told.
"""

from __future__ import annotations

import re

_SPELLINGS = (
    (re.compile(r"name (?:its encoding|another|one for all), as in load\([^)]*\)"), "save it as UTF-8"),
    (re.compile(r"give its password, as in load\([^)]*\)"), "save it without one"),
    (re.compile(r"more than are left of Limits\.cells; raise it, or "), "more than are read; "),
    (re.compile(r"raise Limits\.\w+, or "), ""),
    (re.compile(r"deeper than Limits\.\w+"), "too deep"),
    (re.compile(r"longer than Limits\.\w+; raise it"), "longer than is read"),
)
_CODE = re.compile(r"\b(?:Limits\b|LoadOptions\(|load\()")


def spell_for_readers(message: str) -> str:
    """Return a message with advice that needs no Python; what has none of that kind is left out.

    Example:
        >>> spell_for_readers("it may be a bomb; if it is none, raise Limits.unpacked_bytes")
        'it may be a bomb'
        >>> spell_for_readers("if it is text, name its encoding, as in load(path, encoding='cp1252')")
        'if it is text, save it as UTF-8'
    """
    for pattern, words in _SPELLINGS:
        message = pattern.sub(words, message)
    found = _CODE.search(message)
    if found is None:
        return message
    kept, _, _ = message[: found.start()].rpartition(";")
    return kept or message
