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
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike
from llama_index.memory.glyph.asking import count_messages
from llama_index.memory.glyph.origin import list_texts

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
    assert '"large.pdf", is no longer sent' in "".join(list_texts(sent[0].blocks))
    assert "(attachment 'large.pdf' is not shown)" in str(sent[0].content), "where text alone is taken"


def test_the_cores_store_gives_files_back_as_blocks() -> None:
    """While their message is text, too."""
    memory = GlyphMemory.from_store(":memory:", session="alice")
    memory.put_messages(talk(CONTRACT, count=0))
    (message,) = memory.get()
    assert message.blocks[-2] == CONTRACT
    assert memory.get_all() == talk(CONTRACT, count=0)


PLAIN = ChatMessage(role="user", content="Here it is.")
WORDS = "The parcel left the second floor at noon. " * 400


@pytest.mark.parametrize(
    ("block", "least", "most"),
    [
        (DocumentBlock(data=WORDS.encode(), title="a.txt", document_mimetype="text/plain"), 3_500, 4_500),
        (DocumentBlock(data=b"%PDF-1.7 " + b"/Type /Page\n" * 3, title="a.pdf"), 3 * 1_000, 3 * 2_500),
        (ImageBlock(url="https://a.b/plan.png"), 1_000, 2_500),
    ],
    ids=["text", "PDF", "address"],
)
def test_a_file_counts_as_what_it_costs(block: ContentBlock, least: int, most: int) -> None:
    """A text as its text, a PDF by its pages; in a memory over either store, and in an LLM that folds."""
    message = ChatMessage(role="user", blocks=[TextBlock(text="Here it is."), block])
    binder = GlyphOpenAILike(model="glyph", api_key="x").folding().binder
    assert least < count_messages([message], binder) - count_messages([PLAIN], binder) < most
    for memory in (GlyphMemory.from_defaults(), GlyphMemory.from_store(":memory:", session="a")):
        memory.put(message)
        folded = memory._history()
        fold = folded.fold() if callable(folded.fold) else folded.fold
        assert least < fold.tail_tokens < most


@pytest.mark.parametrize(
    "block",
    [
        AudioBlock(audio=b"RIFFa", format="wav"),
        VideoBlock(video=bytes(40), video_mimetype="video/mp4"),
        DocumentBlock(url="https://a.b/c.pdf", title="c.pdf"),
    ],
    ids=lambda block: str(block.block_type),
)
def test_a_file_that_cannot_be_counted_is_warned_of_once(block: ContentBlock) -> None:
    """It counts as nothing, in the memory and in the LLM; the next request says nothing new."""
    message = ChatMessage(role="user", blocks=[TextBlock(text="Here it is."), block])
    memory = GlyphMemory.from_defaults(chat_history=[message])
    with pytest.warns(GlyphMemoryWarning, match="cannot be counted"):
        memory.get()
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        memory.get()
        binder = GlyphOpenAILike(model="glyph", api_key="x").folding().binder
        assert count_messages([message], binder) < 200
    other = message.model_copy(
        update={"blocks": [TextBlock(text="And."), AudioBlock(audio=b"RIFFb", format="wav")]}
    )
    store = GlyphMemory.from_store(":memory:", session=str(block.block_type))
    store.put(
        other.model_copy(update={"blocks": [*other.blocks, VideoBlock(video=block.block_type.encode())]})
    )
    with pytest.warns(GlyphMemoryWarning, match="cannot be counted"):
        store.get()
