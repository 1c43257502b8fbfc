"""Special tokens in text are broken visibly, reversibly, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.tokens import defuse, restore

FAMILIES = {
    "GLM": ["<|image|>", "<|user|>", "<|begin_of_image|>", "<|endoftext|>", "[gMASK]", "<sop>", "</answer>"],
    "Qwen": ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|image_pad|>", "<tool_call>"],
    "InternVL": ["<img>", "</img>", "<IMG_CONTEXT>", "<image>"],
    "Gemma": [
        "<start_of_image>",
        "<image_soft_token>",
        "<start_of_turn>",
        "<bos>",
        "<|turn>",
        "<turn|>",
        "<unused7>",
    ],
    "Mistral": ["[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]", "</s>"],
    "DeepSeek": ["<｜begin▁of▁sentence｜>", "<｜User｜>", "<think>", "</think>", "<|grounding|>"],
    "LLaVA": ["<image>", "<video>", "<unk>"],
    "SmolVLM": ["<fake_token_around_image>", "<global-img>", "<row_1_col_2>", "<end_of_utterance>"],
    "Kimi": ["<|media_begin|>", "<|media_pad|>", "<|im_user|>", "<|im_middle|>", "[EOS]"],
    "Hunyuan": ["<｜hy_User｜>", "<｜hy_place▁holder▁no▁102｜>"],
    "ERNIE": ["<|IMAGE_START|>", "<|image@placeholder|>", "<|end_of_sentence|>"],
    "MiniMax": ["]<]image[>[", "]<]start of image[>[", "]~b]", "[e~["],
    "MiniCPM": ["<slice>", "</slice>", "<image_id>", "</image>"],
    "dots": ["<|img|>", "<|imgpad|>", "<|endofuser|>"],
    "llama.cpp": ["<__media__>"],
}
TOKENS = [token for family in FAMILIES.values() for token in family]

texts_with_tokens = st.lists(
    st.sampled_from([*TOKENS, "\\", "<", "|", ">", "[", "<\\", "IMG]", "a", " ", "\n"]) | st.text(max_size=3)
).map("".join)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_token_of_a_known_family_survives(family: str) -> None:
    """A token written into a message is no longer in the text that is sent."""
    for token in FAMILIES[family]:
        assert token not in defuse(f"before {token}{token} after")


def test_one_visible_backslash_is_all_that_changes() -> None:
    """The reader of the text still sees what was written."""
    assert defuse("see <|image|>, [IMG] and </s>") == "see <\\|image|>, [\\IMG] and <\\/s>"


@pytest.mark.parametrize(
    "text",
    ["a < b | c > d", "<div class='x'>", "list[int] | None", "x[MASKED]", "a <| b |> c", "C:\\new", "<>"],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Code, markup and comparisons are sent as they are."""
    assert defuse(text) == text


def test_a_models_own_tokens_can_be_added() -> None:
    """What no family is known for is broken when it is named."""
    assert defuse("now @@PAGE@@ comes", special_tokens=["@@PAGE@@"]) == "now @\\@PAGE@@ comes"


@given(texts_with_tokens)
def test_no_text_whatever_brings_a_token_through(text: str) -> None:
    """Neither overlapping tokens nor backslashes already there let one pass."""
    sent = defuse(text)
    assert not [token for token in TOKENS if token in sent]


@given(texts_with_tokens)
def test_restoring_gives_the_text_back(text: str) -> None:
    """Breaking is reversible, also for text that already looks broken."""
    assert restore(defuse(text)) == text


def test_half_a_surrogate_pair_is_sent_as_its_number() -> None:
    """What UTF-8 cannot carry is written out instead of failing the whole request."""
    assert defuse("a\ud83db") == "a\\u{d83d}b"
