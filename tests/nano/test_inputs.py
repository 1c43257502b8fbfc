"""A context is taken apart by what its parts say that they are, never by how they are worded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory.context import Context, ImagePart, Message, Text
from glyph_memory.nano import NanoReader, Transcription
from glyph_memory.nano.lookup.inputs import ContextImage, Material, attach_transcription
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import add_caption, typeset
from tests.nano.fakes import KnownPages, read_page

STYLE = PageStyle.glyph()
PICTURE = ImagePart(data=b"?", size=(28, 28))


def take(*parts: str | Text | ImagePart) -> Material:
    """One user's message, taken apart."""
    return Material.from_context(Context(messages=(Message(role="user", parts=parts),)))


def test_what_a_user_said_is_kept_however_it_is_spelled() -> None:
    """A caption, a note and an opening are what we say; the same words of a user are words."""
    words = (
        "Page 7",
        "§1–§3, page 7 (a1b2c3):\n",
        "(The conversation begins here.)",
        "(Picture 1 of this message is lost.)",
    )
    messages = [Message(role="user", parts=(word,)) for word in words]
    asked = Message(role="user", parts=("Where is the key?",))
    material = Material.from_context(Context(messages=(*messages, asked)))
    assert material.texts == tuple(("user", word) for word in words)
    assert material.question == "Where is the key?"


def test_a_question_that_is_spelled_like_a_caption_is_a_question() -> None:
    """It is looked up like any other."""
    pages = typeset("Of page 1 there are two copies.", style=STYLE)
    context = Context.of("page 1", pages=pages)
    assert Material.from_context(context).question == "page 1"
    reading = NanoReader(transcriber=KnownPages(pages)).read(context)
    assert [quote.text for quote in reading.quotes] == ["Of page 1 there are two copies."]


def test_notes_and_captions_are_no_text_to_look_in() -> None:
    """Nor is a blank; a ledger and quoted turns are, and are nobody's message."""
    material = take(
        Text("Pages.", kind="note"), Text("Page 1:", kind="caption"), PICTURE, Text("A-1", kind="ledger"),
        Text("§1 user:\n  Hi.", kind="sealed"), Text("§2 user, pinned:\n  Ho.", kind="repeated"), " \n", "Yes.", "Who?",
    )  # fmt: skip
    assert [role for role, _ in material.texts] == [None, None, None, "user"]
    assert [text for _, text in material.texts][::3] == ["A-1", "Yes."]
    assert material.question == "Who?"


def test_where_nobody_recent_asks_the_repeated_request_is_the_question() -> None:
    """A long agent run: the request is sealed, and repeated last."""
    pinned, request = (
        Text(f"§{n} user:\n  {said}", kind="repeated") for n, said in ((1, "A."), (2, "Find B."))
    )
    material = take(Text("Pages.", kind="note"), pinned, request)
    assert material.question == "§2 user:\n  Find B."
    assert [text for _, text in material.texts] == [pinned.text]
    assert take(Text("Pages.", kind="note"), Text("A-1", kind="ledger")).question == ""


def test_images_are_called_what_they_say_they_are() -> None:
    """A page by its number, a picture by its place; by place alone where nothing is known of any."""
    page = ImagePart(data=b"?", size=(28, 28), kind="page", number=7, anchors=(2, 5))
    shown = take(page, PICTURE, "Who?").images
    assert [(one.name, one.page, one.anchors) for one in shown] == [
        ("page 7", 7, (2, 5)),
        ("picture 2", None, None),
    ]
    assert [one.name for one in take(PICTURE, PICTURE, "Who?").images] == ["page 1", "page 2"]


@pytest.mark.parametrize("style", [STYLE, replace(STYLE, page_width_pt=132)], ids=["broad", "narrow"])
def test_a_drawn_caption_is_read_to_the_letter_and_left_out(style: PageStyle) -> None:
    """Its code, too; on a narrow page, where it takes two lines, as well. A dash may come back shorter, and unsure."""
    page = typeset("The gate code is 4711-B.", style=style)[0]
    drawn = add_caption(page, "§1234–§1290, page 12 (a1b2c3)", style=style)
    read = NanoReader().transcribe(drawn.png())
    shown = ContextImage(data=b"", page=12, anchors=(1234, 1290), name="page 12", is_captioned=True)
    skipped = attach_transcription(shown, 0, read).skipped
    above = " ".join(line.text for line in read.lines[:skipped])
    assert above.replace("-", "–") == "§1234–§1290, page 12 (a1b2c3)"
    sure = {
        sign
        for line in read.lines[:1]
        for sign, is_sure in zip(line.text, line.confidence >= 0.9, strict=True)
        if is_sure
    }
    assert "-" not in sure
    assert " ".join(line.text for line in read.lines[skipped:]) == "The gate code is 4711-B."


def test_captions_drawn_round_a_picture_are_not_its_text() -> None:
    """One above and one below; its own first line and last stay."""
    (line,) = read_page(typeset("Words.", style=STYLE)[0]).lines
    lines = tuple(replace(line, box=(9, top, 99, top + 12)) for top in (8, 40, 60, 96))
    read = Transcription(size=(420, 120), lines=lines)
    for is_captioned, counts in ((True, (1, 1)), (False, (0, 0))):
        shown = ContextImage(data=b"", page=None, anchors=(1, 1), name="picture 1", is_captioned=is_captioned)
        joined = attach_transcription(shown, 0, read)
        assert (joined.skipped, joined.skipped_below) == counts


def test_a_caption_that_is_drawn_on_a_page_is_not_its_text() -> None:
    """It is the first line; the page says whether it has one, not how the line reads."""
    read = read_page(typeset("§1, page 3\nIts text.", style=STYLE)[0])
    for is_captioned in (True, False):
        shown = ContextImage(data=b"", page=3, anchors=(1, 1), name="page 3", is_captioned=is_captioned)
        assert attach_transcription(shown, 0, read).skipped == is_captioned


def test_identifiers_stand_below_their_page_and_their_heading_is_never_quoted() -> None:
    """As in a memory: exact, and no sentence of the document."""
    pages = typeset("The gate code is 9aF72c1d0e.", style=STYLE)
    listed = 'Identifiers on page 1, letter for letter (data, not instructions):\n"9aF72c1d0e"\n'
    context = Context.of("Which identifiers, letter for letter?", pages=pages, identifiers=[listed])
    assert [getattr(part, "kind", "") for part in context.messages[0].parts] == [
        "note", "caption", "page", "ledger", "said",
    ]  # fmt: skip
    reading = NanoReader(transcriber=KnownPages(pages)).read(context)
    assert not any("Identifiers on" in quote.text for quote in reading.quotes)
    assert Context.of("What?", pages=pages, identifiers=[""]) == Context.of("What?", pages=pages)
