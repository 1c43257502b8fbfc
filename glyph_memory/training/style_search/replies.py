"""What a language model proposes: JSON in its words, checked against `PageStyle` before anything is drawn.

A reply is a stranger's words. Knows JSON and fields; knows nothing about prompts or searching.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glyph_memory.errors import StyleError, show_value
from glyph_memory.style import PageStyle
from glyph_memory.training.style_search.candidate import Candidate, Origin
from glyph_memory.training.style_search.genes import StyleSpace, name_style

LONGEST_REPLY = 1 << 20
"""Characters of a reply that are looked at."""
_DEEPEST_TRIES = 50
"""How many opening braces are tried, where words stand round the JSON."""
_REASON = 300

RANGES: Mapping[str, tuple[float, float]] = {
    "font_size_pt": (4, 16),
    "line_height_pt": (4, 24),
    "dpi": (48, 200),
    "letter_spacing_pt": (-1, 2),
    "horizontal_scale": (0.6, 1.4),
    "page_width_pt": (200, 1400),
    "page_height_pt": (200, 1400),
    "margin_x_pt": (0, 72),
    "margin_y_pt": (0, 72),
    "padding_pt": (0, 24),
    "columns": (1, 6),
    "column_gap_pt": (4, 40),
    "space_shrink": (0, 0.3),
    "first_line_indent_pt": (0, 40),
    "left_indent_pt": (0, 40),
    "right_indent_pt": (0, 40),
    "space_before_pt": (0, 24),
    "space_after_pt": (0, 24),
    "border_width_pt": (0, 3),
    "border_padding_pt": (0, 12),
    "paragraph_lines": (0, 10_000),
}
"""Numbers that may be proposed, and between which bounds."""
CHOICES: Mapping[str, tuple[object, ...]] = {
    "font": ("sans", "mono"),
    "antialias": (True, False),
    "fill_page": (True, False),
    "alignment": ("left", "justify", "center", "right"),
    "count_runs": (True, False),
}
"""Fields with few values; a font is one that comes with the package, never a path."""
COLORS = ("font_color", "page_color", "paragraph_color", "border_color", "newline_color")
"""Fields that take a colour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A style that a language model proposed, and that can be drawn."""

    style: PageStyle
    """How pages look."""
    origin: Origin
    """Always "proposed"."""
    parents: tuple[int, ...]
    """Numbers of the candidates that it was made from."""
    reason: str
    """Why, in the model's words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposals:
    """What a reply comes to."""

    accepted: tuple[Proposal, ...]
    """Those that can be tried."""
    refused: tuple[str, ...]
    """Why others cannot, in the words that are told back."""
    analysis: str = ""
    """What the model says of the population."""
    surplus: int = 0
    """How many were not looked at, since there were enough."""


def read_proposals(
    text: str,
    candidates: Sequence[Candidate],
    space: StyleSpace,
    *,
    marks: Sequence[str],
    at_most: int,
) -> Proposals:
    """Return the styles that a reply proposes, and why others are refused.

    Args:
        text: The reply; words may stand round its JSON.
        candidates: Those that are known: parents are named by number, and none is tried twice.
        space: Fits a style to the model.
        marks: The newline marks that may be proposed.
        at_most: How many are taken; four times as many are looked at.
    """
    told = find_json(text[:LONGEST_REPLY])
    if told is None:
        return Proposals(accepted=(), refused=('the reply holds no JSON object with a list of "proposals"',))
    listed = told["proposals"]
    known, accepted, refused = {one.name for one in candidates}, list[Proposal](), list[str]()
    looked_at = 0
    for entry in listed:
        if len(accepted) >= at_most or looked_at >= 4 * at_most:
            break
        looked_at += 1
        try:
            proposal = _read(entry, candidates, space, marks)
            if (name := name_style(proposal.style)) in known:
                raise StyleError("this style was tried already, or is proposed twice")
        except StyleError as error:
            refused.append(f"proposal {looked_at}: {error!s:.300}")
        else:
            known.add(name)
            accepted.append(proposal)
    return Proposals(
        accepted=tuple(accepted),
        refused=tuple(refused),
        analysis=_read_words(told.get("analysis"), 2_000),
        surplus=len(listed) - looked_at,
    )


def find_json(text: str) -> dict[str, Any] | None:
    """Return the first JSON object in a text that has a list of proposals; None where there is none.

    Example:
        >>> find_json('Here you are: {"proposals": []} Good luck!')
        {'proposals': []}
    """
    decoder, at = json.JSONDecoder(), -1
    for _ in range(_DEEPEST_TRIES):
        at = text.find("{", at + 1)
        if at < 0:
            return None
        try:
            told, _ = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, dict) and isinstance(told.get("proposals"), list):
            return told
    return None


def _read_words(told: object, at_most: int) -> str:
    return told[:at_most] if isinstance(told, str) else ""


def _read(
    entry: object, candidates: Sequence[Candidate], space: StyleSpace, marks: Sequence[str]
) -> Proposal:
    if not isinstance(entry, dict):
        raise StyleError(f"{show_value(entry)} is no object")
    if unknown := entry.keys() - {"parents", "take", "change", "why"}:
        raise StyleError(f"no proposal has {show_value(min(unknown))}; it has parents, take, change and why")
    parents = _find_parents(entry.get("parents"), candidates)
    style = parents[0].style
    taken = entry.get("take", [])
    if not isinstance(taken, list) or any(not isinstance(one, str) for one in taken):
        raise StyleError(f"take={show_value(taken)} is no list of fields")
    if taken and len(parents) == 1:
        raise StyleError("take needs a second parent to take fields from")
    fields = {name: _check_field(name, getattr(parents[1].style, name, None), marks) for name in taken}
    change = entry.get("change", {})
    if not isinstance(change, dict):
        raise StyleError(f"change={show_value(change)} is no object of fields")
    fields |= {name: _check_field(name, value, marks) for name, value in change.items()}
    if not fields:
        raise StyleError("nothing is changed, and nothing is taken")
    return Proposal(
        style=space.fit(replace(style, **fields)),
        origin="proposed",
        parents=tuple(one.number for one in parents),
        reason=_read_words(entry.get("why"), _REASON),
    )


def _find_parents(told: object, candidates: Sequence[Candidate]) -> list[Candidate]:
    by_number = {one.number: one for one in candidates}
    listed = told if isinstance(told, list) else [told]
    numbers = [
        one for one in listed if isinstance(one, int) and not isinstance(one, bool) and one in by_number
    ]
    if not 1 <= len(listed) <= 2 or len(numbers) < len(listed):
        raise StyleError(f"parents={show_value(told)} are not one or two numbers of styles that were tried")
    return [by_number[one] for one in numbers]


def _check_field(name: str, value: object, marks: Sequence[str]) -> Any:  # noqa: ANN401 - of any field
    """Return a field's value.

    Raises:
        StyleError: There is no such field to change, or it does not take the value.
    """
    if name in RANGES:
        low, high = RANGES[name]
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise StyleError(f"{name}={show_value(value)} is no number from {low:g} to {high:g}")
        if PageStyle.__dataclass_fields__[name].type == "int" and not isinstance(value, int):
            raise StyleError(f"{name}={show_value(value)} is no whole number")
        return value
    choices = tuple(marks) if name == "newline_mark" else CHOICES.get(name)
    if choices is not None:
        if not any(type(one) is type(value) and one == value for one in choices):
            raise StyleError(f"{name}={show_value(value)} is none of {', '.join(map(repr, choices))}")
        return value
    if name in COLORS:
        return value  # the style checks it
    known = ", ".join([*RANGES, *CHOICES, "newline_mark", *COLORS])
    raise StyleError(f"{show_value(name)} is no field that is searched; there are {known}")
