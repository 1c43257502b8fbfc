"""Contexts of messages that somebody else wrote: in order, and as chat templates take them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from glyph_memory import (
    AttachmentPart,
    ImagePart,
    Message,
    Part,
    Text,
    ToolCall,
    TurnError,
    context_from_messages,
    image_part,
)


def _draw(kind: str, size: tuple[int, int] = (30, 20)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, kind)
    return file.getvalue()


def _kinds(message: Message) -> list[str]:
    return [part.text if isinstance(part, Text) else type(part).__name__ for part in message.parts]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_is_sent_byte_for_byte(kind: str) -> None:
    """With the size and the type that its file says."""
    part = image_part(_draw(kind))
    assert (part.data, part.size, part.media_type) == (_draw(kind), (30, 20), f"image/{kind.lower()}")


def test_other_formats_become_png_and_broken_files_are_told() -> None:
    """In one line, with what to do."""
    assert image_part(_draw("TIFF")).data.startswith(b"\x89PNG")
    with pytest.raises(TurnError, match=r"a picture of 4 bytes cannot be shown: .* give a PNG or JPEG file"):
        image_part(b"gone")


def test_texts_and_pictures_keep_their_order() -> None:
    """Captions stand above their pages."""
    page = image_part(_draw("PNG"))
    context = context_from_messages([Message(role="user", parts=["Page 1:", page, "Page 2:", page, "When?"])])
    assert _kinds(context.messages[0]) == ["Page 1:", "ImagePart", "Page 2:", "ImagePart", "When?"]


def test_what_stands_before_the_pictures_of_the_first_message_is_marked_as_what_stays() -> None:
    """Readers keep that; what is said behind them, and later, is a turn's own."""
    page = image_part(_draw("PNG"))
    parts: list[str | Part] = ["Pages:", page, "Page 2:", page, "When?"]
    said = [
        Message(role="system", parts="Be brief."),
        Message(role="user", parts=parts),
        Message(role="user", parts=parts),
    ]
    kinds = [
        [part.kind for part in message.parts if isinstance(part, Text)]
        for message in context_from_messages(said).messages
    ]
    assert kinds == [["said"], ["caption", "caption", "said"], ["said"] * 3]


def test_leading_system_messages_become_one() -> None:
    """Many templates take one; a later one stays where it is."""
    said = [
        ("system", "Be brief."),
        ("system", "Be kind."),
        ("user", "Hello."),
        ("system", "Now be long."),
    ]
    context = context_from_messages([Message(role=role, parts=text) for role, text in said])  # type: ignore[arg-type]  # mypy widens the tuples' first
    assert [message.role for message in context.messages] == ["system", "user", "system"]
    assert context.messages[0].text == "Be brief.\n\nBe kind."


def test_pictures_of_a_tool_are_shown_by_a_user_after_all_results() -> None:
    """Templates take none between a call and its results; each stands under a line that says whose it is."""
    page = image_part(_draw("PNG"))
    calls = (ToolCall(name="see", arguments="{}", id="1"), ToolCall(name="see", arguments="{}", id="2"))
    context = context_from_messages(
        [
            Message(role="user", parts="Look."),
            Message(role="assistant", parts=(), tool_calls=calls),
            Message(role="tool", parts=["Seen.", page], tool_call_id="1"),
            Message(role="tool", parts="Nothing.", tool_call_id="2"),
            Message(role="assistant", parts="A gate."),
        ]
    )
    assert [message.role for message in context.messages] == [
        "user",
        "assistant",
        "tool",
        "tool",
        "user",
        "assistant",
    ]
    assert _kinds(context.messages[2]) == ["Seen."]
    assert [message.tool_call_id for message in context.messages[2:4]] == ["1", "2"]
    assert _kinds(context.messages[4]) == [
        "(Picture 1 that came with the tool's message, no page of the conversation:)",
        "ImagePart",
        "(End of the tool's pictures.)",
    ]


def test_what_a_user_is_to_show_joins_the_users_next_message() -> None:
    """Before what was said there, so that roles alternate; what was not the user's has lines round it."""
    file = AttachmentPart(block="{}", name="plan.pdf")
    context = context_from_messages(
        [Message(role="system", parts=["See this.", file]), Message(role="user", parts="When?")]
    )
    assert [message.role for message in context.messages] == ["system", "user"]
    assert [part for part in context.messages[1].parts if not isinstance(part, Text)] == [file]
    assert _kinds(context.messages[1])[-1] == "When?"


def test_a_longer_conversation_begins_as_the_shorter_one_did() -> None:
    """So that what was computed for it is found again."""
    page = image_part(_draw("PNG"))
    said = [
        Message(role="system", parts="Be brief."),
        Message(role="user", parts=["Page 1:", page, "When?"]),
        Message(role="assistant", parts="", tool_calls=(ToolCall(name="see", arguments="{}", id="1"),)),
        Message(role="tool", parts=[page], tool_call_id="1"),
        Message(role="assistant", parts="14:05"),
        Message(role="user", parts="And then?"),
    ]
    whole = context_from_messages(said).messages
    for count in (2, 4, 5):
        begun = context_from_messages(said[:count]).messages
        assert whole[: len(begun)] == begun
    assert sum(isinstance(part, ImagePart) for message in whole for part in message.parts) == 2


def test_nothing_is_a_context_of_nothing() -> None:
    """No message is made up."""
    assert context_from_messages([]).messages == ()
