"""Files that cannot be drawn: blocks of their message, and, once that is sealed, blocks beside its pages."""

from __future__ import annotations

import base64
import warnings
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_glyph_memory import GlyphChatMessageHistory, fold_messages, recall_tools

from glyph_memory import Attachment, FoldPolicy, GlyphMemory, GlyphMemoryWarning, Turn

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAGGqNUgAAAABJRU5ErkJggg=="
TEXT: dict[str, Any] = {"type": "text", "text": "Here it is."}


def pdf(pages: int, name: str = "contract.pdf") -> dict[str, Any]:
    """Return a PDF of so many pages."""
    data = base64.b64encode(b"%PDF-1.7 " + b"/Type /Page\n" * pages).decode()
    return {"type": "file", "base64": data, "mime_type": "application/pdf", "filename": name}


FILES: list[dict[str, Any]] = [
    pdf(1),
    {"type": "image", "url": "https://a.b/plan.png"},
    {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"},
    {"type": "file", "file": {"file_id": "file-7"}},
    {"type": "document", "source": {"type": "url", "url": "https://a.b/c.pdf"}},
    {"type": "media", "mime_type": "video/mp4", "data": b"\x00\x01"},
]


def talk(*blocks: dict[str, Any], count: int = 90) -> list[BaseMessage]:
    """Return a long conversation that begins with a file."""
    messages: list[BaseMessage] = [HumanMessage([TEXT, *blocks])]
    for number in range(count):
        messages += [AIMessage("The parcel left at noon. " * 50), HumanMessage(f"And order {number}? " * 20)]
    return messages


def blocks_of(messages: list[BaseMessage]) -> list[Any]:
    """Return all blocks of all messages."""
    return [block for message in messages if isinstance(message.content, list) for block in message.content]


@pytest.mark.parametrize("block", FILES, ids=lambda block: str(block["type"]))
def test_a_sealed_file_rides_beside_the_pages_as_the_block_it_was(block: dict[str, Any]) -> None:
    """Under a caption, and without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        sent = blocks_of(fold_messages(talk(block)))
    place = sent.index(block)
    assert sent[place - 1]["text"].startswith("§1, its attachment 1, ")
    assert sent[place - 2]["type"] == "image"


def test_a_file_that_is_too_large_is_named_in_its_place_and_warned_of_once() -> None:
    """The model reads that it is missing; whoever runs the program learns of the dial."""
    history = talk(pdf(40, "large.pdf"))
    policy = FoldPolicy(window_tokens=131_072, attachments_tokens=2_000)
    with pytest.warns(GlyphMemoryWarning, match=r"'large.pdf' .* Raise attachments_tokens=2000"):
        sent = blocks_of(fold_messages(history, policy=policy))
    assert pdf(40, "large.pdf") not in sent
    assert any('"large.pdf", is no longer sent' in block.get("text", "") for block in sent)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        fold_messages([*history, AIMessage("Yes."), HumanMessage("And?")], policy=policy)


def test_a_tools_file_is_shown_by_a_user() -> None:
    """After its message, which has the words: servers take files from users only."""
    call = {"name": "read", "args": {}, "id": "c1"}
    answer = ToolMessage([TEXT, pdf(1)], tool_call_id="c1")
    sent = fold_messages([HumanMessage("Read."), AIMessage("", tool_calls=[call]), answer])
    assert sent[-2].content == [TEXT]
    assert pdf(1) in sent[-1].content
    assert answer.content == [TEXT, pdf(1)]


# A history in a database.


@pytest.mark.parametrize("block", [*FILES, {"type": "image", "base64": PIXEL, "mime_type": "image/png"}])
def test_a_history_gives_recent_messages_as_they_were_added(block: dict[str, Any]) -> None:
    """Blocks, pictures, names, ids and metadata; nothing becomes a line of JSON."""
    call = {"name": "look", "args": {"order": 7}, "id": "c1", "type": "tool_call"}
    added: list[BaseMessage] = [
        HumanMessage([TEXT, block, {"type": "text", "text": "See?"}], name="ada", id="m-1", additional_kwargs={"x": 1}),
        AIMessage("", tool_calls=[call], response_metadata={"model_name": "m"}, id="m-2"),
        ToolMessage([TEXT], tool_call_id="c1", artifact={"raw": 7}, id="m-3"),
        HumanMessage("One."),
        HumanMessage("Two."),
    ]  # fmt: skip
    with GlyphChatMessageHistory("alice", ":memory:") as history:
        history.add_messages(added)
        sent = history.messages
        for one, other in zip(sent, added, strict=True):
            kept = {name: value for name, value in one.additional_kwargs.items() if name != "glyph_memory"}
            assert one.model_copy(update={"additional_kwargs": kept}) == other
        history.add_messages(sent)
        assert history.all_messages == added


def test_a_history_sends_sealed_files_beside_its_pages(early: FoldPolicy) -> None:
    """As they were; and a message that was redacted keeps its file, though the message itself is not kept."""

    def redact(turn: Turn) -> Turn:
        return replace(turn, text=turn.text.replace("Here", "[…]"))

    policy = replace(early, attachments_tokens=2_000)
    with GlyphChatMessageHistory("alice", ":memory:", policy=policy, redact=redact) as history:
        history.add_messages(talk(pdf(1), count=0))
        assert history.messages[0].content == [{"type": "text", "text": "[…] it is."}, pdf(1)]
        history.add_messages(talk(pdf(1), count=4)[1:])
        assert pdf(1) in blocks_of(history.messages)


def test_a_history_of_turns_that_the_core_stored_gives_their_attachments() -> None:
    """In the words of whoever gave them."""
    attachment = Attachment(block='{"type": "file", "file": {"file_id": "file-7"}}')
    with GlyphMemory.open(":memory:") as memory:
        memory.extend([Turn(role="user", text="Look.", attachments=(attachment,))])
        (message,) = GlyphChatMessageHistory(memory).messages
    assert message.content == [
        {"type": "text", "text": "Look."},
        {"type": "file", "file": {"file_id": "file-7"}},
    ]


def test_recall_says_that_a_message_had_a_file() -> None:
    """And finds it by its name."""
    with GlyphChatMessageHistory("alice", ":memory:") as history:
        history.add_messages([HumanMessage([TEXT, pdf(1)])])
        recall, _ = recall_tools(history.memory)
        assert (
            recall.invoke({"query": "contract.pdf"})
            == "[§1 user]\n  Here it is.\n  [1 attachment: contract.pdf]"
        )
