"""What a call of `ChatGlyph` may say of its sampling, and what it is refused.

Knows the keywords that LangChain passes on; knows nothing about messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast

from glyph_memory import SamplingFields

SAMPLING = tuple(SamplingFields.__annotations__)
"""The keywords of sampling."""
CAPABILITIES: Mapping[str, bool] = {
    "text_inputs": True,
    "image_inputs": True,
    "image_tool_message": True,  # shown by a user, after the result
    "image_url_inputs": False,
    "pdf_inputs": False,
    "audio_inputs": False,
    "video_inputs": False,
    "text_outputs": True,
    "tool_calling": False,
    "structured_output": False,
}
"""What a reader can do, as LangChain's model profiles have it."""
_NO_TOOLS = (
    "ChatGlyph takes no {what}: a reader is given messages and pages, and neither tools nor a schema. Serve the model "
    "with vLLM (vllm serve … --enable-auto-tool-choice) and use ChatOpenAI(base_url=…)"
)
_TOOL_WORDS = frozenset({"tools", "tool_choice", "functions", "function_call", "response_format"})
_IGNORED = frozenset({"stream"})
"""Keywords of a call that LangChain means for itself."""


def read_call(more: Mapping[str, Any], stop: Sequence[str] | None) -> SamplingFields:
    """Return the sampling that a call asks for.

    Args:
        more: Its keywords.
        stop: Texts at which it ends, as LangChain gives them.

    Raises:
        NotImplementedError: It brings tools.
        TypeError: There is no such keyword.
    """
    for name, value in more.items():
        if name in _TOOL_WORDS and value:
            refuse(name)
        if name not in {*SAMPLING, *_IGNORED, *_TOOL_WORDS}:
            raise TypeError(f"unexpected keyword {name!r} of a call; there are {', '.join(SAMPLING)}")
    called = {name: more[name] for name in SAMPLING if more.get(name) is not None}
    texts = [stop] if isinstance(stop, str) else [*(stop or ())]
    return cast("SamplingFields", called | ({"stop": texts} if texts else {}))


def refuse(what: str) -> NoReturn:
    """Raise an error that names what can do it.

    Raises:
        NotImplementedError: Always.
    """
    raise NotImplementedError(_NO_TOOLS.format(what=what))
