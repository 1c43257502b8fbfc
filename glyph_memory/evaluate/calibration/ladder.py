"""The `Ladder`: styles from sharp to dense along six axes, and the `Rung`, one place on each of them.

Knows styles; knows nothing about who reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import prod
from typing import Any, Literal, Self, TypedDict, Unpack, get_args

from glyph_memory.checks import check_number, check_whole
from glyph_memory.errors import StyleError, show_value
from glyph_memory.style import GLYPH_MARK, PageStyle, read_style_fields, style_to_json, to_tuple
from glyph_memory.tokens import ModelProfile

Letters = Literal["plain", "loose", "mono", "dark"]
"""What may let a model read letters a size smaller: nothing; lines further apart; a font of one width; light letters on
a dark page."""
Axis = Literal["size", "letters", "pitch", "columns", "marks", "pages"]
"""What is changed, in the order in which it is: later ones start from what the earlier ones found."""
AXES: tuple[Axis, ...] = get_args(Axis)

_LOOSE_PITCH = 1.25
"""With letters of 8 px, lines are then as far apart as those of 9 px are in Glyph's style."""
_DARK = ("font_color", "page_color", "paragraph_color", "newline_color", "role_colors")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Rung:
    """A place on each axis of a ladder, counted from the sharpest, 0."""

    size: int = 0
    """Of the letters."""
    letters: int = 0
    """What helps with letters a size smaller; they are, unless it is 0."""
    pitch: int = 0
    """From line to line."""
    columns: int = 0
    """How many."""
    marks: int = 0
    """Whether line breaks are marks."""
    pages: int = 0
    """How many a request shows."""

    @property
    def key(self) -> str:
        """Its name in a file: `3.0.1.0.0.2`."""
        return ".".join(str(place) for place in asdict(self).values())

    @classmethod
    def from_key(cls, key: str) -> Rung:
        """Return the rung of a name.

        Raises:
            ValueError: It is none.
        """
        places = [int(place) for place in key.split(".")]
        if len(places) != len(AXES) or min(places) < 0:
            raise ValueError(f"{key!r} is no rung")
        return cls(**dict(zip(AXES, places, strict=True)))

    def get_place(self, axis: Axis) -> int:
        """Return the place on an axis."""
        place: int = getattr(self, axis)
        return place

    def move(self, axis: Axis, place: int) -> Rung:
        """Return the rung with another place on one axis."""
        return Rung(**{**asdict(self), axis: place})


class AxisFields(TypedDict, total=False):
    """The axes of a `Ladder` as keywords."""

    sizes_px: tuple[float, ...]
    letters: tuple[Letters, ...]
    pitches: tuple[float, ...]
    columns: tuple[int, ...]
    marks: tuple[bool, ...]
    pages: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ladder:
    """Styles from sharp to dense, each axis from the sharpest to the densest.

    Every one of the axes may have one place alone, which then holds for all styles.

    Example:
        >>> ladder = Ladder(sizes_px=(12, 9), pages=(1,))
        >>> ladder.describe(Rung(size=1, pitch=1)), ladder.count_styles()
        ('9 px, pitch 1', 64)
    """

    base: PageStyle = field(default_factory=PageStyle.glyph)
    """What is the same in all of them; its sides are to be such that the model does not rescale them."""
    sizes_px: tuple[float, ...] = (16, 14, 12, 11, 10, 9, 8, 7, 6)
    """Of the em, falling."""
    letters: tuple[Letters, ...] = ("plain", "loose", "mono", "dark")
    """Tried in turn one size below the smallest that is read; the first is `plain`."""
    pitches: tuple[float, ...] = (10 / 9, 1.0)
    """From line to line, in ems, falling."""
    columns: tuple[int, ...] = (1, 2)
    """Rising."""
    marks: tuple[bool, ...] = (False, True)
    """Whether line breaks are drawn as marks."""
    pages: tuple[int, ...] = (1, 4, 12)
    """Most in a request, rising."""
    newline_mark: str = GLYPH_MARK
    """Drawn in place of a line break where line breaks are marks."""

    def __post_init__(self) -> None:
        """Raise an error for a ladder that leads nowhere."""
        for axis in AXES:
            values = self.get_values(axis)
            if not isinstance(values, tuple) or not values or len(set(values)) < len(values):
                raise StyleError(
                    f"{_NAMES[axis]}={show_value(values)} of a ladder is no tuple of different values"
                )
        for name, falling in (("sizes_px", True), ("pitches", True), ("columns", False), ("pages", False)):
            values = getattr(self, name)
            for value in values:
                if falling:
                    check_number(name, value, StyleError, is_open=True)
                else:
                    check_whole(name, value, StyleError, at_least=1)
            if list(values) != sorted(values, reverse=falling):
                raise StyleError(
                    f"{name}={show_value(values)} of a ladder lead from sharp to dense: sort them "
                    f"{'falling' if falling else 'rising'}"
                )
        if unknown := [one for one in self.letters if one not in get_args(Letters)]:
            raise StyleError(f"letters={show_value(unknown[0])} is none of {', '.join(get_args(Letters))}")
        if self.letters[0] != "plain":
            raise StyleError(f"letters={show_value(self.letters)} of a ladder begin with 'plain'")

    @classmethod
    def for_profile(cls, profile: ModelProfile | str, **axes: Unpack[AxisFields]) -> Self:
        """Return a ladder for a model: pages with sides that it does not rescale, the mark that it knows.

        Args:
            profile: The model that will read.
            **axes: Axes that are to be other than the default.

        Raises:
            ProfileError: No such model is known.
            StyleError: An axis leads nowhere.
        """
        model = ModelProfile.of(profile)
        base = PageStyle.glyph().with_snap_px(model.snap_px)
        return cls(base=base, newline_mark=model.newline_mark, **axes)

    def get_values(self, axis: Axis) -> Sequence[object]:
        """Return what stands on an axis."""
        values: Sequence[object] = getattr(self, _NAMES[axis])
        return values

    def count_styles(self) -> int:
        """Return how many styles a full grid has; letters that help count at every size."""
        return prod(len(self.get_values(axis)) for axis in AXES)

    def get_size_px(self, rung: Rung) -> float:
        """Return the em of a rung's letters in pixels."""
        return self.sizes_px[min(rung.size + (rung.letters > 0), len(self.sizes_px) - 1)]

    def get_letters(self, rung: Rung) -> Letters:
        """Return what helps to read them."""
        return self.letters[rung.letters]

    def get_pages(self, rung: Rung) -> int:
        """Return how many pages a request shows."""
        return self.pages[rung.pages]

    def has(self, rung: Rung) -> bool:
        """Return whether a rung stands on this ladder."""
        inside = all(rung.get_place(axis) < len(self.get_values(axis)) for axis in AXES)
        return inside and rung.size + (rung.letters > 0) < len(self.sizes_px)

    def build_style(self, rung: Rung) -> PageStyle:
        """Return the style of a rung.

        Raises:
            StyleError: It cannot be drawn, or is not on this ladder.
        """
        if not self.has(rung):
            raise StyleError(f"there is no rung {rung.key!r} on this ladder")
        size_pt = self.get_size_px(rung) * 72 / self.base.dpi
        letters, pitch = self.get_letters(rung), self.pitches[rung.pitch]
        style = replace(
            self.base,
            font_size_pt=size_pt,
            line_height_pt=size_pt * (max(pitch, _LOOSE_PITCH) if letters == "loose" else pitch),
            columns=self.columns[rung.columns],
        )
        if letters == "mono":
            style = replace(style, font="mono")
        if letters == "dark":
            dark = PageStyle.dark()
            style = replace(style, **{name: getattr(dark, name) for name in _DARK})
        return style.dense(self.newline_mark) if self.marks[rung.marks] else style

    def describe(self, rung: Rung) -> str:
        """Return a rung in words: `9 px, pitch 1.11, 2 columns, 4 pages`."""
        letters, columns, pages = self.get_letters(rung), self.columns[rung.columns], self.get_pages(rung)
        pitch = self.pitches[rung.pitch]
        words = [
            f"{self.get_size_px(rung):.4g} px",
            f"pitch {max(pitch, _LOOSE_PITCH) if letters == 'loose' else pitch:.3g}",
            letters if letters in {"mono", "dark"} else "",
            f"{columns} columns" if columns > 1 else "",
            "marks" if self.marks[rung.marks] else "",
            f"{pages} pages" if pages > 1 else "",
        ]
        return ", ".join(filter(None, words))

    def join(self, rungs: Sequence[Rung]) -> Rung:
        """Return the densest rung that is nowhere denser than any of some; what helps only some of them is left out.

        Example:
            >>> Ladder().join([Rung(size=3, letters=1, pages=2), Rung(size=5, pitch=1, pages=1)]).key
            '3.0.0.0.0.1'
        """
        joined = Rung(**{axis: min(rung.get_place(axis) for rung in rungs) for axis in AXES})
        return joined.move("letters", rungs[0].letters if len({rung.letters for rung in rungs}) == 1 else 0)

    def to_json(self) -> dict[str, object]:
        """Return the ladder as plain values for JSON; of the base, the fields that are not the default."""
        values = {_NAMES[axis]: list(self.get_values(axis)) for axis in AXES}
        return {"base": style_to_json(self.base), "newline_mark": self.newline_mark, **values}

    @classmethod
    def from_json(cls, value: dict[str, object]) -> Ladder:
        """Return the ladder of what `to_json` returned.

        Raises:
            StyleError: It cannot be drawn.
            TypeError: It is something else.
        """
        axes: Any = {name: to_tuple(value[name]) for name in _NAMES.values()}  # checked when it is made
        return cls(
            base=PageStyle(**read_style_fields(value["base"])),
            newline_mark=str(value["newline_mark"]),
            **axes,
        )


_NAMES: dict[Axis, str] = {
    "size": "sizes_px",
    "letters": "letters",
    "pitch": "pitches",
    "columns": "columns",
    "marks": "marks",
    "pages": "pages",
}


def list_denser(ladder: Ladder, rung: Rung, axis: Axis) -> Iterator[Rung]:
    """Yield the rungs that are denser on one axis alone, the next one first."""
    for place in range(rung.get_place(axis) + 1, len(ladder.get_values(axis))):
        denser = rung.move(axis, place)
        if axis == "marks":  # lines that are joined need no columns
            denser = denser.move("columns", 0)
        if ladder.has(denser):
            yield denser
