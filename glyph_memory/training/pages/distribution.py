"""The `StyleDistribution`: the styles that pages are drawn in, by theme, and how often each.

Knows themes and dice; knows nothing about texts. The search for a style begins from it, too.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Self

from glyph_memory.errors import FontError, StyleError, show_value
from glyph_memory.files import read_file
from glyph_memory.style import PageStyle, style_to_json
from glyph_memory.training.pages.theme import StyleTheme
from glyph_memory.training.pages.themes import SERIF, make_themes
from glyph_memory.training.samples import TrainingError
from glyph_memory.typesetting import style_fingerprint

_TRIES = 200
_BYTES_AT_MOST = 16 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnStyle:
    """A style that was drawn, and what was refused before."""

    style: PageStyle
    """The style."""
    theme: str
    """The name of its theme."""
    refused: tuple[str, ...] = ()
    """Why each draw before it was refused: a rule that it broke, or what `PageStyle` says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StyleDistribution:
    """Styles to draw from: a theme first, by its weight, then each of the theme's dice.

    Raises:
        TrainingError: There is no theme, or two have one name.

    Example:
        >>> styles = StyleDistribution.default()
        >>> [theme.name for theme in styles.themes]
        ['document', 'web', 'dark', 'code', 'pixel', 'dense', 'chat']
        >>> styles.draw(Random(7)) == styles.draw(Random(7))
        True
    """

    themes: tuple[StyleTheme, ...]
    """What is drawn from."""

    def __post_init__(self) -> None:
        names = [theme.name for theme in self.themes]
        if not names:
            raise TrainingError("a distribution without themes draws no style; give at least one StyleTheme")
        if len(set(names)) < len(names):
            raise TrainingError(f"two themes have one name among {show_value(names)}; rename one")

    @classmethod
    def default(cls) -> Self:
        """Return the distribution over five published themes and two of a memory; see the guide for their ranges.

        All fonts are those of the package, so that a seed draws the same styles on every machine.
        """
        return cls(themes=make_themes())

    @classmethod
    def with_system_fonts(cls) -> Self:
        """Return the default distribution with serif fonts among its own: those of four that the machine has.

        Example:
            >>> StyleDistribution.default().list_fonts()
            ('mono', 'sans')
            >>> set(StyleDistribution.with_system_fonts().list_fonts()) >= {"mono", "sans"}
            True
        """
        installed = list[str]()
        for name in SERIF:
            with suppress(FontError):
                style_fingerprint(PageStyle(font=name))
                installed.append(name)
        return cls(themes=make_themes(serif=tuple(installed)))

    @classmethod
    def of_style(cls, style: PageStyle | str) -> Self:
        """Return the distribution that always draws one style, given itself or by a preset's name.

        Raises:
            StyleError: There is no such preset.

        Example:
            >>> StyleDistribution.of_style("glyph").draw(Random(0)) == PageStyle.glyph()
            True
        """
        name = style if isinstance(style, str) else "given"
        return cls(themes=(StyleTheme.of(name, [[style_to_json(PageStyle.of(style))]]),))

    def draw(self, random: Random) -> PageStyle:
        """Return a style that can be drawn and follows the rules; the same from the same state of `random`.

        Raises:
            TrainingError: 200 draws one after another were refused.
        """
        return self.draw_with_theme(random).style

    def draw_with_theme(self, random: Random, *, place: float | None = None) -> DrawnStyle:
        """Return a style as `draw` does, with its theme and what was refused before it.

        Args:
            random: Decides.
            place: Which theme, as a place from 0 to 1 among their weights in order; thrown unless given. Evenly spaced
                places give every theme its share, however few there are.

        Raises:
            TrainingError: 200 draws one after another were refused.
        """
        sums = list(accumulate(theme.weight for theme in self.themes))
        aim = (random.random() if place is None else place) * sums[-1]
        theme = self.themes[min(bisect_right(sums, aim), len(sums) - 1)]
        refused: list[str] = []
        while len(refused) < _TRIES:
            try:
                return DrawnStyle(style=theme.draw(random), theme=theme.name, refused=tuple(refused))
            except StyleError as error:
                refused.append(str(error))
        raise TrainingError(
            f"theme {theme.name!r} drew {_TRIES} styles that cannot be used, the last for: {refused[-1]}; "
            "change its dice"
        )

    def list_fonts(self) -> tuple[str, ...]:
        """Return the names of all fonts that styles have, in the order of the alphabet."""
        sides = [dict(side) for theme in self.themes for die in theme.dice for side in die]
        fonts = {str(side["font"]) for side in sides if "font" in side} | {
            str(name) for side in sides for name in side.get("fallback_fonts", ())
        }
        is_named = all(
            any(all("font" in dict(side) for side in die) for die in theme.dice) for theme in self.themes
        )
        return tuple(sorted(fonts if is_named else fonts | {PageStyle().font}))

    def to_json(self) -> dict[str, object]:
        """Return the distribution as plain values for JSON."""
        return {"themes": [theme.to_json() for theme in self.themes]}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the distribution of what `to_json` returned.

        Raises:
            TrainingError: It is something else.
        """
        themes = value.get("themes") if isinstance(value, dict) else None
        if not isinstance(themes, list) or not all(isinstance(theme, dict) for theme in themes):
            raise TrainingError(
                f"{show_value(value)} is no distribution of styles; write one by StyleDistribution.to_json"
            )
        return cls(
            themes=tuple(
                StyleTheme.of(theme.get("name", "?"), theme.get("dice"), weight=theme.get("weight", 1.0))
                for theme in themes
            )
        )

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the distribution of a JSON file.

        Raises:
            TrainingError: It cannot be read, or holds something else.
        """
        try:
            value = json.loads(read_file(path, at_most=_BYTES_AT_MOST))
        except (OSError, ValueError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or error
            raise TrainingError(f"cannot read {str(path)!r} as a distribution of styles: {reason}") from error
        return cls.from_json(value)
