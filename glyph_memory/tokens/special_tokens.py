"""How special tokens are broken wherever they stand in text that is sent.

Otherwise a turn could end its own message or fake an image. Knows the shapes of special tokens and the words of the
families that are known here; knows nothing about who sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_GENERIC = (
    r"<\|[^\s<>|]{1,64}\|?>",  # GLM, Qwen, Llama, Kimi, Phi: <|image|>; Gemma 4 opens with <|turn>
    r"<[^\s<>|]{1,64}\|>",  # … and closes with <turn|>
    r"<｜[^\s<>｜]{1,64}｜>",  # DeepSeek, with full-width bars
    r"<row_\d+_col_\d+>",  # Idefics, SmolVLM
    r"<unused\d+>",  # Gemma
    r"\]<\][^\[\]<>]{1,64}\[>\[",  # MiniMax: ]<]image[>[
)
_WORDS = (
    # GLM
    *("[gMASK]", "[sMASK]", "[MASK]", "<sop>", "<eop>", "<answer>", "</answer>"),
    # Qwen, GLM, DeepSeek: some chat templates cut text at these, too
    *("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"),
    # LLaVA, InternVL, DeepSeek-OCR, SmolVLM, Idefics
    *(
        "<image>",
        "<video>",
        "<img>",
        "</img>",
        "<IMG_CONTEXT>",
        "<quad>",
        "</quad>",
        "<ref>",
        "</ref>",
        "<box>",
    ),
    *("</box>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"),
    # Gemma, Llama, sentencepiece models
    *("<bos>", "<eos>", "<pad>", "<unk>", "<mask>", "<s>", "</s>", "<start_of_turn>", "<end_of_turn>"),
    *("<start_of_image>", "<end_of_image>", "<image_soft_token>"),
    # Mistral, Pixtral
    *(
        "[INST]",
        "[/INST]",
        "[IMG]",
        "[IMG_BREAK]",
        "[IMG_END]",
        "[AUDIO]",
        "[SYSTEM_PROMPT]",
        "[/SYSTEM_PROMPT]",
    ),
    *(
        "[AVAILABLE_TOOLS]",
        "[/AVAILABLE_TOOLS]",
        "[TOOL_CALLS]",
        "[TOOL_RESULTS]",
        "[/TOOL_RESULTS]",
        "[ARGS]",
    ),
    *("[TOOL_CONTENT]", "[CALL_ID]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[THINK]", "[/THINK]"),
    # MiniMax, MiniCPM, Kimi
    *(
        "]~!b[",
        "]~b]",
        "[e~[",
        "]!d~[",
        "]!p~[",
        "<slice>",
        "</slice>",
        "<image_id>",
        "</image_id>",
        "</image>",
    ),
    *("[BOS]", "[EOS]", "[EOT]"),
    # llama.cpp puts a picture wherever this stands
    *("<__media__>", "<__image__>"),
)


def defuse(text: str, *, special_tokens: Sequence[str] = ()) -> str:
    r"""Break every special token in a text with one visible backslash; `restore` takes them out again.

    Literal backslashes in the same place grow by one as well, so that no two texts become the same. A lone
    surrogate, which cannot be sent at all, becomes its number, as it does on a page; that alone is not
    undone.

    Args:
        text: What is about to be sent as text.
        special_tokens: The target model's own, in addition to those of the families known here.

    Example:
        >>> defuse("What does <|image|> mean?")
        'What does <\\|image|> mean?'
        >>> restore(defuse("What does <|image|> mean?"))
        'What does <|image|> mean?'
        >>> defuse("a < b and <div> stay")
        'a < b and <div> stay'
    """
    text = _SURROGATE.sub(lambda match: f"\\u{{{ord(match[0]):x}}}", text)
    return _pattern(tuple(special_tokens), broken=False).sub(r"\g<0>\\", text)


def restore(text: str, *, special_tokens: Sequence[str] = ()) -> str:
    """Undo `defuse`, for instance in an answer that quotes what was sent."""
    return _pattern(tuple(special_tokens), broken=True).sub(lambda match: match[0][:-1], text)


_SURROGATE = re.compile("[\ud800-\udfff]")


@lru_cache(maxsize=32)
def _pattern(special_tokens: tuple[str, ...], *, broken: bool) -> re.Pattern[str]:
    """Return a regex for the first character of each token, so that overlapping tokens are all found."""
    literals = (re.escape(token) for token in (*_WORDS, *special_tokens) if len(token) > 1)
    return re.compile("|".join(_heads((*_GENERIC, *literals), backslash=r"\\" if broken else "")))


def _heads(tokens: Iterable[str], *, backslash: str) -> list[str]:
    rests: dict[str, list[str]] = {}
    for token in tokens:
        length = 2 if token[0] == "\\" else 1  # an escaped first character
        rests.setdefault(token[:length], []).append(token[length:])
    return [rf"{head}{backslash}(?=\\*(?:{'|'.join(rest)}))" for head, rest in rests.items()]
