"""The `StyleTheme`: dice that are thrown for a style, each with sides that set some of its fields.

Knows fields of styles; knows nothing about which themes there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from random import Random
from typing import Any, Self

from glyph_memory.checks import check_number
from glyph_memory.errors import StyleError, show_value
from glyph_memory.style import PageStyle, to_tuple
from glyph_memory.training.pages.rules import find_clash
from glyph_memory.training.samples import TrainingError

LEADING = "leading"
"""What a side may set besides a style's fields: the height of lines as a multiple of the size of the font."""
_STEP_PT = 0.25
_FIELDS = {one.name for one in fields(PageStyle)} | {LEADING}

Side = tuple[tuple[str, Any], ...]
"""What one side of a die sets: names of a style's fields, and their values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StyleTheme:
    """A kind of page, such as a printed document, and how its styles are drawn.

    Raises:
        TrainingError: A die sets what no style has, or there is nothing to throw.

    Example:
        >>> theme = StyleTheme.of("plain", [[{"font_size_pt": 9}, {"font_size_pt": 12}], [{"leading": 1.25}]])
        >>> theme.draw(Random(0)).line_height_pt in (11.25, 15)
        True
    """

    name: str
    """What it is called."""
    dice: tuple[tuple[Side, ...], ...]
    """All are thrown for a style, in order; of each, the sides are equally likely. A later one overrides."""
    weight: float = 1.0
    """How often it is drawn, against the other themes."""

    def __post_init__(self) -> None:
        check_number("weight", self.weight, TrainingError, is_open=True)
        for side in (side for die in self.dice for side in die):
            unknown = [name for name, _ in side if name not in _FIELDS]
            if unknown:
                raise TrainingError(
                    f"theme {show_value(self.name)} sets {show_value(unknown[0])}, which no style has; take fields of "
                    f"PageStyle, or {LEADING!r}"
                )
        if not all(self.dice):
            raise TrainingError(
                f"theme {show_value(self.name)} has a die without sides; give each at least one"
            )

    @classmethod
    def of(cls, name: str, dice: object, *, weight: float = 1.0) -> Self:
        """Return a theme of lists of mappings, as JSON has them.

        Raises:
            TrainingError: They are something else.
        """
        try:
            sides = tuple(tuple(_read_side(side) for side in die) for die in dice)  # type: ignore[attr-defined]  # tried
        except TypeError as error:
            raise TrainingError(
                f"theme {show_value(name)}: {error}; dice are lists of sides, each an object of a style's fields"
            ) from error
        return cls(name=str(name), dice=sides, weight=weight)

    def draw(self, random: Random) -> PageStyle:
        """Throw all dice once, and return their style.

        Raises:
            StyleError: It cannot be drawn, or its parts do not go together.
        """
        values: dict[str, Any] = {}
        for die in self.dice:
            values.update(random.choice(die))
        leading = values.pop(LEADING, None)
        if leading is not None:
            size = values.get("font_size_pt", PageStyle().font_size_pt)
            values["line_height_pt"] = max(round(size * leading / _STEP_PT) * _STEP_PT, size)
        style = PageStyle(**values)
        if clash := find_clash(style):
            raise StyleError(clash)
        return style

    def to_json(self) -> dict[str, object]:
        """Return the theme as plain values for JSON."""
        return {
            "name": self.name,
            "weight": self.weight,
            "dice": [[dict(side) for side in die] for die in self.dice],
        }


def _read_side(side: object) -> Side:
    if not isinstance(side, Mapping):
        raise TypeError(f"{show_value(side)} is no object")
    return tuple(
        (str(name), to_tuple(value) if isinstance(value, list | tuple) else value)
        for name, value in side.items()
    )
