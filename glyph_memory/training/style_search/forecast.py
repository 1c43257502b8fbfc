"""Guess how accurate a style is from those that were tried: which child is worth questions, and which score was luck.

Accuracy against the size of letters is S-shaped for every reader that was ever measured, so the guess is a logistic
regression with a ridge, on what a style's letters and lines are like. ρ is what fits on a page, times what a
regression learns of the rest; it spares drawing the texts of styles that come to nothing. Guesses steer what is tried
next: no score or ρ is ever replaced by one. Knows styles and scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from glyph_memory.style import PageStyle, rgb
from glyph_memory.training.style_search.candidate import Candidate

_RIDGE = 2.0
_STEPS = 12
_OWN = 40.0
"""How many answers the guess is worth beside a style's own."""
_MOST = 8.0
"""Of a logit: nothing is surer than 0.9997."""
_RIDGE_RHO = 0.1


class Forecast:
    """What accuracies to expect.

    Args:
        candidates: Those that were tried; without any, every style is expected to be right half of the time.
    """

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._weights: NDArray[np.float64] | None = None
        self._densities: NDArray[np.float64] | None = None
        if not candidates:
            return
        features = np.array([_describe(one.style) for one in candidates])
        self._middle, self._spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-3)
        asked = np.array([one.result.asked for one in candidates], float)
        right = np.array([one.result.accuracy * one.result.asked for one in candidates])
        scaled = self._scale(features)
        self._weights = _fit(scaled, right, asked)
        rest = np.array([math.log(one.result.rho / _measure_room(one.style)) for one in candidates])
        ridge = np.diag([1e-6] + [_RIDGE_RHO] * features.shape[1])
        self._densities = np.linalg.solve(scaled.T @ scaled + ridge, scaled.T @ rest)

    def guess(self, style: PageStyle) -> float:
        """Return the accuracy to expect of a style."""
        if self._weights is None:
            return 0.5
        logit = float(self._scale(np.array([_describe(style)]))[0] @ self._weights)
        return 1 / (1 + math.exp(-min(max(logit, -_MOST), _MOST)))

    def guess_rho(self, style: PageStyle) -> float:
        """Return the ρ to expect of a style."""
        room = _measure_room(style)
        if self._densities is None:
            return room
        return room * math.exp(float(self._scale(np.array([_describe(style)]))[0] @ self._densities))

    def blend(self, candidate: Candidate) -> float:
        """Return a candidate's accuracy as its own answers and those of styles like it say together."""
        asked = candidate.result.asked
        return (candidate.result.accuracy * asked + self.guess(candidate.style) * _OWN) / (asked + _OWN)

    def _scale(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = np.clip((features - self._middle) / self._spread, -4, 4)
        return np.hstack([np.ones((len(scaled), 1)), scaled])


def _describe(style: PageStyle) -> list[float]:
    """Return what a style's letters and lines are like, as numbers."""
    across, down = style.to_horizontal_px(style.font_size_pt), style.to_vertical_px(style.font_size_pt)
    pitch = style.line_height_pt / style.font_size_pt
    return [
        math.log(down),
        math.log(across),
        math.log(pitch),
        math.log(style.column_px / across) * max(0.0, 1.3 - pitch),
        style.letter_spacing_pt / style.font_size_pt,
        max(0.0, -style.letter_spacing_pt / style.font_size_pt),
        float(style.font == "mono"),
        float(style.antialias),
        float(sum(rgb(style.page_color)) < 382),
        float(bool(style.newline_mark)),
        float(style.count_runs),
        float(style.columns),
        float(style.alignment == "justify"),
        float(style.border_width_pt > 0),
        style.space_after_pt / style.line_height_pt,
    ]


def _measure_room(style: PageStyle) -> float:
    """Return how many letters a pixel of a page has room for, at no more than a factor."""
    height = style.text_box_px[1]
    across = (
        style.columns * style.column_px / style.to_horizontal_px(style.font_size_pt + style.letter_spacing_pt)
    )
    return across * height / style.to_vertical_px(style.line_height_pt) / math.prod(style.page_px)


def _fit(
    features: NDArray[np.float64], right: NDArray[np.float64], asked: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weights of a logistic regression with a ridge, by Newton's steps."""
    weights = np.zeros(features.shape[1])
    ridge = np.full(features.shape[1], _RIDGE)
    ridge[0] = 0.01
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(features @ weights, -_MOST, _MOST)))
        slope = features.T @ (right - asked * expected) - ridge * weights
        bend = (features.T * (asked * expected * (1 - expected) + 1e-6)) @ features + np.diag(ridge)
        weights = weights + np.clip(np.linalg.solve(bend, slope), -2, 2)
    return weights
