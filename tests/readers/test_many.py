"""`read_many`: many documents with many questions each, in order, each document's pages read once."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.context import Context, ImagePart, Message
from glyph_memory.errors import BadReading, ReaderError, ReaderRefused, ReaderUnavailable
from glyph_memory.nano import NanoReader
from glyph_memory.readers import OpenAIReader, Reader, Reading
from glyph_memory.readers.many import Schedule
from glyph_memory.testing import FakeRequest, FakeVLMServer, Fault, ScriptedReader

About = Callable[..., Context]
Picture = Callable[..., ImagePart]
Many = Callable[..., list[Reading | ReaderError]]


@pytest.fixture(params=["read_many", "aread_many"])
def many(request: pytest.FixtureRequest) -> Many:
    """Read many contexts, once blocking and once awaiting."""

    async def call(reader: Reader, contexts: object, **options: object) -> list[Reading | ReaderError]:
        try:
            return await reader.aread_many(contexts, **options)  # type: ignore[arg-type]  # as the caller gives it
        finally:
            if isinstance(reader, OpenAIReader):
                await reader.aclose()

    if request.param == "read_many":
        return lambda reader, contexts, **options: reader.read_many(contexts, **options)
    return lambda reader, contexts, **options: asyncio.run(call(reader, contexts, **options))


def make_context(document: int | None, question: int) -> Context:
    """Return a question about a document, or about nothing; its picture is made anew, as callers do."""
    shown = [ImagePart(data=f"page {document}".encode(), size=(28, 28))] if document is not None else []
    return Context(messages=(Message(role="user", parts=[*shown, f"question {question}"]),))


def test_answers_come_in_the_order_of_the_questions(many: Many) -> None:
    """Whichever document they are about."""
    contexts = [make_context(document, n) for n, document in enumerate([0, 1, None, 0, 2, 1, None])]
    reader = ScriptedReader(lambda context: context.messages[0].text)
    seen: list[tuple[int, int]] = []
    answers = many(reader, iter(contexts), progress=lambda done, total: seen.append((done, total)))
    assert [answer.text for answer in answers if isinstance(answer, Reading)] == [
        f"question {n}" for n in range(7)
    ]
    assert seen == [(n, 7) for n in range(1, 8)]


def test_a_failure_stands_in_its_place(many: Many) -> None:
    """And the others are answered."""
    error = ReaderUnavailable("no server")

    def answer(context: Context) -> str:
        if "1" in context.messages[0].text:
            raise error
        return "yes"

    answers = many(ScriptedReader(answer), [make_context(0, n) for n in range(3)])
    assert [answer if answer is error else type(answer) for answer in answers] == [Reading, error, Reading]


@pytest.mark.parametrize("max_concurrent", [1, 2, 8])
def test_each_documents_pages_are_read_once(
    many: Many, picture: Picture, about: About, max_concurrent: int
) -> None:
    """Of a document's four questions three find its 307 tokens in the cache, less what fills no block of 16."""
    documents = [[picture(10 * one + page, size=(280, 280)) for page in range(3)] for one in range(4)]
    contexts = [about(*document, question=f"{n}?") for n in range(4) for document in documents]
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        answers = many(reader, contexts, max_concurrent=max_concurrent)
    cached = [answer.usage.cached_tokens for answer in answers if isinstance(answer, Reading)]
    assert cached == [0] * 4 + [304] * 12


def test_no_more_are_asked_at_a_time_than_wanted(many: Many) -> None:
    """Three of twenty; and three at once there are."""
    running, most = 0, 0
    lock, together = threading.Lock(), threading.Barrier(3)

    def answer(context: Context) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if "question 2" in context.messages[0].text:
            together.wait(10)
        with lock:
            running -= 1
        return "yes"

    contexts = [make_context(None, n) for n in [2, 20, 21, *range(30, 47)]]
    many(ScriptedReader(answer), contexts, max_concurrent=3)
    assert most == 3


def test_with_one_at_a_time_no_thread_is_used() -> None:
    """For readers that are not safe to share."""
    threads: set[int] = set()

    def answer(context: Context) -> str:
        threads.add(threading.get_ident())
        return "yes"

    reader = ScriptedReader(answer)
    reader.read_many([make_context(0, n) for n in range(5)], max_concurrent=1)
    assert threads == {threading.get_ident()}


def test_what_is_no_readers_error_ends_it_after_what_runs(many: Many) -> None:
    """The second of three has a bug: the first is answered to its end, and the third never asked."""
    asked, goes_on, ended = threading.Event(), threading.Event(), threading.Event()

    def answer(context: Context) -> str:
        text = context.messages[0].text
        if text == "question 1":
            asked.wait(10)
            goes_on.set()
            raise ZeroDivisionError("a bug")
        assert text == "question 0", "not asked any more"
        asked.set()
        goes_on.wait(10)
        ended.set()
        return "yes"

    with pytest.raises(ZeroDivisionError, match="a bug"):
        many(ScriptedReader(answer), [make_context(None, n) for n in range(3)], max_concurrent=2)
    assert ended.is_set()


def test_what_progress_raises_ends_it(many: Many) -> None:
    """In the caller's hands."""

    def stop(done: int, total: int) -> None:
        raise LookupError(f"{done} of {total}")

    with pytest.raises(LookupError, match="1 of 9"):
        many(ScriptedReader(lambda context: "yes"), [make_context(None, n) for n in range(9)], progress=stop)


def test_nothing_to_ask_is_no_error(many: Many) -> None:
    """No answers."""
    assert many(ScriptedReader([]), []) == []


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True, "8", None])
def test_a_wrong_number_at_a_time_is_refused(many: Many, wrong: object) -> None:
    """By name."""
    with pytest.raises(ReaderRefused, match="max_concurrent="):
        many(ScriptedReader([]), [], max_concurrent=wrong)


async def test_cancelling_cancels_what_runs() -> None:
    """No request goes on, and none is begun."""
    ended: list[str] = []
    begun = asyncio.Event()

    class Slow(ScriptedReader):
        async def aread(self, context: Context) -> Reading:
            begun.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended.append(context.messages[0].text)
                raise
            return Reading(text="")

    reader = Slow([])
    asking = asyncio.create_task(
        reader.aread_many([make_context(None, n) for n in range(5)], max_concurrent=1)
    )
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert ended == ["question 0"]


def test_a_fault_of_the_first_question_does_not_keep_the_others_waiting(
    many: Many, picture: Picture, about: About
) -> None:
    """They are asked though the pages were not read."""
    with (
        FakeVLMServer(faults=[Fault.error(500)], answer=_repeat) as server,
        OpenAIReader(server.base_url, retries=0) as reader,
    ):
        first, *rest = many(reader, [about(picture(), question=f"{n}?") for n in range(4)])
    assert isinstance(first, ReaderUnavailable)
    assert [answer.text for answer in rest if isinstance(answer, Reading)] == ["1?", "2?", "3?"]


def _repeat(request: FakeRequest) -> str:
    return request.question


# The schedule by itself.


def _run(schedule: Schedule[str], *, most: int, seed: int) -> Iterator[tuple[str, int]]:
    """Answer everything, running calls ending in any order; yield what begins and ends."""
    choose, running = random.Random(seed), list[tuple[int, Context]]()
    while schedule.done < schedule.total:
        while len(running) < most and (begun := schedule.begin()) is not None:
            running.append(begun)
            yield "begin", begun[0]
        place, context = running.pop(choose.randrange(len(running)))
        schedule.end(place, context.messages[0].text)
        yield "end", place


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=40),
    st.integers(1, 9),
    st.integers(0, 1 << 16),
)
def test_in_whatever_order_calls_end_each_is_asked_once(
    documents: list[int | None], most: int, seed: int
) -> None:
    """Answers are in order; no document's second question begins before its first ended; two are open at the most."""
    schedule = Schedule[str](make_context(document, n) for n, document in enumerate(documents))
    begun, ended = list[int](), set[int]()
    for what, place in _run(schedule, most=most, seed=seed):
        document = documents[place]
        if what == "end":
            ended.add(place)
            continue
        asked = {one for one in begun if documents[one] == document}
        assert document is None or not asked or asked & ended
        begun.append(place)
        open_documents = {
            one for one in documents
            if one is not None
            and (count := sum(documents[place] == one for place in begun))
            and count < documents.count(one)
        }  # fmt: skip
        assert len(open_documents) <= 2
    assert sorted(begun) == list(range(len(documents)))
    assert schedule.answers == [f"question {n}" for n in range(len(documents))]


def test_pages_that_several_show_are_held_once_and_let_go() -> None:
    """The second question's picture becomes the first one's; the schedule forgets what it gave out."""
    contexts = [make_context(0, n) for n in range(2)]
    assert contexts[0].images[0].data is not contexts[1].images[0].data
    schedule = Schedule[str](contexts)
    first = schedule.begin()
    assert first is not None
    assert schedule.begin() is None, "the pages are not read yet"
    schedule.end(first[0], "")
    second = schedule.begin()
    assert second is not None
    assert second[1] == contexts[1]
    assert second[1].images[0] is first[1].images[0]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["Who?"], r"^contexts\[0\] is 'Who\?', which is no context; give a Context: Context\.of"),
        ([make_context(None, 1), None], r"^contexts\[1\] is None, which is no context"),
        (make_context(None, 1), "^a single context was given for many; put it into a list$"),
        ("Who?", r"^'Who\?' holds no contexts; give a list of them$"),
        (5, "^5 holds no contexts; give a list of them$"),
    ],
)
def test_what_are_no_contexts_is_refused(many: Many, wrong: object, said: str) -> None:
    """In one line, before anything is asked."""
    reader = ScriptedReader([])
    with pytest.raises(ReaderRefused, match=said):
        many(reader, wrong)
    assert reader.contexts == []


def test_an_asynchronous_generator_is_refused(many: Many) -> None:
    """The line says how to make a list of it."""

    async def ask() -> AsyncIterator[Context]:
        yield make_context(None, 1)

    with pytest.raises(ReaderRefused, match=r"is asynchronous; give \[context async for"):
        many(ScriptedReader([]), ask())


async def test_contexts_are_taken_beside_the_event_loop() -> None:
    """A generator draws pages, and may never end: others go on meanwhile, and it stops where nobody waits for it."""
    taken, ended = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def draw() -> Iterator[Context]:
        try:
            while True:
                yield make_context(None, 1)
                loop.call_soon_threadsafe(taken.set)
        finally:
            ended.set()

    asking = asyncio.create_task(ScriptedReader([]).aread_many(draw()))
    await asyncio.wait_for(taken.wait(), 10)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await asyncio.to_thread(ended.wait, 10)


@pytest.mark.parametrize(
    "make", [lambda: ScriptedReader([]), lambda: OpenAIReader("http://127.0.0.1:9/v1"), NanoReader]
)
def test_what_is_no_context_is_refused(make: Callable[[], Reader]) -> None:
    """In one line that names it."""
    reader = make()
    with pytest.raises(ReaderRefused, match=r"^'Who' is no context; give a Context"):
        reader.read("Who")  # type: ignore[arg-type]  # what people write
    if not isinstance(reader, NanoReader):
        with pytest.raises(ReaderRefused, match=r"^'Who' is no context"):
            reader.warm("Who")  # type: ignore[arg-type]  # as above


def test_a_reader_that_forgets_to_return_has_its_error_in_its_place(many: Many) -> None:
    """And the others are answered."""

    class Forgetful(Reader):
        def read(self, context: Context) -> Reading:
            if context.messages[0].text == "question 1":
                return None  # type: ignore[return-value]  # what people write
            return Reading(text="14:05")

    one, other = many(Forgetful(), [make_context(None, 1), make_context(None, 2)])
    assert isinstance(one, BadReading)
    assert str(one) == "a reader answered None, which is no Reading; return Reading(text=…)"
    assert other == Reading(text="14:05")
