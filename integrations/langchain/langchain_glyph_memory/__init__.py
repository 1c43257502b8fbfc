"""Long memory for LangChain on self-hosted vision-language models: old messages and documents become pages.

`GlyphMemoryMiddleware` for agents, `fold_messages` for chains, `GlyphChatMessageHistory` for chatbots, `GlyphLoader`
and `GlyphDocumentCompressor` for documents. Each is loaded when it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_glyph_memory.chat import ChatGlyph as ChatGlyph
    from langchain_glyph_memory.compressor import GlyphDocumentCompressor as GlyphDocumentCompressor
    from langchain_glyph_memory.conversation import FoldedConversation as FoldedConversation
    from langchain_glyph_memory.conversation import afold_conversation as afold_conversation
    from langchain_glyph_memory.conversation import fold_conversation as fold_conversation
    from langchain_glyph_memory.counting import TokenCounter as TokenCounter
    from langchain_glyph_memory.counting import Tool as Tool
    from langchain_glyph_memory.counting import glyph_token_counter as glyph_token_counter
    from langchain_glyph_memory.deepagents import add_subagent_memory as add_subagent_memory
    from langchain_glyph_memory.deepagents import deepagents_memory as deepagents_memory
    from langchain_glyph_memory.documents import Block as Block
    from langchain_glyph_memory.documents import to_content_blocks as to_content_blocks
    from langchain_glyph_memory.folding import Pin as Pin
    from langchain_glyph_memory.folding import fold_messages as fold_messages
    from langchain_glyph_memory.history import GlyphChatMessageHistory as GlyphChatMessageHistory
    from langchain_glyph_memory.image_blocks import ImageBlocks as ImageBlocks
    from langchain_glyph_memory.inputs import Messages as Messages
    from langchain_glyph_memory.loader import GlyphLoader as GlyphLoader
    from langchain_glyph_memory.loader import LoaderFields as LoaderFields
    from langchain_glyph_memory.messages import message_of as message_of
    from langchain_glyph_memory.messages import turn_of as turn_of
    from langchain_glyph_memory.middleware import GlyphMemoryMiddleware as GlyphMemoryMiddleware
    from langchain_glyph_memory.middleware import MiddlewareFields as MiddlewareFields
    from langchain_glyph_memory.pictures import ByteStore as ByteStore
    from langchain_glyph_memory.retriever import GlyphRetriever as GlyphRetriever
    from langchain_glyph_memory.sources import list_sources as list_sources
    from langchain_glyph_memory.stores import PageFolder as PageFolder
    from langchain_glyph_memory.tools import recall_tools as recall_tools
    from langchain_glyph_memory.tracing import hide_pages as hide_pages
    from langchain_glyph_memory.tracing import hide_pages_from as hide_pages_from

__version__ = "0.1.0"

_MODULES = {
    "Block": "documents",
    "ByteStore": "pictures",
    "ChatGlyph": "chat",
    "FoldedConversation": "conversation",
    "GlyphChatMessageHistory": "history",
    "GlyphDocumentCompressor": "compressor",
    "GlyphLoader": "loader",
    "GlyphMemoryMiddleware": "middleware",
    "GlyphRetriever": "retriever",
    "ImageBlocks": "image_blocks",
    "LoaderFields": "loader",
    "Messages": "inputs",
    "MiddlewareFields": "middleware",
    "PageFolder": "stores",
    "Pin": "folding",
    "TokenCounter": "counting",
    "Tool": "counting",
    "add_subagent_memory": "deepagents",
    "afold_conversation": "conversation",
    "deepagents_memory": "deepagents",
    "fold_conversation": "conversation",
    "fold_messages": "folding",
    "glyph_token_counter": "counting",
    "hide_pages": "tracing",
    "hide_pages_from": "tracing",
    "list_sources": "sources",
    "message_of": "messages",
    "recall_tools": "tools",
    "to_content_blocks": "documents",
    "turn_of": "messages",
}

__all__ = [*_MODULES, "__version__"]  # noqa: PLE0604 - names from a table, which a test holds against the imports above


if not TYPE_CHECKING:  # else a checker would take any misspelled name

    def __getattr__(name: str) -> object:
        """Load a public name on first use: the agent modules take a second that a loader need not wait for."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
