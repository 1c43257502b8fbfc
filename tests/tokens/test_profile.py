"""Profiles: finding one, and what it says of itself."""

from __future__ import annotations

import dataclasses

import pytest

from glyph_memory.errors import ProfileError
from glyph_memory.tokens import ModelProfile


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        ("glyph", "glyph"),
        ("GLM-4.1V", "glm-4.1v"),
        ("zai-org/Glyph", "glyph"),
        ("zai-org/GLM-4.1V-9B-Thinking", "glm-4.1v"),
        ("zai-org/GLM-4.6V-Flash", "glm-4.6v"),
        ("Qwen/Qwen2-VL-2B-Instruct", "qwen2-vl"),
        ("Qwen/Qwen2.5-VL-7B-Instruct", "qwen2.5-vl"),
        ("qwen2_5_vl", "qwen2.5-vl"),
        ("Qwen/Qwen3-VL-30B-A3B-Instruct", "qwen3-vl"),
        ("OpenGVLab/InternVL3-8B-hf", "internvl3"),
        ("google/gemma-3-27b-it", "gemma-3"),
        ("mistral-community/pixtral-12b", "pixtral"),
        ("mistralai/Mistral-Small-3.1-24B-Instruct-2503", "mistral3"),
        ("HuggingFaceM4/Idefics3-8B-Llama3", "idefics3"),
        ("HuggingFaceTB/SmolVLM-Instruct", "smolvlm"),
        ("HuggingFaceTB/SmolVLM-256M-Instruct", "smolvlm-256m"),
        ("HuggingFaceTB/SmolVLM2-500M-Video-Instruct", "smolvlm-500m"),
        ("HuggingFaceTB/SmolVLM2-2.2B-Instruct", "smolvlm"),
        ("llava-hf/llava-onevision-qwen2-7b-ov-hf", "llava-onevision"),
        ("deepseek-ai/DeepSeek-OCR", "deepseek-ocr"),
        ("deepseek-ai/DeepSeek-OCR-2", "deepseek-ocr-2"),
        ("PaddlePaddle/PaddleOCR-VL", "paddleocr-vl"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("/srv/models/Glyph/", "glyph"),
        ("zai-org/Glyph@main", "glyph"),
        ("qwen2.5vl:7b", "qwen2.5-vl"),
        ("qwen2.5vl:72b-q4_K_M", "qwen2.5-vl"),
        ("qwen3-vl:8b", "qwen3-vl"),
        ("gemma3:12b", "gemma-3"),
        ("mistral-small3.2:24b", "mistral3"),
        ("hf.co/unsloth/Qwen2.5-VL-7B-Instruct-GGUF:Q4_K_M", "qwen2.5-vl"),
        ("Qwen2.5-VL-7B-Instruct-Q4_K_M.gguf", "qwen2.5-vl"),
        ("Qwen2.5-VL-72B-Instruct-Q4_K_M-00001-of-00003.gguf", "qwen2.5-vl"),
        ("Qwen_Qwen2.5-VL-7B-Instruct-Q8_0.gguf", "qwen2.5-vl"),
        ("C:\\models\\Qwen2.5-VL-7B-Instruct-Q8_0.gguf", "qwen2.5-vl"),
        (
            "/hub/models--Qwen--Qwen2.5-VL-7B-Instruct/snapshots/cc594898137f460bfe9f0759",
            "qwen2.5-vl",
        ),
        ("/models/gemma-3-4b/ggml-model-q4_k.gguf", "gemma-3"),
        ("Qwen/Qwen2.5-VL-7B-Instruct-AWQ", "qwen2.5-vl"),
        ("RedHatAI/Qwen2.5-VL-7B-Instruct-FP8-dynamic", "qwen2.5-vl"),
        ("unsloth/Qwen2.5-VL-7B-Instruct-unsloth-bnb-4bit", "qwen2.5-vl"),
        ("hosted_vllm/Qwen/Qwen2.5-VL-7B-Instruct", "qwen2.5-vl"),
        ("qwen/qwen2.5-vl-72b-instruct:free", "qwen2.5-vl"),
        ("openai:gpt-4o", "gpt-4o"),
        ("InternVL3_5-8B", "internvl3"),
        ("Qwen3.5-9B", "qwen3-vl"),
        ("GLM-4.5V", "glm-4.1v"),
    ],
)
def test_a_model_is_found_by_name_and_by_hub_id(spelt: str, name: str) -> None:
    """Case does not matter, nor what stands before the last slash or after the name's own end."""
    assert ModelProfile.from_name(spelt).name == name


@pytest.mark.parametrize(
    "spelt",
    [
        "LLaVA-OneVision-1.5-8B-Instruct",
        "DeepSeek-OCR-3",
        "gpt-5.4",
        "InternVL4-8B",
        "llama3.2-vision",
        "qwen2.5:7b",
        "/home/glyph/llama-7b",
    ],
)
def test_another_version_is_another_model(spelt: str) -> None:
    """A version number after a known name is not taken for a size: its rule may differ."""
    with pytest.raises(ProfileError, match="no model profile"):
        ModelProfile.from_name(spelt)


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
    ],
)
def test_what_would_end_a_turn_or_fake_an_image_is_among_the_special_tokens(name: str, token: str) -> None:
    """The strings that matter most, one by one."""
    assert token in ModelProfile.from_name(name).special_tokens
