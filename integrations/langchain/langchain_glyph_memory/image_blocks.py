"""How pictures are spelled in what is sent: as LangChain's own blocks, or as OpenAI's.

Most clients translate LangChain's own blocks for their server. Some hand every block on as it is, and servers know
OpenAI's alone. Knows messages and blocks; knows nothing about pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar, get_args

from langchain_core.messages import BaseMessage

from glyph_memory import PolicyError

ImageBlocks = Literal["standard", "image_url"]
"""`standard`, LangChain's own blocks; or `image_url`, OpenAI's, for a client that hands blocks on as they are."""

_HANDING_ON = frozenset({"ChatHuggingFace"})
"""Classes of clients that hand blocks on as they are."""

B = TypeVar("B", str | dict[Any, Any], dict[str, Any])


def check_image_blocks(how: ImageBlocks | None) -> None:
    """Check that pictures can be spelled so.

    Raises:
        PolicyError: They cannot.
    """
    if how is not None and how not in get_args(ImageBlocks):
        raise PolicyError(f"image_blocks={how!r} is neither 'standard' nor 'image_url'; give one")


def choose_image_blocks(model: object) -> ImageBlocks:
    """Return how a chat model wants pictures, by its class."""
    names = {kind.__name__ for kind in type(model).__mro__}
    return "image_url" if names & _HANDING_ON else "standard"


def spell_images(message: BaseMessage, how: ImageBlocks) -> BaseMessage:
    """Return a message with its pictures spelled in a way; the same object where nothing changes."""
    content = message.content
    if how == "standard" or isinstance(content, str) or not any(map(_is_own, content)):
        return message
    return message.model_copy(update={"content": spell_image_blocks(content, how)})


def spell_image_blocks(blocks: Sequence[B], how: ImageBlocks) -> list[B]:
    """Return blocks with LangChain's own pictures spelled in a way; the same objects where nothing changes."""
    return [_spell_block(block) if how == "image_url" and _is_own(block) else block for block in blocks]


def _is_own(block: object) -> bool:
    """Return whether a block is a picture in LangChain's own spelling, with its data or its address."""
    return (
        isinstance(block, dict)
        and block.get("type") == "image"
        and any(isinstance(block.get(name), str) for name in ("base64", "url"))
    )


def _spell_block(block: Any) -> Any:  # noqa: ANN401  # a dict, in each of two lists
    data, address = block.get("base64"), block.get("url")
    if isinstance(data, str):
        address = f"data:{block.get('mime_type') or 'image/png'};base64,{data}"
    return {"type": "image_url", "image_url": {"url": address}}
