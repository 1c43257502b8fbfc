"""A context is what is sent: a question last, pages before it, spelled for a chat server."""

from __future__ import annotations

import base64
import io
from dataclasses import FrozenInstanceError, replace

import pytest
from PIL import Image

from glyph_memory.context import Context, ImagePart, Message, Text
from glyph_memory.page import Page, pixel_digest
from glyph_memory.typesetting import typeset


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    """Two pages."""
    found = typeset("word\n" * 82)
    assert len(found) == 2
    return found


def test_pages_come_before_the_question_each_under_its_caption(pages: list[Page]) -> None:
    """What stays the same from one question to the next comes first, so that a prefix cache holds."""
    (message,) = Context.of("Who signed?", pages=pages).messages
    note, first, one, second, two, question = message.parts
    captions = Text("Page 1:", kind="caption"), Text("Page 2:", kind="caption")
    assert (message.role, (first, second), question) == ("user", captions, Text("Who signed?"))
    assert note == Text("The following images are pages of one text, in order.", kind="note")
    assert isinstance(one, ImagePart)
    assert isinstance(two, ImagePart)
    assert (one.size, two.size) == (pages[0].size, pages[1].size)


def test_two_questions_share_all_but_the_last_part(pages: list[Page]) -> None:
    """To the byte."""
    one, other = (Context.of(question, pages=pages).messages[0].parts for question in ("Who?", "When?"))
    assert one[:-1] == other[:-1]
    assert one[-1] != other[-1]


def test_a_note_of_ones_own_replaces_ours(pages: list[Page]) -> None:
    """At the same place."""
    assert Context.of("Who?", pages=pages, note="A contract.").messages[0].parts[0] == Text(
        "A contract.", kind="note"
    )


def test_without_pages_the_question_stands_alone() -> None:
    """And is spelled as a plain string, which every server's template takes."""
    context = Context.of("Who?", pages=[], note="unused")
    assert context.images == ()
    assert context.to_openai() == [{"role": "user", "content": "Who?"}]


def test_a_page_is_encoded_once(pages: list[Page]) -> None:
    """The same bytes every time; they decode to the page."""
    part = ImagePart.of(pages[0])
    assert part.data == pages[0].png()
    assert part.base64 is part.base64
    assert part.data_url == f"data:image/png;base64,{part.base64}"
    assert pixel_digest(Image.open(io.BytesIO(part.data))) == pages[0].digest


def test_images_are_listed_in_reading_order(pages: list[Page]) -> None:
    """Over all messages."""
    one, two = (ImagePart.of(page) for page in pages)
    context = Context(
        messages=(
            Message(role="user", parts=("a", one)),
            Message(role="assistant", parts=("b",)),
            Message(role="user", parts=(two, "c")),
        )
    )
    assert context.images == (one, two)


def test_messages_are_spelled_for_a_chat_server() -> None:
    """Text parts, image parts as data URLs with their media type, a uuid only where there is one."""
    plain = ImagePart(data=b"\x89PNG", size=(1, 1))
    keyed = ImagePart(data=b"\xff\xd8", size=(1, 1), uuid="k7", media_type="image/jpeg")
    context = Context(
        messages=(
            Message(role="system", parts=("Be brief.", "Be kind.")),
            Message(role="user", parts=("Look:", plain, keyed)),
        )
    )
    png = "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    jpeg = "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8").decode()
    assert context.to_openai() == [
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image_url", "image_url": {"url": png}},
                {"type": "image_url", "image_url": {"url": jpeg}, "uuid": "k7"},
            ],
        },
    ]


def test_a_plain_string_is_what_somebody_said() -> None:
    """Whoever builds a message need not know of kinds, and two spellings of one message are equal."""
    plain = Message(role="user", parts=["Page 7", Text("Note.", kind="note")])
    assert plain.parts == (Text("Page 7", kind="said"), Text("Note.", kind="note"))
    assert plain == Message(role="user", parts=plain.parts)
    assert Message(role="user", parts="Page 7").parts == plain.parts[:1]
    assert Message(role="user", parts=["Note."]) != Message(role="user", parts=[Text("Note.", kind="note")])
    assert replace(plain, role="system").parts == plain.parts
    with pytest.raises(FrozenInstanceError):
        plain.parts = ()  # type: ignore[misc]  # that is the claim


def test_what_a_part_is_is_not_sent() -> None:
    """A request is the same to the byte whatever its parts are called."""
    image = ImagePart(data=b"\x89PNG", size=(1, 1))
    labelled = replace(image, kind="page", number=7, anchors=(1, 3), is_captioned=True)
    plain, typed = (
        Context(messages=(Message(role="user", parts=parts),)).to_openai()
        for parts in ((image, "Page 7:"), (labelled, Text("Page 7:", kind="caption")))
    )
    assert plain == typed


def test_repr_holds_no_image_bytes() -> None:
    """Contexts end up in logs."""
    assert "secret" not in repr(
        Context(messages=(Message(role="user", parts=(ImagePart(data=b"secret", size=(1, 1)),)),))
    )
