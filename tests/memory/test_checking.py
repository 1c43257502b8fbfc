"""`memory.check` asks a reader for the codes of pages: it finds what the reader does, and nothing else changes."""

from __future__ import annotations

import random
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from glyph_memory import (
    CodeAnswer,
    CodeOutcome,
    Context,
    FoldPolicy,
    GlyphMemory,
    GlyphMemoryWarning,
    OpenAIReader,
    PolicyError,
    Reader,
    ReaderRefused,
    ReaderUnavailable,
    Reading,
    ReadingRate,
    Text,
    Usage,
)
from glyph_memory.context import find_codes
from glyph_memory.memory.reading_rate import ReadingRecord, judge_code
from glyph_memory.nano import NanoReader
from glyph_memory.testing import FakeVLMServer, ScriptedReader, agent_conversation

POLICY = FoldPolicy(window_tokens=16_384, keep_recent_tokens=800)
TALK = agent_conversation(turns=50, seed=4, tool_lines=40).turns
ASKED = re.compile(r"Look at page (\d+) alone")
NANO = NanoReader()


def open_memory(canaries: int | None = 2) -> GlyphMemory:
    """Open a memory with some pages."""
    memory = GlyphMemory.open(policy=POLICY, canaries=canaries)
    memory.extend(TALK)
    return memory


@pytest.fixture
def memory() -> Iterator[GlyphMemory]:
    """A memory of which each second page carries a code."""
    with open_memory() as opened:
        yield opened


def find_page(context: Context) -> int:
    """Return the page that is asked about."""
    question = context.messages[-1].parts[-1]
    assert isinstance(question, Text)
    found = ASKED.search(question.text)
    assert found
    return int(found[1])


def read_code(context: Context, page: int) -> str:
    """Read the code of a page from its pixels; "none" where it has none."""
    (image,) = [image for image in context.images if image.number == page]
    for line in NANO.transcribe(image.data).lines:
        if found := re.search(r"page code\W*(\w+)", line.text):
            return found[1]
    return "none"


def codes_of(memory: GlyphMemory) -> dict[int, str]:
    """Return the code of each page that is shown."""
    return find_codes(memory.fold().visible_seals, memory.options.canaries)


def knowing(
    memory: GlyphMemory, mistake: Callable[[int, str], str] = lambda _page, code: code
) -> ScriptedReader:
    """Return a reader that knows the codes, and makes mistakes."""
    codes = codes_of(memory)

    def answer(context: Context) -> str:
        page = find_page(context)
        return mistake(page, codes[page] or "none")

    return ScriptedReader(answer)


def test_a_reader_of_pixels_is_found_to_read(memory: GlyphMemory) -> None:
    """The nano reader's eyes: the codes really stand on the pages that are sent, and on no other."""
    reader = ScriptedReader(lambda context: read_code(context, find_page(context)))
    check = memory.check(reader, pages=4)
    assert [answer.outcome for answer in check.answers] == ["correct"] * 4
    assert [answer.is_control for answer in check.answers] == [False, False, True, False]
    assert check.rate == check.recent == memory.reading_rate == ReadingRate(correct=4)
    assert not (check.wrong or check.has_fallen or check.reason)


def test_a_reader_that_sees_page_one_for_every_page_is_found(memory: GlyphMemory) -> None:
    """As of a server whose prefix cache takes one image for another: it reads well, but the wrong page."""
    codes = codes_of(memory)
    first = next(page for page, code in codes.items() if code)
    reader = knowing(memory, lambda _page, _code: codes[first])
    with pytest.warns(
        GlyphMemoryWarning, match=r"read too badly: .* silently wrong, below the floor of 98%.*Calibrate"
    ):
        check = memory.check(reader, pages=5)
    assert check.has_fallen
    assert check.rate.silently_wrong >= 4
    assert {answer.said for answer in check.wrong} == {codes[first]}


@pytest.mark.parametrize(("correct", "abstain"), [(0.9, 0.1), (0.6, 0.2), (0.98, 0.0)])
def test_a_reader_that_errs_at_a_known_rate_is_measured_to_be_so(
    memory: GlyphMemory, correct: float, abstain: float
) -> None:
    """Each outcome as often as it was given, of the latest 200 answers, and its share within four standard errors."""
    chance, given = random.Random(5), Counter[str]()

    def err(_page: int, code: str) -> str:
        drawn = chance.random()
        kind = (
            "correct" if drawn < correct else "abstained" if drawn < correct + abstain else "silently wrong"
        )
        given[kind] += 1
        return {"correct": code, "abstained": "I cannot read it.", "silently wrong": "AAAAAA"}[kind]

    reader = knowing(memory, err)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(50):
            memory.check(reader, pages=4)
    rate = memory.reading_rate
    assert (rate.correct, rate.abstained, rate.silently_wrong) == (
        given["correct"], given["abstained"], given["silently wrong"],
    )  # fmt: skip
    assert rate.answers == 200
    assert abs(rate.correct - 200 * correct) < 4 * (200 * correct * (1 - correct)) ** 0.5 + 1


def test_the_interval_holds_the_true_rate_nineteen_times_in_twenty() -> None:
    """In some 95 of 100 seeded runs of 200 answers, at each rate."""
    chance = random.Random(3)
    for true in (0.5, 0.9, 0.98):
        held = 0
        for _ in range(400):
            right = sum(chance.random() < true for _ in range(200))
            low, high = ReadingRate(correct=right, silently_wrong=200 - right).interval
            held += low <= true <= high
        assert 0.91 <= held / 400 <= 0.99


def test_a_reader_just_at_the_floor_is_seldom_warned_of_and_a_worse_one_soon() -> None:
    """Looked at after each of 300 answers: at the floor in hardly any run; at nine of ten right in all."""
    chance = random.Random(4)

    def find_fall(true: float) -> int | None:
        record = ReadingRecord()
        for number in range(300):
            outcome: CodeOutcome = "correct" if chance.random() < true else "silently wrong"
            if record.add([CodeAnswer(page=1, code="493RJC", said="", outcome=outcome)], floor=0.98):
                return number + 1
        return None

    assert sum(find_fall(0.98) is not None for _ in range(40)) <= 3
    falls = [find_fall(0.9) for _ in range(10)]
    assert None not in falls


def test_one_warning_tells_of_a_fall(memory: GlyphMemory) -> None:
    """Not one for each call; and another one once the rate had come back and fell again."""
    reads = [False]
    reader = knowing(memory, lambda _page, code: code if reads[0] else "AAAAAA")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fallen = [memory.check(reader).has_fallen for _ in range(6)]
        reads[0] = True
        for _ in range(80):
            memory.check(reader, pages=5)
        reads[0] = False
        again = [memory.check(reader, pages=5).has_fallen for _ in range(10)]
    assert fallen == [False, True, False, False, False, False]
    assert again.count(True) == 1
    assert len(caught) == 2


def test_a_single_slip_is_no_fall() -> None:
    """Nor is a reader that is a little above the floor; one that gets half of it right is one within a few answers."""
    assert not ReadingRate(correct=0, silently_wrong=1).is_below(0.98)
    assert not ReadingRate(correct=195, silently_wrong=5).is_below(0.98)
    assert ReadingRate(correct=185, silently_wrong=15).is_below(0.98)
    assert ReadingRate(correct=2, abstained=3).is_below(0.98)
    assert not ReadingRate(failed=50).is_below(0.98)
    assert ReadingRecord().rate.rate is None


def test_over_time_all_pages_are_asked_for(memory: GlyphMemory) -> None:
    """Those asked least come first, pages without a code among them now and then."""
    asked = Counter[int]()
    reader = knowing(memory)
    for _ in range(60):
        asked.update(answer.page for answer in memory.check(reader).answers)
    coded = [asked[page] for page, code in codes_of(memory).items() if code]
    control = [asked[page] for page, code in codes_of(memory).items() if not code]
    assert max(coded) - min(coded) <= 1
    assert max(control) - min(control) <= 1
    assert sum(control) == 10


def test_a_reader_that_guesses_is_found_by_pages_without_a_code(memory: GlyphMemory) -> None:
    """It is right wherever there is a code, by foul means; where there is none it should say so."""
    reader = knowing(memory, lambda _page, code: code if code != "none" else "AAAAAA")
    check = memory.check(reader, pages=5)
    assert [(answer.is_control, answer.said) for answer in check.wrong] == [(True, "AAAAAA")]


def test_each_question_stands_behind_what_is_sealed(memory: GlyphMemory) -> None:
    """So a server's cache has it: the prefix is that of any question, before and after, and nothing is stored."""
    before, turns = memory.context("Which port?").stable_prefix(), len([*memory.turns()])
    reader = knowing(memory)
    memory.check(reader, pages=4)
    assert [context.stable_prefix() for context in reader.contexts] == [before] * 4
    assert memory.context("Which port?").stable_prefix() == before
    assert len([*memory.turns()]) == turns
    assert memory._binder.count(str(reader.contexts[0].messages[-1].parts[-1])) < 150


def test_a_check_after_a_request_costs_its_own_tokens_alone(memory: GlyphMemory) -> None:
    """Served: all that is sealed comes from the prefix cache."""
    with FakeVLMServer() as server, OpenAIReader(server.base_url) as reader:
        prompt = memory.warm(reader).prompt_tokens
        usage = memory.check(reader).usage
    assert prompt is not None
    assert usage.cached_tokens is not None
    assert usage.cached_tokens >= (prompt - 1) // 16 * 16
    assert usage.prompt_tokens is not None
    assert usage.prompt_tokens - usage.cached_tokens < 200


async def test_the_async_twin_does_the_same(memory: GlyphMemory) -> None:
    """In a thread."""
    check = await memory.acheck(knowing(memory), pages=2)
    assert check.rate == ReadingRate(correct=2)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (ReaderUnavailable("no answer from 'http://127.0.0.1:9'"), "no answer"),
        (Reading(text="", finish_reason="stop"), "answered nothing"),
        (Reading(text="", reasoning="Let me look …", finish_reason="stop"), "though it reasoned"),
        (Reading(text="", reasoning="hm " * 900, finish_reason="length"), "the reasoning was cut off"),
        (Reading(text="code code " * 900, finish_reason="length"), "the answer was cut off"),
    ],
    ids=["dies", "empty", "reasons only", "reasons without end", "loops"],
)
def test_a_reader_that_fails_has_misread_nothing(
    memory: GlyphMemory, said: Reading | Exception, error: str
) -> None:
    """It is told apart, and counts for no rate; a dead server is asked once."""
    reader = ScriptedReader([said] * 3)
    check = memory.check(reader, pages=3)
    assert {answer.outcome for answer in check.answers} == {"failed"}
    assert error in check.answers[0].error
    assert len(reader.contexts) == (1 if isinstance(said, Exception) else 3)
    assert (check.rate.rate, check.rate.answers, check.has_fallen) == (None, 0, False)
    assert check.rate.failed == len(check.answers)


def test_where_there_is_nothing_to_ask_it_says_why() -> None:
    """Nobody is asked: canaries are off, nothing is sealed, or no page that is shown carries a code."""
    reader = ScriptedReader([])
    with open_memory(None) as memory:
        assert "canaries are off" in memory.check(reader).reason
    with open_memory(1000) as memory:
        assert "page 1000 is the next one" in memory.check(reader).reason
    with GlyphMemory.open(canaries=1) as memory:
        check = memory.check(reader)
        assert "nothing is sealed" in check.reason
        assert (check.answers, check.usage) == ((), Usage())


@pytest.mark.parametrize(
    "numbers", [{"pages": 0}, {"pages": 1.5}, {"floor": 0}, {"floor": 1.2}, {"floor": "high"}]
)
def test_odd_numbers_are_refused(memory: GlyphMemory, numbers: dict[str, object]) -> None:
    """Before anybody is asked."""
    with pytest.raises(PolicyError, match=next(iter(numbers))):
        memory.check(ScriptedReader([]), **numbers)  # type: ignore[arg-type]  # which is the point


def test_what_is_no_reader_is_refused(memory: GlyphMemory) -> None:
    """As is a path or None."""
    for odd in (None, "http://127.0.0.1:8000/v1"):
        with pytest.raises(ReaderRefused, match="no reader"):
            memory.check(odd)  # type: ignore[arg-type]  # which is the point


@pytest.mark.parametrize(
    ("said", "code", "outcome"),
    [
        ("493RJC", "493RJC", "correct"),
        ("The code on page 8 is **493RJC**.", "493RJC", "correct"),
        ("493RJC TXW4RY", "493RJC", "silently wrong"),
        ("TXW4RY", "493RJC", "silently wrong"),
        ("493RJ", "493RJC", "silently wrong"),
        ("493RJCC", "493RJC", "silently wrong"),
        ("7", "493RJC", "silently wrong"),
        ("none", "493RJC", "abstained"),
        ("Page 8 does not have such a line.", "493RJC", "abstained"),
        ("not legible", "493RJC", "abstained"),
        ("none", "", "correct"),
        ("There is no such line.", "", "correct"),
        ("I can't read it.", "", "abstained"),
        ("493RJC", "", "silently wrong"),
        ("8", "", "silently wrong"),
    ],
)
def test_answers_are_judged_strictly(said: str, code: str, outcome: str) -> None:
    """To the letter, and one code alone."""
    assert judge_code(said, code) == outcome


def test_a_reader_need_only_read() -> None:
    """A class of one's own, with what the protocol gives it."""

    class Blind(Reader):
        def read(self, context: Context) -> Reading:
            return Reading(text="not legible", finish_reason="stop")

    with open_memory() as memory:
        assert memory.check(Blind()).rate == ReadingRate(abstained=1)
