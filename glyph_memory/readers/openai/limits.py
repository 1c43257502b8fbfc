"""What a server's sentence says of its limits: that the prompt is too long and by how much, or that it takes no images.

The sentences are those of vLLM (old and new), SGLang, llama.cpp, Ollama, LM Studio, TGI, LMDeploy, LiteLLM, OpenRouter
and the big APIs; `tests/readers/limit_words.json` holds them. Knows sentences, whoever repeats them; knows nothing of
status codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from glyph_memory.folding import FoldPolicy

_MOST_CHARS = 50_000
"""How much of a message is looked at, from its beginning and from its end; servers repeat the prompt in it."""
_LEAST_WINDOW_TOKENS = 1024
"""Below this no policy works."""
_N = r"(\d[\d,]{0,11})"
"""A number of tokens; none is longer, and a hostile one costs nothing."""


def _compile(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _compile_each(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern.replace("#", _N), re.IGNORECASE) for pattern in patterns)


# A model's s may be spelled with a backslash, where a client prints the body of an answer.
_TOO_LONG = _compile(
    r"maximum (context|model|prompt) length",  # vLLM, OpenAI, DeepSeek, SGLang, OpenRouter, Mistral, xAI
    r"context length is only \d",  # vLLM 0.16
    r"(longer|greater) than the (model\W{1,2}s )?(maximum )?context length",  # SGLang, Together; LM Studio; Ollama
    r"too long to fit into the model",  # older vLLM, with images
    r"exceeds the maximum (number of tokens allowed|allowed (input )?length)",  # Gemini; SGLang's scheduler, Baseten
    r"exceed_context_size_error|available context size|larger than the max context size",  # llama.cpp
    r"context size has been exceeded",  # LM Studio
    r"keep the first \d+ tokens when context|n_keep\W.{0,40}n_ctx",  # LM Studio
    r"exceeds the (model\W{1,2}s )?context (window|length|limit)|exceeds? context (window|length|limit)",  # OpenAI
    r"(input length|the prompt|your prompt|the input)\b.{0,40} exceeds the context",  # Ollama
    r"context.window.exceed|context.length.exceed|model_context_window_exceeded",  # LiteLLM, MiniMax, OpenAI, z.ai
    r"prompt is too long|prompt too long|input is too long",  # Anthropic, Fireworks; Ollama's cloud; Bedrock
    r"input token count.{0,60}only supports up to|token count of \d+ exceeds the limit",  # Vertex; Copilot
    r"exceeded model token limit",  # Moonshot
    r"too large for model with \d",  # Mistral
    r"configured context size is|exceeds? the configured limit of \d",  # DS4, Azure
    r"`inputs` tokens \+ `max_new_tokens` must be|`inputs` must have less than",  # TGI
    r"range of input length should be",  # DashScope
    r"exceeds? (the )?(session[_ ]len|session max length)",  # LMDeploy
    r"reduce the length of (the|your) (messages|input|prompt)",  # Groq, and the end of many others
    r"tokens in request more than max tokens allowed",
    r"max_tokens must be at least 1, got (-|0)",  # vLLM, once the prompt alone fills the window
    r"max_tokens=\d+ cannot be greater than max_model_len",  # vLLM 0.32
)
_TOO_OFTEN = _compile(r"rate.?limit|throttl|too many requests|tokens per (minute|day)|\bTPM\b|quota")
_WINDOW = _compile_each(
    r"maximum (?:context|model|prompt) length(?: is| of|:)?\s*(?:only )?\(?#",
    r"context length(?: is| of)?(?: only)?\s*\(?#",
    r"(?:context size|context window)(?: is| of)?\s*\(?#",
    r"tokens? > #\s+maximum",
    r"tokens allowed\s*\(?#",
    r"too large for model with # ",
    r"must be <= ?#",
    r"must have less than # tokens",
    r"maximum allowed (?:input )?length\s*(?:of )?\(?#",
    r"(?:exceeds the limit of|configured limit of|only supports up to|token limit:) #",
    r"input length should be \[\d+, ?#\]",
    r"\bn_ctx\W{1,4}#",
    r"session[_ ]len\W{1,4}(?:of )?#",
    r"greater than max_model_len=#",
)  # fmt: skip
_PROMPT = _compile_each(
    r"prompt contains (?:at least )?# (?:input )?tokens",
    r"(?:request has|you passed) # input tokens",
    r"# tokens from the input messages",
    r"messages resulted in # tokens",
    r"prompt \((?:total )?length #\)",
    r"(?:input|request) \(# tokens\)",
    r"input length:? \(?#",
    r"prompt has # tokens",
    r"prompt is too long: #",
    r"(?:input|prompt)? ?token count (?:of |is )?\(?#",
    r"request contains # tokens",
    r"given: #",
    r"\(requested: #\)",
    r"keep the first # tokens",
    r"n_prompt_tokens\W{1,4}#",
    r"\bn_keep\W{1,4}#",
    r"requested # tokens in the messages",
)
_PROMPT_PARTS = re.compile(_N + r" (?:in the messages|in your prompt|in the functions|of \w+ input)")
_OUTPUT = _compile_each(
    r"requested # output tokens",
    r"# in the (?:completion|output)",
    r"# (?:tokens )?for the completion",
    r"# `max_new_tokens`",
    r"is too large: #",
    r"max_tokens=# cannot",
)
_ALL_OF_IT = _compile_each(r"requested (?:about |a total of )?# tokens")
_MANY_IMAGES = re.compile(
    r"At most (?P<vllm>\d{1,6}) image\(s\) may be provided|Image count \d+ exceeds limit (?P<sglang>\d{1,6})"
    r"|You set \W{0,6}image\W{1,6}(?P<old_vllm>\d{1,6})\b",
    re.IGNORECASE,
)
_NO_IMAGES = _compile(
    r"is not a multimodal model|not a vision model",  # vLLM
    r"(image|vision|multi-?modal)( inputs?| content)? (is|are) not (supported|enabled)",  # llama.cpp, SGLang, xAI
    r"images are not supported|image_url\W{0,2} is not supported",
    r"(does not|doesn\W{1,2}t|do not) (support|accept) (any )?"
    r"(images?\b(?! (format|generat|edit|type|larger|from|of|in ))|vision|visual|multi-?modal)",
    r"no endpoints found that support image",  # OpenRouter
    r"image_url is only supported by certain models",  # OpenAI
    r"image input modality is not enabled",  # Gemini
    r"only \W{0,2}text\W{0,2} content type is supported",  # mlx-lm
    r"unknown variant \W{0,2}image_url",  # DeepSeek
    r"missing data required for image input",  # Ollama
    r"\bcontent\W{0,2} must be a string",  # Groq
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Overflow:
    """What a server says of a prompt that is too long for it; `None` where the sentence does not say."""

    window_tokens: int | None = None
    """What it takes, prompt and answer together; of some servers, the prompt alone."""
    prompt_tokens: int | None = None
    """What the prompt was, at least, as the server counts."""
    output_tokens: int | None = None
    """What the request left free for the answer."""

    @property
    def leaves_no_prompt(self) -> bool:
        """Whether the longest answer that was asked for takes the whole window, so that no prompt is small enough."""
        window, output = self.window_tokens, self.output_tokens
        return window is not None and output is not None and window - output < _LEAST_WINDOW_TOKENS

    def next_window(self, policy: FoldPolicy, *, sent_tokens: int) -> int:
        """Return the window to fold to, before the same conversation is sent again.

        What the server said where that is smaller than the policy's, less what it counts more than we do, and less what
        was asked for beyond the policy's answer; else three quarters of what was sent. Never below 1,024.

        Args:
            policy: What was folded by.
            sent_tokens: What was sent, as we count it.
        """
        if self.window_tokens is not None:
            window = self.window_tokens - max(0, (self.output_tokens or 0) - policy.output_tokens)
            if self.prompt_tokens is not None and self.prompt_tokens > sent_tokens:
                window = window * sent_tokens // self.prompt_tokens
            if _LEAST_WINDOW_TOKENS <= window < policy.window_tokens:
                return window
        return max(_LEAST_WINDOW_TOKENS, 3 * min(policy.window_tokens, sent_tokens) // 4)


def overflows_window(said: str) -> Overflow | None:
    """Return what a server's error message says of a prompt that is too long; `None` where it is about something else.

    Example:
        >>> overflows_window("prompt is too long: 210000 tokens > 200000 maximum")
        Overflow(window_tokens=200000, prompt_tokens=210000, output_tokens=None)
        >>> overflows_window("Rate limit reached for tokens per minute (TPM)") is None
        True
    """
    said = _shorten(said)
    if _TOO_LONG.search(said) is None or _TOO_OFTEN.search(said) is not None:
        return None
    output = _find_number(_OUTPUT, said)
    parts = [_to_number(found) for found in _PROMPT_PARTS.findall(said)]
    prompt = sum(parts) or _find_number(_PROMPT, said)
    if prompt is None and (total := _find_number(_ALL_OF_IT, said)) is not None:
        prompt = max(0, total - (output or 0))
    return Overflow(window_tokens=_find_number(_WINDOW, said), prompt_tokens=prompt, output_tokens=output)


def refuses_images(said: str) -> bool:
    """Return whether a server's error message means that its model takes no images at all.

    Example:
        >>> refuses_images("Error code: 400 - {'message': 'glm-4 is not a multimodal model'}")
        True
    """
    said = _shorten(said)
    return _NO_IMAGES.search(said) is not None or find_image_limit(said) == 0


def find_image_limit(said: str) -> int | None:
    """Return how many images a server says it takes in a request; `None` where it does not speak of that."""
    found = _MANY_IMAGES.search(_shorten(said))
    return None if found is None else int(next(filter(None, found.groups())))


def _shorten(said: str) -> str:
    return said if len(said) <= 2 * _MOST_CHARS else f"{said[:_MOST_CHARS]}\n{said[-_MOST_CHARS:]}"


def _find_number(patterns: Sequence[re.Pattern[str]], said: str) -> int | None:
    found = next((match for pattern in patterns if (match := pattern.search(said))), None)
    return None if found is None else _to_number(found[1])


def _to_number(digits: str) -> int:
    return int(digits.replace(",", ""))
