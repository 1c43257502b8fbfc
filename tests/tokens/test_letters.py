"""How large letters are where a model sees them: known answers, model by model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory import PageStyle
from glyph_memory.errors import ProfileError
from glyph_memory.tokens import ImageRule, ModelProfile, describe_small_letters, is_legible, letter_px

GLYPH = PageStyle.glyph()
GLYPH_PROFILE = ModelProfile.from_name("glyph")


@pytest.mark.parametrize(
    ("name", "size", "scale"),
    [
        ("glyph", (588, 840), 1),
        ("glyph", (5880, 8400), 1820 / 5880),
        ("minimax-m3", (588, 840), 784 / 840),
        ("deepseek-ocr-tiny", (588, 840), 512 / 840),
        ("deepseek-ocr-small", (588, 840), 640 / 840),
        ("deepseek-ocr-base", (588, 840), 1024 / 840),
        ("deepseek-ocr", (588, 840), 1280 / 588),
        ("internvl3", (896, 1344), 1),
        ("idefics3", (1000, 728), 1.456),
        ("mistral3", (1000, 2000), 1540 / 2000),
        ("kimi-k2.5", (588, 840), 1),
        ("glm-5.3-flash", (588, 840), 1),
        ("gpt-4o", (1000, 3000), 682 / 1000),
        ("gpt-4o", (1536, 1536), 0.5),
        ("gpt-5-mini", (1024, 1024), 1),
        ("minicpm-v-4.6", (448, 448), 1),
        ("gemma-3", (448, 896), 1),
        ("gemma-4", (768, 768), 1),
    ],
)
def test_a_page_is_seen_at_a_known_scale(name: str, size: tuple[int, int], scale: float) -> None:
    """Worked out by hand from each processor's sizes."""
    assert ModelProfile.from_name(name).image_rule.measure_scale(size) == pytest.approx(scale)


def test_letters_shrink_with_a_page_that_is_shrunk() -> None:
    """9 px become 5.5 px in DeepSeek-OCR's smallest mode, and stay 9 px where nothing is resampled."""
    assert letter_px(GLYPH, "glyph") == 9
    assert letter_px(GLYPH, "deepseek-ocr-tiny") == pytest.approx(9 * 512 / 840)


def test_letters_that_are_enlarged_count_as_they_were_drawn() -> None:
    """A page of one word is enlarged by most models: no detail is added."""
    small = replace(GLYPH, font_size_pt=3, line_height_pt=4)
    assert letter_px(small, "internvl3", (84, 56)) == 3


def test_narrow_letters_count_by_their_width() -> None:
    """Half as wide is as hard to read as half as large."""
    assert letter_px(replace(GLYPH, horizontal_scale=0.5), "glyph") == 4.5


def test_several_pages_may_be_seen_smaller_than_one() -> None:
    """LLaVA-OneVision cuts a lone image into tiles, and squashes each of several onto one."""
    assert letter_px(GLYPH, "llava-onevision") == 9
    assert letter_px(GLYPH, "llava-onevision", images=2) == pytest.approx(9 * 384 / 840)


@pytest.mark.parametrize(("pixels", "legible"), [(9, True), (8, True), (7.5, True), (7.4, False), (1, False)])
def test_letters_of_eight_pixels_are_legible(pixels: float, legible: bool) -> None:
    """In whole pixels: a page that is scaled by a hundredth is no other page."""
    assert is_legible(pixels) is legible


def test_dots_and_points_alone_can_make_a_page_illegible() -> None:
    """Cheap, and nothing can read it: what `--size 3` and `--dpi 1` do."""
    assert not is_legible(letter_px(replace(GLYPH, font_size_pt=3, line_height_pt=3.5), "glyph"))
    assert not is_legible(letter_px(replace(GLYPH, dpi=1), "glyph"))


@given(st.sampled_from(ModelProfile.names()), st.integers(20, 4000), st.integers(20, 4000), st.integers(1, 3))
def test_every_model_has_a_scale_for_every_page(name: str, width: int, height: int, images: int) -> None:
    """Above nothing, wherever the model takes the page at all."""
    profile = ModelProfile.from_name(name)
    try:
        profile.image_tokens((width, height), images=images)
    except ProfileError:
        return
    assert profile.image_rule.measure_scale((width, height), images=images) >= 0


def test_a_rule_that_does_not_say_is_taken_to_leave_pages_as_they_are() -> None:
    """Rules are made by hand, too."""

    class Rule(ImageRule):
        def tokens(self, size: tuple[int, int], *, images: int = 1) -> int:
            return 100

    assert Rule().measure_scale((5000, 5000)) == 1


def test_small_letters_are_told_with_their_cause() -> None:
    """In one sentence: drawn too small, or shrunk by the model."""
    small = describe_small_letters(replace(GLYPH, font_size_pt=3, line_height_pt=3.5), GLYPH_PROFILE)
    shrunk = describe_small_letters(GLYPH, ModelProfile.from_name("deepseek-ocr-tiny"))
    assert small is not None
    assert small.startswith("letters of 3 px are too small to read")
    assert shrunk is not None
    assert shrunk.startswith(
        "'deepseek-ocr-tiny' shrinks pages of 588 × 840 px until their letters have 5.5 px"
    )
    assert describe_small_letters(GLYPH, GLYPH_PROFILE) is None


def test_a_page_that_the_model_refuses_is_left_to_who_counts_it() -> None:
    """A strip of 1 px by 840: the error says more than a warning could."""
    strip = replace(GLYPH, page_width_pt=40, margin_x_pt=1, page_height_pt=9000, snap_px=1, dpi=72)
    assert describe_small_letters(strip, GLYPH_PROFILE) is None
