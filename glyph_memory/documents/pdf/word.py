"""A word with its place, size and font, and the upright frame that places are told in. Knows values alone.

Places are points: x runs as the text does, y runs down. Most pages have one frame; text that runs sideways has one of
its own. A page's own rotation is of no matter here: what decides is how the text runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom, in points."""
Angle = int
"""How text runs on the page before it is rotated: 0, 90, 180 or 270 degrees, counter-clockwise."""
HYPHEN = "\N{SOFT HYPHEN}"
"""Ends a word that goes on in the next line."""


@dataclass(frozen=True, slots=True)
class Font:
    """How words are written."""

    name: str = ""
    """As the file calls it."""
    bold: bool = False
    """Whether it is bold."""
    italic: bool = False
    """Whether it is slanted."""
    mono: bool = False
    """Whether all its characters are of one width."""
    math: bool = False
    """Whether it holds the signs of formulas."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a part of one that is written in another size or font than the rest."""

    text: str
    """Its characters; one that ends with a `HYPHEN` goes on in the next line."""
    left: float
    """In points of its frame, as all its places."""
    right: float
    """After its last character."""
    baseline: float
    """On which it stands."""
    size: float
    """Of its font."""
    font: Font = field(default_factory=Font)
    """Its font."""
    glued: bool = False
    """Whether nothing stands between it and the word before it."""
    angle: Angle = 0
    """How it runs."""
    target: str = ""
    """Where it leads, of a link."""

    @property
    def top(self) -> float:
        """About where its tall letters end."""
        return self.baseline - 0.75 * self.size

    @property
    def bottom(self) -> float:
        """About where its tails end."""
        return self.baseline + 0.25 * self.size


@dataclass(frozen=True, slots=True)
class Frame:
    """Turns places of the file into an upright frame."""

    box: Rect
    """Left, bottom, right, top of the visible page, in the file's own points."""
    angle: Angle
    """How the text of the frame runs."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        wide, high = self.box[2] - self.box[0], self.box[3] - self.box[1]
        return (wide, high) if self.angle in (0, 180) else (high, wide)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the file lies."""
        left, bottom, right, top = self.box
        if self.angle == 0:
            return x - left, top - y
        if self.angle == 90:
            return y - bottom, x - left
        if self.angle == 180:
            return right - x, y - bottom
        return top - y, right - x

    def place_rect(self, left: float, bottom: float, right: float, top: float) -> Rect:
        """Return where a rectangle of the file lies."""
        x0, y0 = self.place(left, bottom)
        x1, y1 = self.place(right, top)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def link_words(words: list[Word], places: list[tuple[Rect, str]]) -> list[Word]:
    """Return words with where they lead: those whose middle is in a link's rectangle.

    Args:
        words: Of one frame.
        places: Rectangles of links in that frame, and their addresses.
    """
    return [replace(word, target=_find_target(word, places)) for word in words] if places else words


def _find_target(word: Word, places: list[tuple[Rect, str]]) -> str:
    x, y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
    inside = (
        target for (left, top, right, bottom), target in places if left <= x <= right and top <= y <= bottom
    )
    return next(inside, "")
