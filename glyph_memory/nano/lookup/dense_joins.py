"""Decide what stands between two lines of a page with marks: a blank, or nothing; each line break is a mark there.

A line ends behind a blank, which is not seen, beside a mark or an ideograph, within a word that is longer than a line,
or behind a comma or a bracket: then nobody can tell. Knows lines; knows nothing about turns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from glyph_memory.transcription import ReadLine
from glyph_memory.typesetting.characters import IDEOGRAPH, NO_START, get_kind

_LATE = ",;/|&>)]}"
"""Behind these a line may end without a blank; never within a number, `1,000`."""
_SIGNS = re.escape(_LATE)
_FOLLOWED = re.compile(rf"(?P<digit>\d?)(?P<sign>[{_SIGNS}])(?P<blank> ?)(?=(?P<next>\S))")
_TIGHT = "/&>"
"""Where nothing else tells, no blank stands behind these."""


class Joint(NamedTuple):
    """What stands between two lines. A tuple, as every line has one."""

    text: str
    """A blank, or nothing."""
    is_certain: bool = True
    """Whether it cannot have been the other."""


class DenseJoints:
    """Chooses the joints of some pages' lines by how the pages themselves are written."""

    def __init__(self, lines: Iterable[ReadLine]) -> None:
        """Count what stands behind the signs that lines may end with.

        Args:
            lines: All lines of the pages, marks spelled out.
        """
        self._edge, self._blanks = 0, Counter[str]()
        for line in lines:
            self._edge = max(self._edge, line.box[2])
            self._blanks.update(_count_blanks(line.text))

    def choose(self, above: ReadLine, below: ReadLine) -> Joint:
        """Return what joins two lines.

        Args:
            above: A line, marks spelled out.
            below: The one after it, which may stand on the next page.
        """
        before, after = above.text, below.text
        if not before or not after or before[-1].isspace() or after[0].isspace():
            return Joint("")
        kind = get_kind(after[0])
        if (get_kind(before[-1]) | kind) & IDEOGRAPH:
            return Joint("", is_certain=False)
        if before[-1] in _LATE:
            is_number = before[-2:-1].isdigit() and after[0].isdigit()
            if kind & NO_START or is_number:  # no line ends there but behind a blank
                return Joint(" ")
            return Joint(self._guess(before[-1], before, after), is_certain=False)
        return self._join_words(above, below)

    def _guess(self, sign: str, before: str, after: str) -> str:
        """Return what mostly stands behind a sign: beside it, or on all the pages."""
        near = Counter(_count_blanks(before))
        near.update(_count_blanks(after))
        for counts in (near, self._blanks):
            blanks, tight = counts[f"{sign} "], counts[sign]
            if blanks != tight:
                return " " if blanks > tight else ""
        return "" if sign in _TIGHT else " "

    def _join_words(self, above: ReadLine, below: ReadLine) -> Joint:
        """Return nothing between the parts of a word that is longer than a line: it is cut where the line is full."""
        breaks = [found.end() for found in re.finditer(rf"\s|(?<=[{_SIGNS}])", above.text)]
        first = above.left[breaks[-1]] if breaks and breaks[-1] < len(above.text) else above.box[0]
        rest = re.search(rf"\s|(?<=[{_SIGNS}])(?=.)", below.text)
        end = below.left[rest.start()] if rest else below.box[2]
        letter = (above.box[2] - above.box[0]) / len(above.text)
        is_longer = above.box[2] - first + end - below.box[0] > self._edge - below.box[0] + letter
        is_full = above.box[2] > self._edge - 1.5 * letter
        return Joint("" if is_longer and is_full else " ", is_certain=not is_longer)


def _count_blanks(text: str) -> Iterable[str]:
    """Yield each sign that a line could end with and more follows, with the blank behind it, if it has one."""
    for found in _FOLLOWED.finditer(text):
        digit, sign, blank, following = found.groups()
        is_bound = get_kind(following) & NO_START or (digit and following.isdigit())
        if blank or not is_bound:
            yield f"{sign}{blank}"
