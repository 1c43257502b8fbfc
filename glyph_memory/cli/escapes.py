"""Make text that others wrote safe to print: nothing in it can move a cursor, set colours or turn the line round.

For every error, note and answer on standard output and standard error. Knows characters; knows nothing about rich.
"""

from __future__ import annotations

import re

# C0 without tab and line feed, DEL, C1; line separators and bidi overrides; lone surrogates, which no encoding has.
_CONTROL = re.compile(
    r"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_JSON_CONTROL = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escape_controls(text: str) -> str:
    r"""Return a text with control characters as numbers; tabs and line ends stay.

    An escape sequence is harmless without its first character, wherever it is cut: pieces of a stream can be escaped
    one by one.

    Example:
        >>> escape_controls("\x1b[2Jgone?\n")
        '\\u{1b}[2Jgone?\n'
    """
    return _CONTROL.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)


def escape_line(text: str) -> str:
    """Return a text with control characters as numbers, line ends and tabs included: for names in a sentence."""
    text = text.replace("\r", "\\u{d}").replace("\n", "\\u{a}").replace("\t", "\\u{9}")
    return escape_controls(text)


def escape_sentence(text: str) -> str:
    """Return a message as one line that can be printed; white space of any kind becomes one blank."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(one if one.isprintable() else f"\\u{{{ord(one):x}}}" for one in line)


def escape_json(text: str) -> str:
    r"""Return JSON with the control characters that its strings may hold raw as `\u…`; its value stays the same."""
    return _JSON_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
