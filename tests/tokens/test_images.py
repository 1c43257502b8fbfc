"""What images cost: known answers, and what has to hold for every size."""

from __future__ import annotations

import dataclasses
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory import PageStyle, typeset
from glyph_memory.errors import ProfileError
from glyph_memory.tokens import GridRule, ModelProfile, OpenAIPatchRule

Size = tuple[int, int]
every_profile = pytest.mark.parametrize("name", ModelProfile.names())
sides = st.integers(1, 6000)


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("glyph", (630, 1120, 2772)),
        ("qwen2.5-vl", (630, 1120, 2772)),
        ("qwen3-vl", (494, 875, 2145)),
        ("paddleocr-vl", (630, 1120, 2772)),
        ("internvl3", (1792, 1792, 1792)),
        ("gemma-3", (256, 256, 256)),
        ("pixtral", (2067, 3008, 3008)),
        ("mistral3", (713, 1230, 2200)),
        ("idefics3", (2228, 2228, 2228)),
        ("deepseek-ocr", (903, 903, 903)),
        ("deepseek-ocr-2", (1121, 1121, 1121)),
        ("llava-onevision", (4964, 5427, 7353)),
        ("gpt-4o", (765, 1105, 1105)),
        ("gpt-5-mini", (832, 1458, 2385)),
        ("qwen3.5", (494, 875, 2145)),
        ("dots.ocr", (630, 1120, 2772)),
        ("ernie-4.5-vl", (630, 1120, 2772)),
        ("glm-5.3-flash", (682, 1189, 2835)),
        ("kimi-k2.5", (682, 1189, 2835)),
        ("lightonocr", (682, 1189, 2145)),
        ("hunyuan-ocr", (522, 912, 2202)),
        ("hy4-vl", (520, 910, 2200)),
        ("minimax-m3", (560, 560, 560)),
        ("gemma-4", (266, 266, 266)),
        ("gemma-4-560", (532, 532, 532)),
        ("gemma-4-1120", (1092, 1092, 1092)),
        ("minicpm-v-4.6", (206, 473, 654)),
        ("minicpm-v-4.6-4x", (751, 1802, 2247)),
    ],
)
def test_an_a4_page_costs_what_it_is_known_to_cost(name: str, tokens: tuple[int, int, int]) -> None:
    """At 72, 96 and 150 dpi, without wrapping."""
    profile = ModelProfile.from_name(name)
    pages = ((595, 842), (794, 1123), (1240, 1754))
    assert tuple(profile.image_tokens(page, wrapped=False) for page in pages) == tokens


@pytest.mark.parametrize(("mode", "tokens"), [("tiny", 73), ("small", 111), ("base", 273), ("large", 421)])
def test_deepseek_ocrs_modes_cost_what_its_makers_say(mode: str, tokens: int) -> None:
    """64, 100, 256 and 400 queries in the paper; a break a row and one separator on top."""
    assert ModelProfile.from_name(f"deepseek-ocr-{mode}").image_tokens((1240, 1754)) == tokens


def test_deepseek_ocr_tiles_only_what_is_larger_than_a_tile() -> None:
    """Up to 640 px on a side it is the base mode; 2 x 3 tiles add 21 x 30."""
    profile = ModelProfile.from_name("deepseek-ocr")
    assert profile.image_tokens((640, 640)) == 273
    assert profile.image_tokens((1240, 1754)) == 273 + 21 * 30


@pytest.mark.parametrize(
    ("name", "size", "tokens"),
    [
        ("gpt-4o", (1024, 1024), 765),
        ("gpt-4o", (2048, 4096), 1105),
        ("gpt-4o", (512, 512), 255),
        ("gpt-4o-mini", (1024, 1024), 25_501),
        ("gpt-5", (1024, 1024), 630),
        ("gpt-4.1-mini", (1024, 1024), 1659),
        ("gpt-4.1-mini", (1800, 2400), 2353),
    ],
)
def test_openais_worked_examples_come_out(name: str, size: Size, tokens: int) -> None:
    """Those of its images and vision guide: 1,024 patches times 1.62 are 1,659 tokens, 1,452 are 2,353."""
    assert ModelProfile.from_name(name).image_tokens(size) == tokens


def test_openais_patches_are_1452_for_the_guides_1800_by_2400() -> None:
    """The guide shrinks it to 1056 x 1408, which is 33 x 44 patches."""
    assert OpenAIPatchRule(multiplier=1.0).tokens((1800, 2400)) == 33 * 44


@pytest.mark.parametrize(
    ("name", "size"), [("glyph", (588, 840)), ("qwen2.5-vl", (588, 840)), ("qwen3-vl", (608, 832))]
)
def test_a_page_of_whole_cells_is_not_resampled(name: str, size: Size) -> None:
    """Snapped to `snap_px`, a page reaches the model as it was drawn."""
    profile = ModelProfile.from_name(name)
    assert isinstance(profile.image_rule, GridRule)
    assert profile.image_rule.resize(size) == size
    assert size[0] % profile.snap_px == size[1] % profile.snap_px == 0


@pytest.mark.parametrize(
    "name",
    [
        *(
            "glyph",
            "qwen2.5-vl",
            "paddleocr-vl",
            "mistral3",
            "lightonocr",
            "dots.ocr",
            "ernie-4.5-vl",
            "kimi-k2.5",
        ),
        *("glm-5.3-flash", "qwen3-vl", "qwen3.5", "hunyuan-ocr", "hy4-vl"),
    ],
)
def test_a_snapped_page_pays_for_no_row_or_column_that_shows_nothing(name: str) -> None:
    """A full page costs its cells and a break a row at most: none is added by padding, and none is shared."""
    profile = ModelProfile.from_name(name)
    page = typeset("All work. " * 900, style=PageStyle.glyph().with_snap_px(profile.snap_px))[0]
    columns, rows = (side / profile.snap_px for side in page.size)
    cost = profile.image_tokens(page.size, wrapped=False)
    assert cost in {rows * columns, rows * (columns + 1), rows * (columns + 1) + 2}


def test_minimax_m3_shrinks_a_page_of_the_default_size() -> None:
    """588 x 840 px is over its limit, and 560 x 784 px is not: such a page reaches the model as it was drawn."""
    rule = ModelProfile.from_name("minimax-m3").image_rule
    assert isinstance(rule, GridRule)
    assert rule.resize((588, 840)) != (588, 840)
    assert rule.resize((560, 784)) == (560, 784)


@pytest.mark.parametrize("name", ["glm-5.3-flash", "kimi-k2.5", "lightonocr"])
@given(columns=st.integers(8, 40), rows=st.integers(8, 40))
def test_where_a_model_rounds_up_a_pixel_more_costs_a_whole_row_and_column(
    name: str, columns: int, rows: int
) -> None:
    """So pages are snapped to whole cells."""
    count = partial(ModelProfile.from_name(name).image_tokens, wrapped=False)
    assert count((28 * columns, 28 * rows)) == columns * rows
    assert count((28 * columns + 1, 28 * rows + 1)) == (columns + 1) * (rows + 1)


@pytest.mark.parametrize(("name", "budget"), [("gemma-4", 280), ("gemma-4-560", 560), ("gemma-4-1120", 1120)])
@given(width=st.integers(300, 3000), height=st.integers(300, 3000))
def test_a_budget_is_used_nearly_whole_and_never_exceeded(
    name: str, budget: int, width: int, height: int
) -> None:
    """Small pages are enlarged: a cropped page costs Gemma 4 as much as a full one, and is read larger."""
    assert 0.75 * budget < ModelProfile.from_name(name).image_tokens((width, height), wrapped=False) <= budget


def test_the_number_of_an_image_costs_a_token_a_digit() -> None:
    """MiniCPM-V writes it before each image, from 0; every image of a request counts as many as the last one has."""
    profile = ModelProfile.from_name("minicpm-v-4.6")
    alone, tenth, eleventh = (profile.image_tokens((588, 840), images=images) for images in (1, 10, 11))
    assert (tenth - alone, eleventh - alone) == (0, 1)


def test_glm_counts_a_still_image_as_two_frames_against_its_limit() -> None:
    """2184 x 2184 px, 6,084 tokens, is the largest square GLM-4.1V leaves as it is."""
    profile = ModelProfile.from_name("glm-4.1v")
    assert profile.image_tokens((2184, 2184), wrapped=False) == 6084
    assert profile.image_tokens((4000, 4000), wrapped=False) == 6084


@pytest.mark.parametrize(
    "name", ["glyph", "qwen2-vl", "qwen2.5-vl", "qwen3-vl", "paddleocr-vl", "hunyuan-ocr", "ernie-4.5-vl"]
)
def test_too_long_an_image_is_refused_where_the_model_refuses_it(name: str) -> None:
    """200:1 is the last shape these processors take."""
    profile = ModelProfile.from_name(name)
    assert profile.max_aspect_ratio == 200
    assert profile.image_tokens((40, 8000)) > 0
    with pytest.raises(ProfileError, match=r"\(40, 8041\) px.*200:1"):
        profile.image_tokens((40, 8041))


@pytest.mark.parametrize("name", ["pixtral", "mistral3", "lightonocr", "deepseek-ocr", "deepseek-ocr-2"])
def test_an_image_that_shrinks_to_nothing_is_refused(name: str) -> None:
    """These models fit an image into a square, and a hair's breadth of it rounds to no pixel."""
    with pytest.raises(ProfileError, match="shrinks to nothing"):
        ModelProfile.from_name(name).image_tokens((1, 5000))


@every_profile
@pytest.mark.parametrize("size", [(0, 100), (100, 0), (-1, 5), (59.5, 84), (10,), (10, 20, 3)])
def test_a_size_that_is_none_is_refused(name: str, size: Size) -> None:
    """Sides are whole pixels above zero, and there are two of them."""
    with pytest.raises(ProfileError, match="cannot be counted"):
        ModelProfile.from_name(name).image_tokens(size)


@every_profile
@given(size=st.tuples(sides, sides))
def test_every_image_costs_something_or_is_refused(name: str, size: Size) -> None:
    """There is no free image, and no error but the documented one."""
    try:
        assert ModelProfile.from_name(name).image_tokens(size, wrapped=False) >= 1
    except ProfileError:
        assert max(size) > 200 * min(size)


@pytest.mark.parametrize("name", ["glyph", "qwen2.5-vl", "qwen3-vl", "pixtral", "mistral3"])
@given(columns=st.integers(8, 30), rows=st.integers(8, 30))
def test_one_more_row_of_cells_never_costs_less(name: str, columns: int, rows: int) -> None:
    """Between the limits on area; below them an image is enlarged, and a smaller one may cost more."""
    profile = ModelProfile.from_name(name)
    cell = profile.snap_px
    page, taller = (columns * cell, rows * cell), (columns * cell, (rows + 1) * cell)
    assert profile.image_tokens(page) <= profile.image_tokens(taller)


@given(width=st.integers(112, 1500), height=st.integers(112, 1500))
def test_turning_a_page_does_not_change_what_a_grid_costs(width: int, height: int) -> None:
    """Cells have no orientation."""
    profile = ModelProfile.from_name("glyph")
    assert profile.image_tokens((width, height)) == profile.image_tokens((height, width))


@given(sizes=st.lists(st.tuples(st.integers(100, 2000), st.integers(100, 2000)), max_size=5))
def test_pages_cost_the_sum_of_their_images(sizes: list[Size]) -> None:
    """Wrapped each; none costs nothing."""
    profile = ModelProfile.from_name("glyph")
    assert profile.pages_tokens(sizes) == sum(profile.image_tokens(size) for size in sizes)


def test_wrapping_is_counted_unless_it_is_not_asked_for() -> None:
    """Begin and end of image are what GLM's template adds."""
    profile = dataclasses.replace(ModelProfile.from_name("glyph"), wrap_tokens=2)
    assert profile.image_tokens((588, 840)) - profile.image_tokens((588, 840), wrapped=False) == 2


def test_a_prompt_that_holds_no_image_cannot_hold_this_one() -> None:
    """`images` counts the image itself."""
    with pytest.raises(ProfileError, match="images=0"):
        ModelProfile.from_name("llava-onevision").image_tokens((100, 100), images=0)
