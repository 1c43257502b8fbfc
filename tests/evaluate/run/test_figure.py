"""A plot of accuracy against tokens: what is in it, and the same results give the same file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.errors import GlyphMemoryError, PolicyError
from glyph_memory.evaluate.run import Result, plot_accuracy

pytest.importorskip("matplotlib", reason="matplotlib is not installed (pip install 'glyph-memory[plot]')")

ONE = Result(
    sample="a/1", task="a", kind="prose", length=4096, number=0, arm="text", budget="100%", budget_tokens=4096,
    text_tokens=4096, prompt_tokens=4000, outcome="correct", score=1.0,
)  # fmt: skip


def test_a_plot_has_a_line_for_each_arm_and_length_and_names_its_axes() -> None:
    """Names of arms and models stand there as they are, dollars and all."""
    others = [
        replace(ONE, arm="pages", prompt_tokens=1400),
        replace(ONE, arm="pages", prompt_tokens=900, budget="20%", outcome="silently wrong"),
        replace(ONE, length=16_384, prompt_tokens=16_000),
    ]
    drawn = plot_accuracy([ONE, *others], title="a $model$", suffix=".svg").decode()
    for said in ("text, 4,096", "text, 16,384", "pages, 4,096", "a $model$", "correct answers", "20%"):
        assert f"<!-- {said}" in drawn
    assert "pages, 16,384" not in drawn
    assert drawn == plot_accuracy([ONE, *others], title="a $model$", suffix=".svg").decode()
    assert plot_accuracy([ONE], suffix=".PNG").startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_said() -> None:
    """In one line."""
    with pytest.raises(PolicyError, match="no answer was judged"):
        plot_accuracy([replace(ONE, outcome=None, fault="empty")])
    with pytest.raises(GlyphMemoryError, match="a plot cannot be written as"):
        plot_accuracy([ONE], suffix=".txt")
