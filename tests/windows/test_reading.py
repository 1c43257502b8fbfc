"""A document beyond the window is read window by window, and the answers become one."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator

import pytest

from glyph_memory.context import Context, Text
from glyph_memory.context.windows_wording import NOTHING_HERE
from glyph_memory.document import Block, Document, SourceSpan, Span
from glyph_memory.documents import DocumentPage, draw_pages
from glyph_memory.errors import DocumentError, ReaderError, ReaderOverflow, ReaderRefused, ReaderUnavailable
from glyph_memory.nano import NanoReader
from glyph_memory.readers import OpenAIReader, Reader, Reading
from glyph_memory.testing import FakeAnswer, FakeVLMServer, Fault, ScriptedReader
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset
from glyph_memory.windows import (
    WindowReading,
    WindowsReading,
    aiter_windows,
    aread_windows,
    iter_windows,
    page_groups,
    read_windows,
)

GLYPH = ModelProfile.from_name("glyph")
PAGE = 10_000
"""Characters that stand in for a page of the original."""
QUESTION = "Who signed release 73?"
Read = Callable[..., WindowsReading]


@pytest.fixture(params=["read_windows", "aread_windows"])
def read(request: pytest.FixtureRequest) -> Read:
    """Read by windows, once blocking and once awaiting."""

    async def call(question: str, pages: object, reader: Reader, **options: object) -> WindowsReading:
        try:
            return await aread_windows(question, pages, reader, **options)  # type: ignore[arg-type]  # as given
        finally:
            if isinstance(reader, OpenAIReader):
                await reader.aclose()

    if request.param == "read_windows":
        return read_windows
    return lambda question, pages, reader, **options: asyncio.run(call(question, pages, reader, **options))


@pytest.fixture(scope="module")
def book() -> Document:
    """A book of 20 pages with real lines; its own pages are some three times as long."""
    lines = [f"{number}: release {number * 7919 % 10_007} was signed by Ada.\n" for number in range(1_600)]
    text = "".join(lines)
    places = tuple(
        SourceSpan(start=start, stop=min(start + PAGE, len(text)), page=100 + start // PAGE)
        for start in range(0, len(text), PAGE)
    )
    return Document(text=text, title="book.pdf", source_map=places)


@pytest.fixture(scope="module")
def pages(book: Document) -> list[DocumentPage]:
    """Its pages."""
    return list(draw_pages(book))


def captions(context: Context) -> list[str]:
    """Return the names that pages have in a request, or those above answers."""
    return [
        part.text.strip().removesuffix(":")
        for part in context.messages[0].parts
        if isinstance(part, Text) and part.kind == "caption"
    ]


def words_of(context: Context) -> str:
    """Return all text of a request."""
    return context.messages[0].text


def is_combining(context: Context) -> bool:
    """Return whether a request puts answers together: it shows no page."""
    return not context.images


def answer_by(found: dict[int, str], combined: str = "All in all.") -> Callable[[Context], Reading | str]:
    """Return a script that answers where a page of a number is shown, and nothing elsewhere."""

    def answer(context: Context) -> str:
        if is_combining(context):
            return combined
        shown = [image.number for image in context.images]
        return next((text for number, text in found.items() if number in shown), f"{NOTHING_HERE}.")

    return answer


def test_every_page_is_asked_about_under_its_own_name(
    book: Document, pages: list[DocumentPage], read: Read
) -> None:
    """By the numbers of the original, with the question last and what is the same for all first."""
    reader = ScriptedReader(answer_by({}))
    seen = read(QUESTION, book, reader, max_pages=4, max_concurrent=1)
    groups = list(page_groups(pages, max_pages=4))
    assert [len(context.images) for context in reader.contexts] == [len(group.pages) for group in groups]
    names = [name for context in reader.contexts for name in captions(context)]
    assert names == [str(page) for window in seen.windows for page in window.pages]
    assert names[0] == '"book.pdf", page 100'
    assert all(re.fullmatch(r'"book.pdf", pages? 1\d\d( to 1\d\d)?', name) for name in names)
    last = reader.contexts[0].messages[0].parts[-1]
    assert last == Text(QUESTION)
    assert seen.pages == tuple(dict.fromkeys(page for window in seen.windows for page in window.pages))
    assert len(seen.pages) == len(pages)


def test_pages_that_say_nothing_make_no_answer(book: Document, read: Read) -> None:
    """Nobody is asked to put nothing together."""
    reader = ScriptedReader(answer_by({}))
    seen = read(QUESTION, book, reader, max_pages=4)
    assert (seen.text, seen.found, seen.losses, seen.readings) == ("", False, (), ())
    assert not any(map(is_combining, reader.contexts))
    assert all(window.text == f"{NOTHING_HERE}." and not window.found for window in seen.windows)


def test_a_single_answer_is_the_answer(book: Document, read: Read) -> None:
    """Another request could only spoil it."""
    reader = ScriptedReader(answer_by({6: "Ada did, on page 103."}))
    seen = read(QUESTION, book, reader, max_pages=4, overlap=0)
    assert (seen.text, seen.found, seen.readings) == ("Ada did, on page 103.", True, ())


def test_several_answers_are_put_together_by_one_request(book: Document, read: Read) -> None:
    """In order, each under the pages that it is from; the silent ones are left out."""
    reader = ScriptedReader(answer_by({1: "Ada (page 100).", 9: "Grace (page 105)."}))
    seen = read(QUESTION, book, reader, max_pages=3, overlap=0, style="glyph")
    (request,) = filter(is_combining, reader.contexts)
    first, third = seen.windows[0], seen.windows[2]
    assert captions(request) == [f"From {first.name}", f"From {third.name}"]
    said = words_of(request)
    assert said.index("Ada (page 100).") < said.index("Grace (page 105).") < said.index(QUESTION)
    assert NOTHING_HERE not in said
    assert (seen.text, seen.readings[-1].text) == ("All in all.", "All in all.")


def test_answers_that_do_not_fit_are_put_together_in_rounds(book: Document, read: Read) -> None:
    """Each request within the window, no answer left out; the last request makes the final answer."""

    def answer(context: Context) -> str:
        if is_combining(context):
            return "+".join(re.findall(r"w\d+", words_of(context)))
        return f"w{context.images[0].number} " + "and so on " * 60

    reader = ScriptedReader(answer)
    window = 2_300
    seen = read(
        QUESTION, book, reader, max_pages=1, overlap=0, window_tokens=window, answer_tokens=1_000, beside=0
    )
    rounds = [context for context in reader.contexts if is_combining(context)]
    assert len(rounds) == len(seen.readings) > 2
    assert seen.text == "+".join(f"w{number}" for number in range(1, len(seen.windows) + 1))
    assert seen.losses == ()
    assert all(GLYPH.text_tokens(words_of(context)) + 1_000 <= window for context in rounds)
    assert seen.prompt_tokens > sum(one.prompt_tokens for one in seen.windows)


def test_an_answer_too_long_to_stand_beside_another_is_shortened_and_told(book: Document, read: Read) -> None:
    """Else there would be no end of rounds."""

    def answer(context: Context) -> str:
        return "done" if is_combining(context) else "begins " + "and so on " * 2_000 + "ends"

    reader = ScriptedReader(answer)
    seen = read(
        QUESTION,
        book,
        reader,
        max_pages=10,
        overlap=0,
        window_tokens=6_000,
        answer_tokens=1_000,
        beside=0,
        style="glyph",
    )
    (request,) = filter(is_combining, reader.contexts)
    assert words_of(request).count("characters left out here") == len(seen.windows) == 2
    assert words_of(request).count("begins") == words_of(request).count("ends\n") == 2
    assert {loss.kind for loss in seen.losses} == {"shortened"}
    assert seen.text == "done"


def test_where_two_answers_never_fit_they_are_listed(read: Read) -> None:
    """However short they are made, the names of their pages are there, too: there is no end to try for."""
    books = [Document(text=text, title="記" * 100) for text in ("Ada signed.", "Ada did.")]
    reader = ScriptedReader(lambda _: "Ada did. " * 50)
    seen = read("Who?", books, reader, max_pages=1, overlap=0, window_tokens=1_345, profile="glyph", beside=0)
    assert {loss.kind for loss in seen.losses} == {"shortened", "not combined"}
    assert seen.text.count("From ") == len(seen.windows)


def test_a_reader_that_only_quotes_gets_its_answers_listed(book: Document, read: Read) -> None:
    """And is not asked to put them together."""
    reader = ScriptedReader(answer_by({1: "Ada.", 9: "Grace."}))
    seen = read(QUESTION, book, reader, max_pages=3, overlap=0, combine="list", style="glyph")
    assert seen.text == f"From {seen.windows[0].name}:\nAda.\n\nFrom {seen.windows[2].name}:\nGrace."
    assert not any(map(is_combining, reader.contexts))


def test_a_failed_window_is_told_and_the_others_go_on(book: Document, read: Read) -> None:
    """The pages that nobody read are named."""

    def answer(context: Context) -> str:
        if context.images and context.images[0].number == 4:
            raise ReaderOverflow("too long for 'http://127.0.0.1'")
        return "Ada." if is_combining(context) or context.images[0].number == 1 else NOTHING_HERE

    seen = read(QUESTION, book, ScriptedReader(answer), max_pages=3, overlap=0)
    failed = seen.windows[1]
    assert (failed.error, failed.text, failed.found) == ("too long for 'http://127.0.0.1'", "", False)
    assert [(loss.kind, loss.pages) for loss in seen.losses] == [("failed", failed.name)]
    assert seen.unread_pages == failed.pages
    assert set(failed.pages).isdisjoint(seen.pages)
    assert seen.text == "Ada."


def test_pages_that_another_window_shows_are_read_all_the_same(book: Document, read: Read) -> None:
    """Overlap is not lost with one window."""

    def answer(context: Context) -> str:
        if context.images[0].number == 3:
            raise ReaderUnavailable("gone")
        return NOTHING_HERE

    seen = read(QUESTION, book, ScriptedReader(answer), max_pages=3, overlap=1)
    assert [page.number for page in seen.unread_pages] == [4]


@pytest.mark.parametrize("error", [ReaderOverflow("too long"), ReaderUnavailable("gone")])
def test_an_error_is_raised_where_that_was_asked_for(book: Document, read: Read, error: ReaderError) -> None:
    """What was answered before it has been handed on."""
    heard = list[WindowReading]()
    reader = ScriptedReader(["Ada.", error])
    with pytest.raises(type(error), match=str(error)):
        read(QUESTION, book, reader, max_pages=3, on_error="raise", progress=heard.append, max_concurrent=1)
    assert [window.text for window in heard] == ["Ada."]


def test_a_reader_that_refuses_is_not_asked_again(book: Document, read: Read) -> None:
    """A wrong key is wrong for every window."""
    reader = ScriptedReader([ReaderRefused("no such model")])
    with pytest.raises(ReaderRefused, match="no such model"):
        read(QUESTION, book, reader, max_pages=1, overlap=0, max_concurrent=1)


def test_where_all_windows_fail_there_is_no_answer(book: Document, read: Read) -> None:
    """An empty one would read as if the pages said nothing."""

    def answer(_: Context) -> str:
        raise ReaderUnavailable("nobody there")

    with pytest.raises(ReaderUnavailable, match="nobody there"):
        read(QUESTION, book, ScriptedReader(answer), max_pages=3)


def test_where_putting_together_fails_the_answers_are_listed(book: Document, read: Read) -> None:
    """The work of an hour is not thrown away; unless the error was asked for."""

    def answer(context: Context) -> str:
        if is_combining(context):
            raise ReaderUnavailable("gone")
        return "Ada."

    seen = read(QUESTION, book, ScriptedReader(answer), max_pages=6, overlap=0)
    assert seen.text == "\n\n".join(f"From {window.name}:\nAda." for window in seen.windows)
    assert [loss.kind for loss in seen.losses] == ["not combined"]
    with pytest.raises(ReaderUnavailable, match="gone"):
        read(QUESTION, book, ScriptedReader(answer), max_pages=6, overlap=0, on_error="raise")


def test_answers_that_are_cut_off_are_told(book: Document, read: Read) -> None:
    """Whose end is missing may miss the point."""
    reader = ScriptedReader(lambda _: Reading(text="Ada and", finish_reason="length"))
    seen = read(QUESTION, book, reader, max_pages=6, overlap=0)
    assert [loss.kind for loss in seen.losses] == ["cut off"] * (len(seen.windows) + 1)


def test_a_broken_off_run_goes_on_where_it_was(book: Document, read: Read) -> None:
    """Windows that are done are not asked again; those that failed are. Saved as JSON, it is the same."""

    def fail_late(context: Context) -> str:
        if (context.images[0].number or 0) >= 5:
            raise ReaderUnavailable("gone")
        return f"Page {context.images[0].number}."

    broken = read(QUESTION, book, ScriptedReader(fail_late), max_pages=2, overlap=0, combine="list")
    saved = json.loads(json.dumps([window.to_json() for window in broken.windows]))
    done = [WindowReading.from_json(values) for values in saved]
    assert done == list(broken.windows)
    reader = ScriptedReader(lambda context: f"Page {context.images[0].number}.")
    whole = read(QUESTION, book, reader, done=done, max_pages=2, overlap=0, combine="list")
    assert min(context.images[0].number or 0 for context in reader.contexts) == 5
    assert [window.text for window in whole.windows] == [
        f"Page {n}." for n in range(1, 2 * len(whole.windows), 2)
    ]
    assert whole.losses == ()


@pytest.mark.parametrize("change", ["question", "pages"])
def test_an_answer_to_something_else_is_not_used_again(book: Document, read: Read, change: str) -> None:
    """Another question, other pages."""
    done = read(QUESTION, book, ScriptedReader(answer_by({})), max_pages=2, overlap=0).windows
    reader = ScriptedReader(answer_by({}))
    question = "When?" if change == "question" else QUESTION
    pages = Document(text=book.text.replace("Ada", "Bob")) if change == "pages" else book
    seen = read(question, pages, reader, done=done, max_pages=2, overlap=0)
    assert len(reader.contexts) == len(seen.windows)


def test_what_is_no_saved_window_is_refused() -> None:
    """In one line."""
    with pytest.raises(DocumentError, match="no saved WindowReading"):
        WindowReading.from_json({"number": 1})


def test_windows_come_as_they_are_answered_and_pages_as_they_are_needed(book: Document) -> None:
    """Whoever stops early has drawn and asked no more than that."""
    drawn = list[int]()

    def watch() -> Iterator[DocumentPage]:
        for page in draw_pages(book):
            drawn.append(page.page.number)
            yield page

    reader = ScriptedReader(answer_by({}))
    windows = iter_windows(QUESTION, watch(), reader, max_pages=2, overlap=0, max_concurrent=1)
    assert drawn == []
    assert [next(windows).number, next(windows).number] == [1, 2]
    assert len(reader.contexts) == 2
    assert max(drawn) == 5
    windows.close()  # type: ignore[attr-defined]  # it is a generator


def test_windows_can_be_awaited_one_by_one(book: Document) -> None:
    """As the blocking ones."""

    async def collect() -> list[int]:
        reader = ScriptedReader(answer_by({}))
        return [
            window.number async for window in aiter_windows(QUESTION, book, reader, max_pages=3, overlap=0)
        ]

    numbers = asyncio.run(collect())
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 2


def test_cancelling_ends_what_runs(book: Document) -> None:
    """Nothing is asked after it."""

    class Slow(Reader):
        def __init__(self) -> None:
            self.asked = self.ended = 0
            self.are_running = asyncio.Event()

        def read(self, context: Context) -> Reading:
            raise NotImplementedError

        async def aread(self, context: Context) -> Reading:
            self.asked += 1
            if self.asked == 2:
                self.are_running.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.ended += 1
            return Reading(text="")

    async def cancel() -> Slow:
        reader = Slow()
        task = asyncio.create_task(
            aread_windows(QUESTION, book, reader, max_pages=1, overlap=0, max_concurrent=2)
        )
        await asyncio.wait_for(reader.are_running.wait(), timeout=30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return reader

    reader = asyncio.run(cancel())
    assert (reader.asked, reader.ended) == (2, 2)


def test_identifiers_and_link_targets_stand_beside_their_page(read: Read) -> None:
    """What print makes easy to misread, or does not show at all."""
    text = "Order ORD-482913-K is shipped. See the terms. " * 20
    at = text.index("terms")
    link = Span(start=at, stop=at + 5, kind="link", target="https://shop.example/terms?v=7<|image|>")
    blocks = (Block(start=0, stop=len(text), spans=(link,)),)
    document = Document(text=text, title="order.html", blocks=blocks)
    reader = ScriptedReader(["Yes."])
    read("Is it shipped?", document, reader, beside=0.5)
    parts = reader.contexts[0].messages[0].parts
    ledgers = [part.text for part in parts if isinstance(part, Text) and part.kind == "ledger"]
    (ledger,) = ledgers
    assert ledger.startswith('Links on "order.html", page 1 lead to')
    assert '"https://shop.example/terms?v=7' in ledger
    assert 'Identifiers on "order.html", page 1, letter for letter' in ledger
    assert '"ORD-482913-K"' in ledger
    assert "<|image|>" not in ledger
    reader = ScriptedReader(["Yes."])
    read("Is it shipped?", document, reader, beside=0)
    assert all(
        not isinstance(part, Text) or part.kind != "ledger" for part in reader.contexts[0].messages[0].parts
    )


@pytest.mark.parametrize("window_tokens", [2_048, 4_096])
def test_the_window_is_what_the_server_says(book: Document, read: Read, window_tokens: int) -> None:
    """And every request keeps it, as the server itself counts, with room for the answer."""
    with FakeVLMServer(answer=lambda _: FakeAnswer(text="Ada."), window_tokens=window_tokens) as server:
        reader = OpenAIReader(server.base_url, max_tokens=512)
        seen = read(QUESTION, book, reader, answer_tokens=512)
        prompts = [window.usage.prompt_tokens or 0 for window in seen.windows]
        reader.close()
    assert seen.text == "Ada."
    assert len(prompts) == len(seen.windows) > 1
    assert all(counted <= told.prompt_tokens for counted, told in zip(prompts, seen.windows, strict=True))
    assert max(window.prompt_tokens for window in seen.windows) <= window_tokens - 512
    assert max(prompts) > 0.8 * (window_tokens - 512)


def test_a_reader_may_say_its_window_itself(book: Document, read: Read) -> None:
    """As one that runs a model in this process does; a given window counts more."""
    reader = ScriptedReader(answer_by({}), window_tokens=3_000)
    small = read(QUESTION, book, reader)
    assert max(window.prompt_tokens for window in small.windows) <= 3_000 - 1_024
    assert len(read(QUESTION, book, reader, window_tokens=100_000).windows) == 1
    assert len(small.windows) > 2


def test_a_server_that_fails_once_is_asked_again_by_the_reader(book: Document, read: Read) -> None:
    """Retrying is the reader's business; a window knows nothing of it."""
    with FakeVLMServer(answer=lambda _: FakeAnswer(text="Ada."), faults=[Fault.error(500)]) as server:
        reader = OpenAIReader(server.base_url, backoff_s=0)
        seen = read(QUESTION, book, reader, max_pages=6, window_tokens=20_000, profile="glyph")
        reader.close()
    assert (seen.text, seen.losses) == ("Ada.", ())


def test_the_nano_reader_finds_a_needle_window_by_window(read: Read) -> None:
    """A real reader, from pixels: it quotes, so its answers are listed. Silent windows are known by their quotes."""
    hay = "The museum opens at nine and closes at five on all days of the week.\n" * 110
    text = hay + "The key of the north gate is QX-4417.\n" + hay
    document = Document(text=text, title="museum.txt")
    seen = read(
        "What is the key of the north gate?", document, NanoReader(), max_pages=1, overlap=0, combine="list"
    )
    assert len(seen.windows) == 3
    assert [window.found for window in seen.windows].count(True) == 1
    assert "QX-4417" in seen.text


@pytest.mark.parametrize(
    ("question", "pages", "options", "told"),
    [
        ("", "book", {}, "asks nothing"),
        (QUESTION, [], {}, "no page was given"),
        (QUESTION, Document(text=""), {}, "no text"),
        (QUESTION, "book.pdf", {}, "'book.pdf' is no document"),
        (QUESTION, [7], {}, "7 is no page"),
        (QUESTION, "book", {"window_tokens": 0}, "window_tokens=0 is below 1"),
        (QUESTION, "book", {"window_tokens": 1_100}, "has no room for pages"),
        (
            QUESTION,
            "book",
            {"window_tokens": 1_320},
            r'"book.pdf", page.* alone takes .* of a group of pages',
        ),
        (QUESTION, "book", {"combine": "join"}, "combine='join' is not known; give 'ask' or 'list'"),
        (QUESTION, "book", {"on_error": "hide"}, "on_error='hide' is not known"),
        (QUESTION, "book", {"max_concurrent": 0}, "max_concurrent=0 is below 1"),
        (QUESTION, "book", {"beside": 2}, "beside=2 is above 1"),
        (QUESTION, "book", {"max_pages": 2, "overlap": 2}, "give less than that"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    book: Document, read: Read, question: str, pages: object, options: dict[str, object], told: str
) -> None:
    """Before anybody is asked."""
    reader = ScriptedReader([])
    with pytest.raises(DocumentError, match=told) as caught:
        read(question, book if pages == "book" else pages, reader, **options)
    assert "\n" not in str(caught.value)
    assert reader.contexts == []


def test_pages_of_typeset_can_be_read_too(read: Read) -> None:
    """Not everybody has a document."""
    reader = ScriptedReader(["Ada."])
    seen = read("Who?", typeset("Ada signed."), reader)
    assert (seen.text, captions(reader.contexts[0])) == ("Ada.", ["page 1"])
