"""What a program wrote to a terminal, as it stands there at the end: overwritten lines, no colours.

Knows the signs that steer a terminal; knows nothing about documents.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
"""Colours, moves of the cursor, links."""
_CLEARED = re.compile(r"\x1b\[[012]?K")
"""Empties a line, as progress bars do at its beginning."""


def show_terminal(text: str) -> str:
    r"""Return text as a notebook shows it: what follows a `\r` overwrites its line, a `\b` removes a character.

    Example:
        >>> show_terminal("10%\r 50%\r100% \x1b[32mdone\x1b[0m\nab\bc\n")
        '100% done\nac\n'
    """
    if "\r" in text:
        text = "\n".join(map(_overwrite, text.split("\n")))
    text = _CODE.sub("", text)
    return "\n".join(map(_remove, text.split("\n"))) if "\b" in text else text


def _overwrite(line: str) -> str:
    shown = list[str]()
    for piece in line.rstrip("\r").split("\r"):
        if _CLEARED.match(piece):
            shown.clear()
        written = _remove(_CODE.sub("", piece))
        shown[: len(written)] = written
    return "".join(shown)


def _remove(line: str) -> str:
    r"""Return a line without the characters that a `\b` takes away."""
    if "\b" not in line:
        return line
    kept = list[str]()
    for sign in line:
        if sign != "\b":
            kept.append(sign)
        elif kept:
            kept.pop()
    return "".join(kept)
