"""Long memory for LlamaIndex on self-hosted vision-language models: old messages and documents become pages.

`GlyphMemory` for agents and chat engines, `GlyphMemoryBlock` for LlamaIndex's own `Memory`, `GlyphOpenAILike` for what
an agent does within one run; `GlyphReader`, `PageNodeParser` and `PagePostprocessor` for documents. Each is loaded when
it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llama_index.memory.glyph.base import GlyphMemory as GlyphMemory
    from llama_index.memory.glyph.block import GlyphMemoryBlock as GlyphMemoryBlock
    from llama_index.memory.glyph.chat_store import GlyphChatStore as GlyphChatStore
    from llama_index.memory.glyph.documents import PageNodeParser as PageNodeParser
    from llama_index.memory.glyph.documents import ParserFields as ParserFields
    from llama_index.memory.glyph.llm import GlyphOpenAILike as GlyphOpenAILike
    from llama_index.memory.glyph.local import GlyphLLM as GlyphLLM
    from llama_index.memory.glyph.messages import PageImageBlock as PageImageBlock
    from llama_index.memory.glyph.messages import turn_of as turn_of
    from llama_index.memory.glyph.option_values import Calibration as Calibration
    from llama_index.memory.glyph.option_values import DrawnStyle as DrawnStyle
    from llama_index.memory.glyph.option_values import Policy as Policy
    from llama_index.memory.glyph.option_values import Style as Style
    from llama_index.memory.glyph.postprocessor import PagePostprocessor as PagePostprocessor
    from llama_index.memory.glyph.prices import Prices as Prices
    from llama_index.memory.glyph.profiles import Profile as Profile
    from llama_index.memory.glyph.prompt_helper import PagePromptHelper as PagePromptHelper
    from llama_index.memory.glyph.reader import GlyphReader as GlyphReader
    from llama_index.memory.glyph.request import GlyphFoldEvent as GlyphFoldEvent
    from llama_index.memory.glyph.store_field import ChatStore as ChatStore
    from llama_index.memory.glyph.stored_messages import message_of as message_of
    from llama_index.memory.glyph.structured import structure_output as structure_output
    from llama_index.memory.glyph.tools import recall_tools as recall_tools

__version__ = "0.1.0"

_MODULES = {
    "Calibration": "option_values",
    "ChatStore": "store_field",
    "DrawnStyle": "option_values",
    "GlyphChatStore": "chat_store",
    "GlyphFoldEvent": "request",
    "GlyphLLM": "local",
    "GlyphMemory": "base",
    "GlyphMemoryBlock": "block",
    "GlyphOpenAILike": "llm",
    "GlyphReader": "reader",
    "PageImageBlock": "messages",
    "PageNodeParser": "documents",
    "PagePostprocessor": "postprocessor",
    "PagePromptHelper": "prompt_helper",
    "ParserFields": "documents",
    "Policy": "option_values",
    "Prices": "prices",
    "Profile": "profiles",
    "Style": "option_values",
    "message_of": "stored_messages",
    "recall_tools": "tools",
    "structure_output": "structured",
    "turn_of": "messages",
}

__all__ = [*_MODULES, "__version__"]  # noqa: PLE0604 - names from a table, which a test holds against the imports above


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
