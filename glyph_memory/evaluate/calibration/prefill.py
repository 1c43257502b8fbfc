"""How fast a reader takes in text and pages, those that it has seen and those that it has not.

Every prompt is asked twice: the second time a server's prefix cache has it. Knows readers and times.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from statistics import median
from typing import Literal

from glyph_memory.context import Context
from glyph_memory.errors import ReaderOverflow, ReaderRefused
from glyph_memory.evaluate.calibration.answers import Answer
from glyph_memory.evaluate.calibration.drawing import SheetDrawer
from glyph_memory.evaluate.calibration.examiner import Examiner, make_answer, tell_what_is_kept
from glyph_memory.evaluate.calibration.ladder import Rung
from glyph_memory.evaluate.calibration.search import RungRefused
from glyph_memory.evaluate.calibration.sheets import make_records
from glyph_memory.readers import Reader, Reading, Timing
from glyph_memory.tokens import ModelProfile

Shown = Literal["text", "page"]
"""What a prompt is made of."""

_TIMES = 3
_RECORDS = 80
"""Of a prompt in text: some 2,500 tokens."""
_QUESTION = "Answer with one word: yes."


@dataclass(frozen=True, kw_only=True, slots=True)
class PrefillSpeed:
    """How fast a kind of prompt is taken in: the median of three."""

    shown: Shown
    """What it was made of."""
    is_cached: bool
    """Whether it was asked a second time."""
    tokens: int
    """Of the prompt, as the server counted them, or as the profile does where it did not."""
    cached_tokens: int | None
    """How many of them the server says it had; None where it does not say."""
    seconds: float
    """Until the first token of the answer; until its end where it is not streamed."""

    @property
    def tokens_per_s(self) -> float:
        """Tokens of the prompt a second."""
        return self.tokens / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, object]:
        """Return the speed as plain values for JSON."""
        return asdict(self)


def measure_prefill(
    reader: Reader, examiner: Examiner, drawer: SheetDrawer, profile: ModelProfile, *, kind: str, rung: Rung
) -> tuple[PrefillSpeed, ...]:
    """Return the speeds of prompts of text and of pages, each asked twice, one after the other.

    Args:
        reader: Who reads; it is asked for a stream, whose first token tells the time.
        examiner: Keeps the times.
        drawer: Draws the pages.
        profile: Counts tokens where the reader does not say.
        kind: Of which text.
        rung: In which style, and how many pages.

    Raises:
        OutOfTime: The time is over.
        RungRefused: The server takes no such prompt, as one that is larger than its window.
        ReaderError: As `Reader.stream`.
    """
    speeds = list[PrefillSpeed]()
    shown: Shown
    for shown in ("text", "page"):
        answers = list[Answer]()
        nonce = ""
        for number in range(2 * _TIMES):
            known = examiner.book.find((shown, rung.key, "prefill", number))
            if known is None:
                examiner.check_time()
                # No server has seen it, whatever ran before; the second time it is the same.
                nonce = nonce if number % 2 else str(time.time_ns())
                context, tokens = _make_prompt(shown, int(nonce), drawer, profile, kind=kind, rung=rung)
                with tell_what_is_kept(examiner.book):
                    reading = _time_stream(reader, context)
                known = make_answer(
                    reading, kind=shown, rung=rung, phase="prefill", number=number, outcome="correct"
                )
                known = replace(known, said=nonce, prompt_tokens=known.prompt_tokens or tokens)
                examiner.keep(known)
            nonce = known.said
            answers.append(known)
        speeds += [_take_median(shown, answers[0::2], is_cached=False)]
        speeds += [_take_median(shown, answers[1::2], is_cached=True)]
    return tuple(speeds)


def _make_prompt(
    shown: Shown, nonce: int, drawer: SheetDrawer, profile: ModelProfile, *, kind: str, rung: Rung
) -> tuple[Context, int]:
    """Return a prompt that is new for a new nonce, and about what it costs."""
    if shown == "page":
        pages = drawer.draw_sheet(kind, rung, "prefill", nonce).pages
        return Context.of(_QUESTION, pages=pages), profile.pages_tokens(page.size for page in pages)
    records = islice(make_records(kind, seed=f"prefill/{nonce}"), _RECORDS)
    text = "".join(record.text for record in records)
    return Context.of(f"{text}\n{_QUESTION}", pages=[]), profile.text_tokens(text)


def _time_stream(reader: Reader, context: Context) -> Reading:
    """Return a reading with the seconds until its first token, as it tells them, or as they pass here."""
    began, first_s, reading = time.perf_counter(), None, Reading(text="")
    try:
        for delta in reader.stream(context):
            if first_s is None and (delta.text or delta.reasoning):
                first_s = time.perf_counter() - began
            reading = delta.reading or reading
    except (ReaderOverflow, ReaderRefused) as error:
        raise RungRefused(str(error)) from error
    told = reading.timing.first_token_s
    passed = time.perf_counter() - began if first_s is None else first_s
    return replace(reading, timing=Timing(first_token_s=passed if told is None else told))


def _take_median(shown: Shown, answers: Sequence[Answer], *, is_cached: bool) -> PrefillSpeed:
    cached = [answer.cached_tokens for answer in answers if answer.cached_tokens is not None]
    return PrefillSpeed(
        shown=shown,
        is_cached=is_cached,
        tokens=int(median(answer.prompt_tokens or 0 for answer in answers)),
        cached_tokens=int(median(cached)) if cached else None,
        seconds=float(median(answer.seconds or 0.0 for answer in answers)),
    )
