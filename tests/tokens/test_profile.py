"""Profiles: finding one, and what it says of itself."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest

from glyph_memory.errors import ProfileError
from glyph_memory.tokens import CanvasRule, DeepSeekRule, GridRule, ImageRule, ModelProfile, OpenAIPatchRule
from glyph_memory.tokens.catalogue import PROFILES


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """One line: what was asked for, what comes near, what else can be done."""
    with pytest.raises(ProfileError) as caught:
        ModelProfile.from_name("qwen2.4-vl")
    assert "'qwen2.4-vl'" in str(caught.value)
    assert "'qwen2.5-vl'" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spelt", ["", "   ", "/", "zzzzzz"])
def test_a_name_like_no_other_is_refused_too(spelt: str) -> None:
    """Nothing near it: the message says where to look."""
    with pytest.raises(ProfileError, match=r"ModelProfile\.names\(\)"):
        ModelProfile.from_name(spelt)


def test_names_are_sorted_and_every_one_is_found() -> None:
    """What is listed can be asked for."""
    names = ModelProfile.names()
    assert list(names) == sorted(set(names))
    assert [ModelProfile.from_name(name).name for name in names] == list(names)


def test_a_profile_is_a_value() -> None:
    """Equal when its fields are, usable as a key, and not to be changed in place."""
    profile = ModelProfile.from_name("glyph")
    assert len({profile, dataclasses.replace(profile)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        profile.window_tokens = 1  # type: ignore[misc]  # that it cannot be assigned is the claim


@pytest.mark.parametrize(("field", "value"), [("window_tokens", 0), ("snap_px", 0), ("wrap_tokens", -1)])
def test_numbers_that_cannot_be_counted_with_are_refused(field: str, value: int) -> None:
    """The message names the field, its value and the least it may be."""
    with pytest.raises(ProfileError, match=f"{field}={value}"):
        dataclasses.replace(ModelProfile.from_name("glyph"), **{field: value})  # type: ignore[arg-type]  # the field varies


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        *(
            ("window_tokens", value, "no whole number")
            for value in (math.nan, math.inf, None, 1.5, True, "8192")
        ),
        ("wrap_tokens", 2.5, "no whole number"),
        ("max_images", "3", "no whole number"),
        ("max_request_px", -1, "below 0"),
        ("snap_px", 28.0, "no whole number"),
        ("image_rule", None, "no ImageRule"),
        *(
            ("special_tokens", value, "no tuple of words")
            for value in ("<|x|>", ["<|x|>"], None, ("",), (3,))
        ),
        ("encoding", "nope", "not known"),
        *(("name", value, said) for value, said in (("", "empty"), (None, "no text"), (3, "no text"))),
    ],
)
def test_a_field_of_another_kind_is_refused(field: str, value: object, said: str) -> None:
    """When the profile is made, not when a page is counted."""
    with pytest.raises(ProfileError, match=f"{field}=.*{said}"):
        dataclasses.replace(ModelProfile.from_name("glyph"), **{field: value})  # type: ignore[arg-type]  # the field varies


@pytest.mark.parametrize("rule", {type(row.image_rule): row.image_rule for row in PROFILES.values()}.values())
@pytest.mark.parametrize("value", [-1, 1.5, math.nan, "28", True])
def test_every_number_of_every_rule_is_checked(rule: Any, value: object) -> None:
    """A cell of no pixels would be divided by; the message names the rule and the field."""
    for field in dataclasses.fields(rule):
        if isinstance(getattr(rule, field.name), bool | str) or (field.name, value) == ("multiplier", 1.5):
            continue
        with pytest.raises(ProfileError, match=f"{type(rule).__name__}.{field.name}="):
            dataclasses.replace(rule, **{field.name: value})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GridRule(cell_px=0, min_px=1, max_px=2), "GridRule.cell_px=0 is below 1"),
        (lambda: GridRule(cell_px=28, min_px=3, max_px=2), "min_px=3 is above max_px=2"),
        (lambda: GridRule(cell_px=28, min_px=1, max_px=2, small_sides="cut"), "small_sides='cut'"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: CanvasRule(cell_px=28, min_tokens=9, max_tokens=8), "min_tokens=9 is above"),
        (lambda: DeepSeekRule(base_px=1024, tile_px=640), "max_tiles=0 is below 2"),
        (lambda: OpenAIPatchRule(multiplier=0.0), "not above 0"),
    ],
)
def test_limits_that_cross_are_refused(make: Callable[[], ImageRule], said: str) -> None:
    """So is what cannot be divided by or chosen from."""
    with pytest.raises(ProfileError, match=said):
        make()


@pytest.mark.parametrize("name", ModelProfile.names())
def test_special_tokens_are_a_set_of_strings_worth_defusing(name: str) -> None:
    """No duplicates, none empty, none with a blank at its end, where defusing would miss it."""
    tokens = ModelProfile.from_name(name).special_tokens
    assert len(set(tokens)) == len(tokens) > 0
    assert all(token == token.strip() and len(token) > 2 for token in tokens)


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("glyph", "<|image|>"),
        ("glyph", "<|user|>"),
        ("glyph", "[gMASK]"),
        ("qwen2.5-vl", "<|im_start|>"),
        ("qwen3-vl", "<|image_pad|>"),
        ("internvl3", "<IMG_CONTEXT>"),
        ("gemma-3", "<start_of_image>"),
        ("mistral3", "[INST]"),
        ("idefics3", "<row_6_col_6>"),
        ("deepseek-ocr", "<image>"),
        ("glm-5.3-flash", "<|begin_of_image|>"),
        ("kimi-k2.5", "<|media_begin|>"),
        ("hunyuan-ocr", "<｜hy_place▁holder▁no▁102｜>"),
        ("ernie-4.5-vl", "<|IMAGE_START|>"),
        ("minimax-m3", "]<]image[>["),
        ("gemma-4", "<|turn>"),
        ("minicpm-v-4.6", "<slice>"),
        ("dots.ocr", "<|imgpad|>"),
    ],
)
def test_what_would_end_a_turn_or_fake_an_image_is_among_the_special_tokens(name: str, token: str) -> None:
    """The strings that matter most, one by one."""
    assert token in ModelProfile.from_name(name).special_tokens


@pytest.mark.parametrize("name", ["gpt-5", "gpt-5-mini", "gpt-5-nano"])
def test_gpt_5_takes_272_000_tokens_of_prompt(name: str) -> None:
    """Of its 400,000 the answer's 128,000 are no room for a prompt."""
    assert ModelProfile.from_name(name).window_tokens == 400_000 - 128_000
