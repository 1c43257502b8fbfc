"""`glyph-memory tokens` prices a text for every model."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset

if TYPE_CHECKING:
    from tests.cli.conftest import Run, Terminal


def test_every_model_has_a_row(run: Run, notes: Path) -> None:
    """Of those that can read the pages, the one that gains most stands first."""
    models = run("tokens", notes, "--json").json["models"]
    assert sorted(model["profile"] for model in models) == list(ModelProfile.names())
    ratios = [model["ratio"] for model in models if model["legible"]]
    assert ratios == sorted(ratios, reverse=True)


def test_models_that_cannot_read_the_pages_stand_below_with_the_reason(run: Run, notes: Path) -> None:
    """However little they charge: DeepSeek-OCR's smallest mode shrinks letters to 5 px."""
    models = run("tokens", notes, "--json").json["models"]
    legible = [model["legible"] for model in models]
    assert legible == sorted(legible, reverse=True)
    (tiny,) = (model for model in models if model["profile"] == "deepseek-ocr-tiny")
    assert not tiny["legible"]
    assert tiny["illegible_because"] == "letters of 5.5 px: not legible"
    assert tiny["ratio"] > models[0]["ratio"]


@pytest.mark.parametrize("option", [("--size", 3), ("--dpi", 1)])
def test_no_size_that_nobody_can_read_is_a_gain(
    run: Run, at_terminal: Callable[..., Terminal], notes: Path, option: tuple[str, int]
) -> None:
    """Not green, and marked, for every model."""
    models = run("tokens", notes, *option, "--json").json["models"]
    assert not any(model["legible"] for model in models)
    at = at_terminal("tokens", notes, "--profile", "glyph", *map(str, option), columns=120)
    assert at.leave() == 0
    assert "not legible" in at.shown
    assert "\x1b[1;32m" not in at.shown


def test_counts_are_the_profiles_own(run: Run, notes: Path) -> None:
    """On pages of the sides that the model wants."""
    (model,) = run("tokens", notes, "--profile", "glyph", "--json").json["models"]
    profile, pages = ModelProfile.from_name("glyph"), typeset(notes.read_text(), style="auto")
    assert model["page_tokens"] == profile.pages_tokens(page.size for page in pages)
    assert model["text_tokens"] == profile.text_tokens(notes.read_text())
    assert model["text_exact"] == profile.text_counter.exact


def test_a_table_says_what_is_estimated_and_what_does_not_fit(run: Run, notes: Path) -> None:
    """Signs in the rows, their meaning below."""
    notes.write_text(notes.read_text() * 8)
    result = run("tokens", notes, "--profile", "glyph", "--profile", "smolvlm-256m")
    assert "≈" in result.out
    assert "≈ estimated" in result.out
    assert "too long: the pages are more tokens" in result.out
    assert result.err == ""


def test_an_unknown_model_is_told_with_its_neighbours(run: Run, notes: Path) -> None:
    """In one line."""
    assert "Nearest:" in run("tokens", notes, "--profile", "glyhp").error


@pytest.mark.parametrize("columns", [50, 60, 74])
def test_a_narrow_terminal_shows_names_and_numbers(
    at_terminal: Callable[..., Terminal], notes: Path, columns: int
) -> None:
    """Headings take several lines, so that a name is more than a letter and no number is cut."""
    at = at_terminal("tokens", notes, "--profile", "glyph", "--profile", "qwen2-vl", columns=columns)
    assert at.leave() == 0
    shown = re.sub(r"\x1b\[[0-9;]*m", "", at.shown)
    assert re.search(r"^glyph +≈ [\d,]+ +[\d,]+ +[\d.]+× +\d+ +131,072", shown, re.MULTILINE)
    assert re.search(r"^qwen2-vl +≈ [\d,]+ ", shown, re.MULTILINE)
