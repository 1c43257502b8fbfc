"""Documents, audio, video and pictures by address: blocks of their message, then blocks beside its pages."""

from __future__ import annotations

import warnings

import pytest
from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    VideoBlock,
)
from llama_index.memory.glyph import GlyphMemory

from glyph_memory import GlyphMemoryWarning

CONTRACT = DocumentBlock(data=b"%PDF-1.7 /Type /Page", title="contract.pdf")


def talk(*blocks: ContentBlock, count: int = 90) -> list[ChatMessage]:
    """Return a long conversation that begins with files."""
    messages = [ChatMessage(role="user", blocks=[TextBlock(text="Here it is."), *blocks])]
    for number in range(count):
        messages.append(
            ChatMessage(role="assistant", content="The parcel left the second floor at noon. " * 30)
        )
        messages.append(ChatMessage(role="user", content=f"And order {number}? " * 20))
    return messages


@pytest.mark.parametrize(
    "block",
    [
        CONTRACT,
        AudioBlock(audio=b"RIFF", format="wav"),
        VideoBlock(video=bytes(30), video_mimetype="video/mp4"),
        ImageBlock(url="https://a.b/plan.png"),
    ],
    ids=lambda block: str(block.block_type),
)
def test_a_sealed_file_rides_beside_the_pages_as_the_block_it_was(block: ContentBlock) -> None:
    """Under a caption, and without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        sent = [
            held
            for message in GlyphMemory.from_defaults(chat_history=talk(block)).get()
            for held in message.blocks
        ]
    place = sent.index(block)
    caption = sent[place - 1]
    assert isinstance(caption, TextBlock)
    assert caption.text.startswith("§1, its attachment 1, ")


def test_a_file_that_is_too_large_is_named_in_its_place_and_warned_of() -> None:
    """The model reads that it is missing."""
    large = DocumentBlock(data=b"%PDF-1.7 " + b"/Type /Page\n" * 40, title="large.pdf")
    with pytest.warns(GlyphMemoryWarning, match=r"'large.pdf' .* Raise attachments_tokens"):
        sent = GlyphMemory.from_defaults(chat_history=talk(large)).get()
    assert '"large.pdf", is no longer sent' in str(sent[0].content)


def test_the_cores_store_gives_files_back_as_blocks() -> None:
    """While their message is text, too."""
    memory = GlyphMemory.from_store(":memory:", session="alice")
    memory.put_messages(talk(CONTRACT, count=0))
    (message,) = memory.get()
    assert message.blocks[-2] == CONTRACT
    assert memory.get_all() == talk(CONTRACT, count=0)
