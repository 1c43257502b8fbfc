"""A scripted reader for whom the best page style is known: how accurate it is follows from θ alone.

Its accuracy falls off a cliff where letters have fewer pixels than they need, and what they need depends on everything
else: the pitch of lines and their length, spacing, stretch, colours, columns, marks and edges. So no setting can be
judged by itself. ρ is what a page's sides, margins and letters come to. The rates are no measurement of any model.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from functools import lru_cache
from random import Random
from statistics import NormalDist
from typing import Any

from glyph_memory.errors import StyleError
from glyph_memory.style import PageStyle
from glyph_memory.training.pages import StyleDistribution, find_clash
from glyph_memory.training.style_search import ExamAnswer, ExamCost
from glyph_memory.training.style_search.genes import StyleSpace, list_genes, name_style

FLOOR = 0.95
"""Accuracy that the best style keeps."""
QUESTIONS = 40
"""Of the exam."""
_TEXT_TOKENS = 100_000
_CLIFF_PX = 0.3
_NORMAL = NormalDist()


def find_need_px(style: PageStyle) -> float:
    """Return how many pixels the em square needs where half of the questions are answered right."""
    pitch = style.line_height_pt / style.font_size_pt
    spacing = style.letter_spacing_pt / style.font_size_pt
    line_em = style.column_px / style.to_horizontal_px(style.font_size_pt)
    need = 8.4
    need += -0.7 if style.font == "mono" else 0.0
    need += 0.0 if style.antialias else 1.3 if style.font == "sans" else 0.4
    need += 5 * max(0.0, 1.15 - pitch) * (1 + max(0.0, line_em / 40 - 1))  # a long line loses the next one
    need += 30 * max(0.0, -spacing) - 12 * min(max(0.0, spacing), 0.04)
    need += 6 * max(0.0, 1 - style.horizontal_scale) - 2 * min(max(0.0, style.horizontal_scale - 1), 0.1)
    need += 0.6 if style.page_color.lower() < "#800000" else 0.0
    need += 0.5 * (style.columns - 1) * (2 if style.alignment == "justify" else 1)
    need += (
        (0.9 if style.count_runs else 0.2) * (0.4 if style.font == "mono" else 1) if style.newline_mark else 0
    )
    return need


def find_accuracy(style: PageStyle) -> float:
    """Return the true share of right answers."""
    spare_px = style.to_vertical_px(style.font_size_pt) - find_need_px(style)
    return 0.995 / (1 + math.exp(-spare_px / _CLIFF_PX))


def find_rho(style: PageStyle) -> float:
    """Return ρ: what the letters of a page come to in tokens of four letters, by its cells of 28 × 28 px."""
    width, height = style.text_box_px
    frame = (
        2 * (style.border_width_pt + style.border_padding_pt) + style.left_indent_pt + style.right_indent_pt
    )
    width = style.columns * (style.column_px - style.to_horizontal_px(frame))
    columns = (0.62, 0.74, 0.8)[min(style.columns, 3) - 1]
    filled = (1.0 if style.count_runs else 0.9) if style.newline_mark else columns
    gaps = (style.space_after_pt + style.space_before_pt) / max(style.paragraph_lines or 4, 4)
    letter = (0.6 if style.font == "mono" else 0.52) * style.font_size_pt + style.letter_spacing_pt
    letters = (
        width / style.to_horizontal_px(letter) * height / style.to_vertical_px(style.line_height_pt + gaps)
    )
    cells = math.prod(style.page_px) / 28**2
    return filled * letters / 4 / cells


class PlantedExam:
    """Questions whose answers follow from a style's true accuracy, each question harder or easier for all styles.

    Args:
        seed: Other seeds answer otherwise.
        questions: How many there are.
    """

    def __init__(self, seed: int = 0, *, questions: int = QUESTIONS) -> None:
        self._seed, self.size = seed, questions

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the answers depend on besides the style."""
        return {"exam": "planted", "seed of answers": self._seed, "questions": self.size}

    def measure(self, style: PageStyle) -> ExamCost:
        """Return what texts cost in a style."""
        return ExamCost(text_tokens=_TEXT_TOKENS, page_tokens=max(round(_TEXT_TOKENS / find_rho(style)), 1))

    def ask(self, style: PageStyle, number: int) -> ExamAnswer:
        """Answer one question."""
        hard = _draw_normal(f"{self._seed}/{number}")
        chance = _draw_normal(f"{self._seed}/{number}/{name_style(style)}")
        level = _NORMAL.cdf(math.sqrt(0.5) * hard + math.sqrt(0.5) * chance)
        return ExamAnswer(score=float(level < find_accuracy(style)))


def _draw_normal(name: str) -> float:
    bits = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return _NORMAL.inv_cdf((bits + 0.5) / 2**64)


@lru_cache(maxsize=1)
def find_best() -> PageStyle:
    """Return the densest style that keeps the floor: by climbing with the true accuracy from many styles."""
    space = StyleSpace(genes=list_genes(), rule=find_clash)
    best, most = PageStyle(), 0.0
    for start in range(12):
        random = Random(start)
        style = StyleDistribution.default().draw(random)
        height = _measure_height(style)
        for _ in range(2_500):
            other = space.mutate(style, random)
            if other is not None and _measure_height(other) >= height:
                style, height = other, _measure_height(other)
        if height > most:
            best, most = style, height
    return best


def _measure_height(style: PageStyle) -> float:
    accuracy = find_accuracy(style)
    return find_rho(style) if accuracy >= FLOOR else accuracy - 1


def draw_style(source: StyleDistribution, random: Random) -> PageStyle:
    """Return a style of the distribution for pages of 28 px cells."""
    space = StyleSpace(genes=(), rule=find_clash)
    while True:
        try:
            return space.fit(source.draw(random))
        except StyleError:
            continue
