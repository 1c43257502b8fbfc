"""Which parts of θ the search changes, in which steps, and how two styles are crossed.

Knows a `PageStyle`'s fields; knows nothing about who reads pages, or which styles are good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, Protocol

from glyph_memory.errors import StyleError
from glyph_memory.style import GLYPH_MARK, PageStyle, style_to_json

_TRIES = 64
"""How often a change is drawn anew where its style cannot be drawn or breaks a rule."""


class StyleSource(Protocol):
    """Where first styles come from, as `glyph_memory.training.pages.StyleDistribution`."""

    def draw(self, random: Random) -> PageStyle:
        """Return a style."""


StyleRule = Callable[[PageStyle], str]
"""Returns why a style is not to be tried; an empty text where it may be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gene:
    """A part of a style that changes by itself."""

    name: str
    """What it is called in reports."""
    choices: tuple[Any, ...]
    """The values that it takes."""
    read: Callable[[PageStyle], Any]
    """Returns its value in a style."""
    write: Callable[[PageStyle, Any], dict[str, Any]]
    """Returns the fields of a style that has another value."""
    is_ordered: bool = True
    """Whether a small change is a step to a value nearby."""

    def step(self, style: PageStyle, random: Random) -> dict[str, Any]:
        """Return the fields after one change: a step or two where values are ordered, else another value."""
        now = self.read(style)
        if not self.is_ordered:
            return self.write(style, random.choice([one for one in self.choices if one != now]))
        if random.random() < 0.1:
            return self.write(style, random.choice(self.choices))
        up = [one for one in self.choices if one > now + 1e-9]
        down = [one for one in reversed(self.choices) if one < now - 1e-9]
        way = random.choice([side for side in (up, down) if side])
        return self.write(style, way[min(random.choice((0, 0, 1)), len(way) - 1)])


def _field(name: str, *choices: Any, is_ordered: bool = True) -> Gene:  # noqa: ANN401 - of any kind of field
    return Gene(
        name=name,
        choices=choices,
        read=lambda style: getattr(style, name),
        write=lambda _, value: {name: value},
        is_ordered=is_ordered,
    )


def _fields(name: str, names: Sequence[str], *choices: tuple[Any, ...]) -> Gene:
    return Gene(
        name=name,
        choices=choices,
        read=lambda style: tuple(getattr(style, one) for one in names),
        write=lambda _, value: dict(zip(names, value, strict=True)),
        is_ordered=False,
    )


def _resize(style: PageStyle, size_pt: float) -> dict[str, Any]:
    """Return the fields for letters of another size; lines keep their proportion."""
    pitch = style.line_height_pt / style.font_size_pt
    return {"font_size_pt": size_pt, "line_height_pt": max(round(size_pt * pitch, 2), size_pt)}


_COLORS = ("font_color", "page_color", "paragraph_color", "newline_color", "role_colors")
_BREAKS = ("newline_mark", "count_runs", "paragraph_lines")


def list_genes(newline_mark: str = GLYPH_MARK) -> tuple[Gene, ...]:
    r"""Return the parts of θ that are searched.

    Args:
        newline_mark: The mark for line breaks that the model knows, as in `ModelProfile.newline_mark`.
    """
    colors = [
        tuple(getattr(PageStyle.from_name(name), one) for one in _COLORS) for name in ("glyph", "web", "dark")
    ]
    return (
        _field("font", "sans", "mono", is_ordered=False),
        Gene(
            name="letter size",
            choices=tuple(half / 2 for half in range(10, 29)),
            read=lambda style: style.font_size_pt,
            write=_resize,
        ),
        Gene(
            name="line pitch",
            choices=(1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5),
            read=lambda style: style.line_height_pt / style.font_size_pt,
            write=lambda style, value: {"line_height_pt": round(style.font_size_pt * value, 2)},
        ),
        _field("dpi", 60, 66, 72, 78, 84, 90, 96, 108, 120, 144),
        _field("letter_spacing_pt", -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.4, 0.6),
        _field("horizontal_scale", 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1),
        _fields(
            "page", ("page_width_pt", "page_height_pt"), (595, 842), (612, 792), (420, 595), (595, 595), (842, 595)
        ),
        _field("margin_x_pt", 2, 4, 10, 18, 28, 42),
        _field("margin_y_pt", 2, 4, 10, 18, 28, 42),
        _fields("filling", ("padding_pt", "fill_page"), (6, False), (0, True)),
        _field("columns", 1, 2, 3),
        _field("alignment", "left", "justify", is_ordered=False),
        _fields("line breaks", _BREAKS, ("", False, 30), (newline_mark, False, 30), (newline_mark, True, 10_000)),
        _field("antialias", True, False, is_ordered=False),
        _fields("colours", _COLORS, *colors),
        _field("first_line_indent_pt", 0, 8, 16),
        _field("space_after_pt", 0, 2, 4, 8),
        _fields("frame", ("border_width_pt", "border_padding_pt"), (0, 0), (0, 2), (0.5, 2)),
    )  # fmt: skip


def name_style(style: PageStyle) -> str:
    """Return a digest of a style's fields; equal styles have the same one.

    Example:
        >>> name_style(PageStyle.glyph()) == name_style(PageStyle()), len(name_style(PageStyle()))
        (True, 16)
    """
    spelled = json.dumps(style_to_json(style), sort_keys=True)
    return hashlib.sha256(spelled.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class StyleSpace:
    """The styles that are searched: which parts change, and which rules hold."""

    genes: tuple[Gene, ...]
    """The parts."""
    snap_px: int = 28
    """Of pages' sides, as the model takes them."""
    rule: StyleRule | None = None
    """What may not be combined."""

    def fit(self, style: PageStyle) -> PageStyle:
        """Return a style for this model.

        Raises:
            StyleError: It breaks the rule, or cannot be drawn.
        """
        fitted = replace(style, snap_px=self.snap_px)
        if self.rule is not None and (why := self.rule(fitted)):
            raise StyleError(why)
        return fitted

    def mutate(self, style: PageStyle, random: Random) -> PageStyle | None:
        """Return a style that differs in one to three parts; None where none that can be drawn was met."""
        for _ in range(_TRIES):
            changed = style
            try:
                for gene in random.sample(self.genes, random.choice((1, 1, 2, 2, 3))):
                    changed = replace(changed, **gene.step(changed, random))
                return self.fit(changed)
            except StyleError:
                continue
        return None

    def cross(self, first: PageStyle, second: PageStyle, random: Random) -> PageStyle | None:
        """Return a style with each part of one of two; None where none that can be drawn was met."""
        for _ in range(_TRIES):
            crossed = first
            try:
                for gene in self.genes:
                    if random.random() < 0.5:
                        crossed = replace(crossed, **gene.write(crossed, gene.read(second)))
                return self.fit(crossed)
            except StyleError:
                continue
        return None

    def tell_difference(self, style: PageStyle, other: PageStyle) -> dict[str, Any]:
        """Return the fields in which a style differs from another."""
        return {
            one.name: getattr(style, one.name)
            for one in fields(style)
            if getattr(style, one.name) != getattr(other, one.name)
        }


class PresetStyles:
    """First styles from the presets, each changed a little: where there is no distribution of page data.

    Args:
        space: What changes.
    """

    def __init__(self, space: StyleSpace) -> None:
        self._space = space

    def draw(self, random: Random) -> PageStyle:
        """Return a preset with a part or more changed."""
        style = PageStyle.from_name(random.choice(("glyph", "document", "web", "dark", "code", "pixel")))
        for _ in range(random.randint(2, 6)):
            style = self._space.mutate(style, random) or style
        return style
