"""`KindStyles`: plan which parts of a run are drawn in the style of which kind of text, where that saves tokens.

Knows kinds, styles and what they cost; draws nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Self

from glyph_memory.context.options import PageOptions
from glyph_memory.context.text_kinds import find_kinds
from glyph_memory.style import PageStyle, find_denser, measure_letters
from glyph_memory.tokens import ModelProfile, Size
from glyph_memory.typesetting import Composition, Stretch, style_fingerprint

KINDS_VERSION = 1
"""Goes up whenever the same run would be planned otherwise."""
CAPTION_TOKENS = 24
"""What a page's caption takes; a change of style costs one more."""
_SHORT = 4
"""Where styles change, pages are cut to about a quarter."""
_WIDTH, _MONO_WIDTH, _CJK_WIDTH = 0.5, 0.6, 1.0
"""A character's width in ems, about: it decides where changes are looked for, and the pages themselves are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Piece:
    """Some lines of one kind."""

    start: int
    stop: int
    kind: str
    lengths: tuple[int, ...]
    """Of its lines, in characters."""


class KindStyles:
    """The styles that a calibration has for kinds of text, the one for all of them first.

    Args:
        styles: Each style, by the name of the first kind that has it; of the one for all, "".
        limits: Of each kind the densest style.
        profile: The model, for what pages cost.
        least_tokens: What a page counts for at least, where requests may hold few images: its share of the tokens.
    """

    def __init__(
        self,
        styles: dict[str, PageStyle],
        limits: dict[str, PageStyle],
        profile: ModelProfile,
        *,
        least_tokens: int = 0,
    ) -> None:
        self._styles, self._profile, self._least_tokens = styles, profile, least_tokens
        self._names = {style: name for name, style in styles.items()}
        self._may = {
            kind: [name for name, style in styles.items() if not name or not find_denser(style, limit)]
            for kind, limit in limits.items()
        }

    @classmethod
    def of(cls, options: PageOptions) -> Self | None:
        """Return the styles of options; None where a style is given, or all kinds have the same one."""
        limits = options.calibration
        if limits is None or options.style is not None:
            return None
        styles = {"": limits.find_style()}
        by_kind = {one.kind: one.style for one in limits.kinds if one.style is not None}
        for kind, style in by_kind.items():
            if style not in styles.values():
                styles[kind] = style
        if len(styles) == 1:
            return None
        policy = options.fold_policy
        tokens = policy.seal_budget_tokens(head_tokens=0)
        least = tokens // policy.max_images if policy.max_images else 0
        return cls(styles, by_kind, options.profile, least_tokens=least)

    @property
    def styles(self) -> dict[str, PageStyle]:
        """Each style, by its name."""
        return self._styles

    @property
    def fingerprint(self) -> dict[str, object]:
        """What its plans depend on, besides the text and the profile."""
        look = {name: style_fingerprint(style) for name, style in self._styles.items()}
        return {"kinds": KINDS_VERSION, "styles": look, "may": self._may}

    def get_name(self, style: PageStyle | None) -> str:
        """Return the name of a style of these."""
        return "" if style is None else self._names.get(style, "")

    def count_pages(self, sizes: Iterable[Size]) -> int:
        """Count what pages cost with their captions, a small one as much as its place among a request's images."""
        counts = (self._profile.image_tokens(size, images=2) + CAPTION_TOKENS for size in sizes)
        return sum(max(count, self._least_tokens) for count in counts)

    def plan(self, composed: Composition) -> list[Stretch]:
        """Return the stretches of a run and their styles, as seems cheapest; one alone where it is drawn as a whole.

        Each piece gets a style that is nowhere denser than that of its kind, and a change of style costs a caption and
        two margins (Viterbi's algorithm, over pieces and styles).
        """
        pieces = list(_cut_pieces(composed))
        names = [*self._styles]
        costs, ways = dict.fromkeys(names, 0.0), list[dict[str, str]]()
        for piece in pieces:
            allowed = self._may.get(piece.kind, [""])
            came, reached = dict[str, str](), dict[str, float]()
            for name in allowed:
                change = self._measure_change(name)
                before = min(costs, key=lambda one: costs[one] + (change if one != name else 0.0))
                came[name] = before
                reached[name] = (
                    costs[before] + (change if before != name else 0.0) + self._estimate(piece, name)
                )
            ways.append(came)
            costs = reached
        name, chosen = min(costs, key=lambda one: costs[one]), list[str]()
        for came in reversed(ways):
            chosen.append(name)
            name = came[name]
        return self._join(pieces, chosen[::-1])

    def _join(self, pieces: Sequence[_Piece], names: Sequence[str]) -> list[Stretch]:
        stretches = list[Stretch]()
        for piece, name in zip(pieces, names, strict=True):
            style, start = self._styles[name], piece.start
            if stretches and stretches[-1].style == style:
                start = stretches.pop().start
            stretches.append(Stretch(start=start, stop=piece.stop, style=style))
        return stretches

    def _estimate(self, piece: _Piece, name: str) -> float:
        """Return about how many tokens some lines cost in a style."""
        style = self._styles[name]
        wide = _CJK_WIDTH if piece.kind == "cjk" else _MONO_WIDTH if style.font == "mono" else _WIDTH
        room = max(1.0, style.column_px / (wide * measure_letters(style)))
        if style.newline_mark:
            lines = (sum(piece.lengths) + 2 * len(piece.lengths)) / room
        else:
            lines = float(sum(ceil(length / room) or 1 for length in piece.lengths))
        return lines / style.columns * style.to_vertical_px(style.line_height_pt) * self._measure_row(style)

    def _measure_change(self, name: str) -> float:
        style = self._styles[name]
        margins = 2 * style.to_vertical_px(style.margin_y_pt + style.padding_pt)
        row = self._measure_row(style)
        unused = (
            self._least_tokens - row * style.page_px[1] / _SHORT
        )  # of its place, by a page that is cut short
        return CAPTION_TOKENS + margins * row + max(0.0, unused)

    def _measure_row(self, style: PageStyle) -> float:
        """Return what a row of pixels costs, as wide as the page."""
        return self._profile.image_tokens(style.page_px, images=2) / style.page_px[1]


def _cut_pieces(composed: Composition) -> Iterator[_Piece]:
    """Yield the pieces of a run: kinds are told turn by turn, so that nothing of one turn changes another."""
    for begin, end in composed.turns:
        text = composed.text[begin:end]
        for start, stop, kind in find_kinds(text):
            lengths = tuple(map(len, text[start:stop].removesuffix("\n").split("\n")))
            yield _Piece(start=begin + start, stop=begin + stop, kind=kind, lengths=lengths)
