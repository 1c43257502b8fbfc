r"""Take out of a text what only a terminal understands: colours, cursor moves, titles, progress bars, overstrikes.

What is left is what a terminal would show at the end; where that is in doubt, nothing but the escapes goes, and no two
pieces are joined. Knows control characters; knows nothing about who prints them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal, NamedTuple

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
_CSI = r"(?:\x1b\[|\x9b(?=[\d;JKH]))"
_JUMP = re.compile(rf"{_CSI}(?:[\d;]*[ABEFHdfu]|[123]J)|\x1b[DEM8]")
"""To another line, or to an empty screen."""
_MOVE = re.compile(rf"{_CSI}(?P<number>\d*+)[\d;]*+(?P<move>[CaDG`KJ])")
"""Along the line; and erasing of it. Only erasing of what follows, and of all, is minded."""
_STEP = re.compile(rf"[^\r\b\x1b\x9b]++|[\r\b]|{_MOVE.pattern}|{_ESCAPES.pattern}|.", re.DOTALL)
_WIDTH = 200
"""Columns: a move to the right that goes farther stops here, as at a terminal's edge."""
_PADDING = 8
"""Spaces that erase what stood before, as long as they cover it. A few may indent."""

_PAD, _BREAK, _RETURN = _CONTROLS
"""What stands for a space, a newline and a carriage return put in for a move, until they are counted."""
_PUT_IN = str.maketrans({_PAD: " ", _BREAK: "\n", _RETURN: "\r"})

_OTHER = re.compile(r"[\W\d_]+")
_PERCENT = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?%")
_COUNTER = re.compile(r"(?<![\d/])(\d{1,9})(?: ?/ ?| of )(\d{1,9})(?![\d/])")
_LIVE = re.compile(
    r"\d ?(?:[kKMGT]i?)?(?:B|bytes|it)/s|-:--"  # rates, and times that are not known yet
    r"|[\[|(](?:[-. ]*+[#=>]){3}[-#=>. ]*+[\]|)]|[\u2580-\u259f\u25a0\u25a1]{3}"  # bars
)
_SPIN = re.compile(
    r"^\s*[-|/\\\u2800-\u28ff\u25d0-\u25d3](?=\s)|(?<=\s)[-|/\\\u2800-\u28ff\u25d0-\u25d3]\s*$"
)


def strip_terminal_escapes(text: str) -> tuple[str, int]:
    r"""Return a text without what only a terminal understands, and how many of its characters went.

    Escape sequences go. Moves to the right become spaces; moves to another line and erased screens, newlines. Of a line
    that was written over, the last state stays if it was erased or covered before; or if it is progress: a percentage,
    a counter, a bar or a spinner with the same words, and no shorter than the state before. All other carriage returns
    stay, as in a text without newlines: old Macs end their lines so. Twice is the same as once.

    Args:
        text: Such as a tool printed it.

    Example:
        >>> strip_terminal_escapes("\x1b[31mred\x1b[0m N\bNA\bAM\bM")
        ('red NAM', 15)
        >>> strip_terminal_escapes("Reading: 10%\rReading: 100%\nold\rMac")
        ('Reading: 100%\nold\rMac', 13)
        >>> strip_terminal_escapes("PID\x1b[5CUSER\x1b[2;1H1")
        ('PID     USER\n1', 10)
    """
    has_controls = any(control in text for control in _CONTROLS)
    if not has_controls and ("\r" not in text or "\n" not in text):
        return text, 0
    lines = text.split("\n")
    if len(lines) == 1 and not has_controls:
        return text, 0
    stripped = "\n".join(map(_strip_line, lines))
    put_in = sum(map(stripped.count, _CONTROLS))
    return stripped.translate(_PUT_IN), len(text) - len(stripped) + put_in


def _strip_line(line: str) -> str:
    body = line.rstrip("\r")  # before a newline they move nothing
    if "\x1b" not in line and "\x9b" not in line:
        return _settle(_write_over(body)) + line[len(body) :] if "\r" in body or "\b" in line else line
    if "\r" not in body and "\b" not in line and not _MOVE.search(line) and not _JUMP.search(line):
        return _ESCAPES.sub("", line)
    pieces = [_settle(_write_over(piece.rstrip("\r"))) for piece in _JUMP.split(body)]
    return _BREAK.join(filter(None, pieces)) + line[len(body) :]


class _State(NamedTuple):
    """What stood on a line until it was begun again.

    Attributes:
        cells: Its characters.
        begun: How it began: by a carriage return, by a move, or as the first.
        erases: Whether what stood before was erased.
    """

    cells: list[str]
    begun: str
    erases: bool


def _write_over(line: str) -> list[_State]:
    """Return the states of a line, in order, such as a terminal writes each of them."""
    states = list[_State]()
    cells, begun, erases, place, is_moved = list[str](), "", False, 0, False
    for match in _STEP.finditer(line):
        step, move = match[0], match["move"]
        if step == "\r":
            states.append(_State(cells, begun, erases))
            cells, begun, erases, place, is_moved = [], step, False, 0, False
        elif step == "\b":
            place = max(0, place - 1)
        elif move and move not in "KJ":
            place, is_moved = _move(match, place), is_moved or move in "G`"
        elif move or step[0] not in "\x1b\x9b":
            if move and match["number"] not in ("", "0", "2"):
                continue
            if is_moved and cells:
                states.append(_State(cells, begun, erases))
                cells, begun, erases = [], _RETURN, False
            is_moved = False
            if place and not cells and states and place + (0 if move else len(step)) >= len(states[-1].cells):
                cells, begun, erases = states.pop()  # written behind what stands there
            if move:
                erases = True
                del cells[0 if match["number"] == "2" else place :]
                place = min(place, len(cells))
            elif step == "_" and place < len(cells):  # underlined, not covered
                place += 1
            else:
                cells += _PAD * (place - len(cells))
                cells[place : place + len(step)] = step
                place += len(step)
    return [*states, _State(cells, begun, erases)]


def _move(match: re.Match[str], place: int) -> int:
    """Return where a move along the line leads from a place."""
    count = max(1, int(match["number"][:9] or 1))
    if match["move"] == "D":
        return max(0, place - count)
    if match["move"] in "G`":
        return min(count, _WIDTH) - 1
    return max(place + 1, min(place + count, _WIDTH))


def _settle(states: list[_State]) -> str:
    """Return what is left of the states of a line: the last one if that is certain."""
    if len(states) == 1:
        return "".join(states[0].cells)
    kept, longest = list[tuple[str, str]](), 0
    for state in states:
        shown = "".join(state.cells)
        is_blank = not shown.translate(_PUT_IN).strip(" ")
        if state.erases or (is_blank and len(shown) >= max(_PADDING, longest) and longest > 0):
            kept, longest = [], 0
            if is_blank:
                continue
        kept.append((state.begun if kept else "", shown))
        longest = max(longest, len(shown))
    looks = [_Look.of(shown) for _, shown in kept if shown.strip(" ")] if len(kept) > 1 else []
    alike = sum(one.is_before(other) for one, other in pairwise(looks))
    if alike and 2 * alike >= len(looks) - 1:
        seen = list[_Look]()
        for look in looks:
            while seen and seen[-1].is_before(look):
                seen.pop()
            seen.append(look)
        return "\r".join(look.shown for look in seen)
    return "".join(begun + shown for begun, shown in kept)


class _Look(NamedTuple):
    """What tells a state of progress.

    Attributes:
        shown: The state.
        words: Its letters.
        percent: What stands before its first percentage, and that.
        counter: How many it counts, and of how many.
        still: It without what turns; empty if nothing does.
        is_live: Whether it has a bar or a rate.
    """

    shown: str
    words: str
    percent: tuple[str, float] | None
    counter: tuple[str, int] | None
    still: str
    is_live: bool

    @classmethod
    def of(cls, shown: str) -> _Look:
        text = shown.translate(_PUT_IN)
        percent, counter = _PERCENT.search(text), _COUNTER.search(text)
        return cls(
            shown,
            _OTHER.sub("", text),
            (text[: percent.start()].strip(), float(percent[1])) if percent else None,
            (counter[2], int(counter[1])) if counter else None,
            _SPIN.sub("", text) if _SPIN.search(text) else "",
            bool(_LIVE.search(text)),
        )

    def is_before(self, other: _Look) -> bool:
        """Return whether another look is the same progress, farther on, and hides this one."""
        if len(other.shown) < len(self.shown) or self.shown == other.shown:
            return False
        is_live = self.is_live and other.is_live
        if self.percent and other.percent:
            return self.percent[1] <= other.percent[1] and (is_live or self.percent[0] == other.percent[0])
        if not other.words.startswith(self.words):
            return False
        if self.counter and other.counter:
            return self.counter[0] == other.counter[0] and self.counter[1] <= other.counter[1]
        return is_live or (self.still != "" and self.still == other.still)
