"""Profiles: finding one, and what it says of itself."""

from __future__ import annotations

import dataclasses

import pytest

from glyph_memory.errors import ProfileError
from glyph_memory.tokens import ModelProfile


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
