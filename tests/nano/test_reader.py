"""The nano reader looks at pixels, remembers what it read, looks through text, too, and says what it could not do."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from glyph_memory.context import Context, ImagePart, Message, Part, Text
from glyph_memory.errors import BadReading, DocumentError, ReaderRefused
from glyph_memory.memory import GlyphMemory
from glyph_memory.nano import NanoReader, Transcription
from glyph_memory.nano.sight.image import Source, load
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset
from tests.nano.fakes import KnownPages, unreadable

STYLE = PageStyle.from_name("glyph").with_snap_px(28)
NOTES = "The gate code is 4711-B.\nAda signs it off.\n"


@pytest.fixture
def pages() -> list[Page]:
    """Return a page of notes."""
    return typeset(NOTES, style=STYLE)


def test_of_a_page_only_the_pixels_are_handed_on(pages: Sequence[Page]) -> None:
    """Whoever transcribes cannot peep at its text."""
    known = KnownPages(pages)
    NanoReader(transcriber=known).transcribe(pages[0])
    assert [type(source) for source in known.asked] == [np.ndarray]
    known.asked.clear()
    NanoReader(transcriber=known).read(Context.of("Gate?", pages=pages))
    assert known.asked == [pages[0].png()]


def test_a_page_is_read_once(pages: Sequence[Page]) -> None:
    """A chat shows the same ones at every turn; what was read longest ago is forgotten first."""
    other = typeset("Nothing here.", style=STYLE)
    known = KnownPages([*pages, *other])
    reader = NanoReader(transcriber=known, cached_pages=1)
    for _ in range(3):
        reader.read(Context.of("Gate?", pages=pages))
    assert len(known.asked) == 1
    reader.read(Context.of("Gate?", pages=other))
    reader.read(Context.of("Gate?", pages=pages))
    assert len(known.asked) == 3


def test_threads_may_share_a_reader(pages: Sequence[Page]) -> None:
    """All get the same answer."""
    reader, said = NanoReader(transcriber=KnownPages(pages)), list[str]()
    threads = [
        threading.Thread(target=lambda: said.append(reader.read(Context.of("gate code?", pages=pages)).text))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["page 1:\n  The gate code is 4711-B."] * 8


def test_a_reading_is_whole(pages: Sequence[Page]) -> None:
    """Who read, how long it took; tokens are none of its business."""
    reading = NanoReader(transcriber=KnownPages(pages)).read(Context.of("gate code?", pages=pages))
    assert (reading.finish_reason, reading.model, reading.pages_read) == ("stop", "nano", 1)
    assert reading.timing.total_s is not None
    assert reading.usage.prompt_tokens is None


async def test_pieces_of_a_stream_are_the_reading(pages: Sequence[Page]) -> None:
    """Quote by quote; asked in any of four ways the answer is the same."""
    pages = typeset("The gate is 1.\n\nThe gate was 2.\n\nThe gate will be 3.", style=STYLE)
    reader, context = NanoReader(transcriber=KnownPages(pages)), Context.of("gate?", pages=pages)
    deltas = list(reader.stream(context))
    assert len([delta for delta in deltas if delta.text]) == 3
    said = "".join(delta.text for delta in deltas)
    assert deltas[-1].reading is not None
    assert said == deltas[-1].reading.text == reader.read(context).text == (await reader.aread(context)).text


def test_progress_is_told_after_each_page() -> None:
    """Pages done, and pages in all."""
    pages = typeset("gate " * 4000, style=STYLE)
    told: list[tuple[int, int]] = []
    reader = NanoReader(
        transcriber=KnownPages(pages), progress=lambda done, total: told.append((done, total))
    )
    reader.read(Context.of("gate?", pages=pages))
    assert told == [(number, len(pages)) for number in range(1, len(pages) + 1)]


def test_text_of_a_context_is_looked_through_as_well(pages: Sequence[Page]) -> None:
    """It is exact, and a quote says that it came from there."""
    said = (
        Message(role="user", parts=("The vault code is 99.",)),
        Message(role="assistant", parts=("Noted: the vault is shut.",)),
        Message(role="user", parts=("What is the vault code?",)),
    )
    reading = NanoReader(transcriber=KnownPages(pages)).read(Context(messages=said))
    assert reading.text == "user, as text:\n  The vault code is 99."
    quote = reading.quotes[0]
    assert (quote.page, quote.anchor, quote.box, quote.confidence) == (None, None, None, 1.0)


def test_the_question_is_the_last_thing_a_user_said(pages: Sequence[Page]) -> None:
    """Neither a picture after it nor what tools have said since is asked."""
    asked = Message(role="user", parts=("Where is the gate code?", ImagePart.of(pages[0])))
    after = Message(role="tool", parts=("Ada signs it off.",))
    reading = NanoReader(transcriber=KnownPages(pages)).read(Context(messages=(asked, after)))
    assert [quote.text for quote in reading.quotes] == ["The gate code is 4711-B."]


@pytest.mark.parametrize("captions", [True, False])
def test_a_memorys_context_is_understood(captions: bool) -> None:
    """Pages under their captions, ledgers, recent turns: facts are cited by anchor and page, wherever they stand.

    Of images that nothing is known of labels are not believed: anybody can draw them.
    """
    with GlyphMemory.open("sqlite://", session="shop", style=STYLE) as memory:
        memory.extend(agent_conversation(turns=400))
        context, pages = memory.context(question="What is the deploy key of checkout?"), list(memory.pages())
        if not captions:
            plain = [_unlabel(part) for part in context.messages[1].parts if not _is_caption(part)]
            messages = (context.messages[0], Message(role="user", parts=plain), *context.messages[2:])
            context = Context(messages=messages)
        reading = NanoReader(transcriber=KnownPages(pages)).read(context)
    best, key = reading.quotes[0], "5c2a3ce7a5d69f871f8ba3a10d9488a021c735a7."
    assert (best.label, reading.pages_read) == ("§22 user, page 1" if captions else "page 6", len(pages))
    assert best.text.endswith(key)
    assert {quote.anchor is None for quote in reading.quotes} == {not captions}


def _is_caption(part: Part) -> bool:
    return isinstance(part, Text) and part.kind == "caption"


def _unlabel(part: Part) -> Part:
    return ImagePart(data=part.data, size=part.size) if isinstance(part, ImagePart) else part


def test_a_picture_that_is_no_page_is_no_page() -> None:
    """It is looked at, and called a picture."""
    shot = typeset("The gate code is 4711-B.", style=STYLE)
    page = typeset(Transcript((Turn(role="user", text="See the picture."),)), style=STYLE)
    known, picture = ImagePart.of(page[0]), ImagePart(data=shot[0].png(), size=shot[0].size)
    parts = (
        replace(known, number=7, anchors=(1, 1)),
        replace(picture, number=1, anchors=(1, 1)),
        "What is the gate code?",
    )
    reader = NanoReader(transcriber=KnownPages([*shot, *page]))
    reading = reader.read(Context(messages=(Message(role="user", parts=parts),)))
    assert [(quote.label, quote.page, quote.image) for quote in reading.quotes] == [
        ("picture 1 that came with §1", None, 1)
    ]


def test_pages_that_cannot_be_read_are_named() -> None:
    """Which is not the same as there being nothing on them; a blank page is no failure."""
    pages = [
        typeset(text, style=STYLE, first_page=number)[0]
        for number, text in enumerate(("One.", "Two.", "Gate 3."), 1)
    ]
    known = KnownPages(pages)
    known.known[pages[0].digest] = unreadable()
    known.known[pages[1].digest] = Transcription(size=(10, 10), lines=())
    reader = NanoReader(transcriber=known)
    found = reader.read(Context.of("Which gate?", pages=pages))
    assert found.text == "page 3:\n  Gate 3.\n(page 1 could not be read.)"
    lost = reader.read(Context.of("Which door?", pages=pages[:2]))
    assert 'I found nothing about "door" on 2 pages' in lost.text
    assert "it does not reason" in lost.text
    assert lost.unreadable == ("page 1",)
    assert lost.text.endswith("(page 1 could not be read.)")


def test_nothing_to_look_in_is_said() -> None:
    """It is no error: a chat begins so."""
    text = NanoReader(transcriber=KnownPages([])).read(Context.of("What is the gate code?", pages=[])).text
    assert text == 'I found nothing about "gate", "code": there are no pages and no text to look in.'


def test_a_question_of_stop_words_is_told_so_without_reading(pages: Sequence[Page]) -> None:
    """No page is looked at for it."""
    known = KnownPages(pages)
    assert "name a word" in NanoReader(transcriber=known).read(Context.of("What is it?", pages=pages)).text
    assert known.asked == []


@pytest.mark.parametrize("question", ["", " \n"])
def test_a_blank_question_is_refused(pages: Sequence[Page], question: str) -> None:
    """In one line."""
    with pytest.raises(ReaderRefused, match="nothing is asked"):
        NanoReader(transcriber=KnownPages(pages)).read(Context.of(question, pages=pages))
    with pytest.raises(ReaderRefused, match="nothing is asked"):
        NanoReader(transcriber=KnownPages(pages)).read(Context(messages=()))


def test_what_is_no_image_is_named(pages: Sequence[Page]) -> None:
    """With its page, among good ones; and by itself."""

    def look(source: Source) -> Transcription:
        return known(load(source))

    known = KnownPages(pages)
    parts = (
        ImagePart.of(pages[0]),
        ImagePart(data=b"GIF?", size=(1, 1), kind="page", number=8),
        "Gate?",
    )
    with pytest.raises(BadReading, match=r"page 8 cannot be looked at: .*GIF"):
        NanoReader(transcriber=look).read(Context(messages=(Message(role="user", parts=parts),)))
    with pytest.raises(DocumentError, match="GIF"):
        NanoReader(transcriber=look).transcribe(b"GIF?")


def test_a_huge_context_is_looked_through() -> None:
    """A megabyte of text, and a question of thousands of words, many of them nowhere."""
    logs = "\n".join(f"2025-03-03 INFO {number} of stock" for number in range(30_000))
    said = (
        Message(role="tool", parts=(logs,)),
        Message(role="user", parts=("21977 of stock? " + "and so on " * 2000,)),
    )
    reading = NanoReader(transcriber=KnownPages([])).read(Context(messages=said))
    assert reading.quotes[0].text == "2025-03-03 INFO 21977 of stock"
