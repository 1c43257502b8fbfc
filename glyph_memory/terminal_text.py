r"""Take out of a text what only a terminal understands: colours, cursor moves, titles, progress bars, overstrikes.

What is left is what a terminal would show at the end. Knows control characters; knows nothing about who prints them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

TerminalEscapes = Literal["tools", "strip", "keep"]
"""What terminal escapes are taken out of when text is sent: tool results, every turn, nothing."""

_CONTROLS = ("\x1b", "\x9b", "\b")
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*+[ -/]*+[@-~]?+"  # CSI: colours, cursor, erasing
    r"|\x9b(?:[mKJH]|[0-?]++[ -/]*+[@-~])?+"  # the same in one character, which is a quote in misread cp1252
    r"|\x1b[\]PX^_](?:[^\x07\x1b\x9c\n]*+(?:\x07|\x9c|\x1b\\))?+"  # OSC and other strings, titles and links, if ended
    r"|\x1b[ -/]++[0-~]?+"  # character sets
    r"|\x1b[0-~]?+"  # all others; and a lone one
)
_BACK = re.compile(r"(?:\x1b\[|\x9b)(?:[01]?G|[012]?K)")
"""Back to a line's beginning, and erasing the line or what follows on it."""
_STEP = re.compile(rf"[^\r\b\x1b\x9b]++|[\r\b]|{_BACK.pattern}|{_ESCAPES.pattern}|.", re.DOTALL)
_SHAPE = re.compile(r"[\W\d_]+")
_HEAD = 3
"""Letters that two states of a progress bar begin with alike."""


def strip_terminal_escapes(text: str) -> tuple[str, int]:
    r"""Return a text without what only a terminal understands, and how many characters it is shorter.

    Escape sequences go, and of a line that was written over, by a carriage return or by backspaces, the last state
    stays. Carriage returns alone are taken for a progress bar only where the states of a line begin alike, and never
    in a text without newlines: old Macs end their lines so. Twice is the same as once.

    Args:
        text: Such as a tool printed it.

    Example:
        >>> strip_terminal_escapes("\x1b[31mred\x1b[0m N\bNA\bAM\bM")
        ('red NAM', 15)
        >>> strip_terminal_escapes("Reading: 10%\rReading: 100%\nold\rMac")
        ('Reading: 100%\nold\rMac', 13)
    """
    has_controls = any(control in text for control in _CONTROLS)
    if not has_controls and ("\r" not in text or "\n" not in text):
        return text, 0
    lines = text.split("\n")
    is_old = len(lines) == 1 and not has_controls
    stripped = "\n".join(line if is_old else _strip_line(line) for line in lines)
    return stripped, len(text) - len(stripped)


def _strip_line(line: str) -> str:
    body = line.rstrip("\r")  # before a newline they move nothing
    if "\b" in line or ("\r" in body and _is_rewritten(body)) or _BACK.search(line):
        return _write_over(body) + line[len(body) :]
    return _ESCAPES.sub("", line) if "\x1b" in line or "\x9b" in line else line


def _is_rewritten(line: str) -> bool:
    """Return whether most of the states that carriage returns part a line into look like the one before."""
    states = [state for state in _ESCAPES.sub("", line).split("\r") if state.strip()]
    alike = sum(_is_alike(one, other) for one, other in pairwise(states))
    return len(states) > 1 and 2 * alike >= len(states) - 1


def _is_alike(one: str, other: str) -> bool:
    head = _SHAPE.sub("", one)[:_HEAD]
    return ("%" in one and "%" in other) or (head != "" and head == _SHAPE.sub("", other)[:_HEAD])


def _write_over(line: str) -> str:
    """Return what a terminal shows of a line once all of it is written."""
    cells, place = list[str](), 0
    for step in _STEP.findall(line):
        if step == "\r":
            place = 0
        elif step == "\b":
            place = max(0, place - 1)
        elif step[0] in "\x1b\x9b":
            if step[-1] == "G":
                place = 0
            elif step[-1] == "K" and _BACK.fullmatch(step):
                if "1" not in step:
                    del cells[0 if "2" in step else place :]
                place = min(place, len(cells))
        elif step == "_" and place < len(cells):  # underlined, not covered
            place += 1
        else:
            cells[place : place + len(step)] = step
            place += len(step)
    return "".join(cells)
