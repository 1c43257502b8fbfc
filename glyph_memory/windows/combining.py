"""Put the windows' answers together: by one request, or by several where they do not fit into one.

Knows answers and their room; yields requests and takes readings, and asks nobody itself.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from glyph_memory.context import Context
from glyph_memory.context.excerpts import shorten_text
from glyph_memory.context.windows_wording import head_answer, name_range
from glyph_memory.errors import ReaderError
from glyph_memory.readers import Reading
from glyph_memory.windows.answers import WindowLoss, WindowReading
from glyph_memory.windows.options import WindowOptions
from glyph_memory.windows.prompts import Answer, Prompts

Asking = Generator[list[Context], "list[Reading | ReaderError]", "Combined"]
"""Yields requests, takes their answers, returns what came of it."""


@dataclass(kw_only=True, slots=True)
class Combined:
    """What came of the windows' answers."""

    text: str = ""
    """The final answer."""
    readings: list[Reading] = field(default_factory=list)
    """What was answered on the way, in order."""
    losses: list[WindowLoss] = field(default_factory=list)
    """What it does not take into account."""
    prompt_tokens: int = 0
    """What was sent."""


def combine_answers(windows: Sequence[WindowReading], prompts: Prompts, options: WindowOptions) -> Asking:
    """Put answers together, in rounds: as many at a time as fit, until one is left.

    A single answer stays as it is. Where a request fails, the answers stand in a list, and a loss says so.

    Raises:
        ReaderError: A request failed, and the options say that this is raised.
    """
    combined = Combined()
    answers = [
        _Placed(first=str(window.pages[0]), last=str(window.pages[-1]), text=window.text.strip())
        for window in windows
        if window.found
    ]
    while len(answers) > 1 and options.combine == "ask":
        room = prompts.room_for_answers()
        batches = _split(_shorten(answers, room // 2, prompts, combined), room, prompts)
        requests = [
            prompts.ask_to_combine([one.answer for one in batch]) for batch in batches if len(batch) > 1
        ]
        if not requests:
            return _give_up(
                answers, answers, "the window has no room for two of them; give a larger one", combined
            )
        combined.prompt_tokens += sum(tokens for _, tokens in requests)
        readings = iter((yield [context for context, _ in requests]))
        joined = list[_Placed]()
        for batch in batches:
            reading = next(readings) if len(batch) > 1 else None
            if isinstance(reading, ReaderError):
                if options.on_error == "raise":
                    raise reading
                return _give_up(answers, batch, str(reading), combined)
            joined.append(_join(batch, reading, combined))
        answers = joined
    combined.text = _list(answers)
    return combined


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    """An answer, and the names of its first and its last page."""

    first: str
    last: str
    text: str

    @property
    def answer(self) -> Answer:
        return Answer(pages=name_range(self.first, self.last), text=self.text)


def _give_up(answers: Sequence[_Placed], batch: Sequence[_Placed], why: str, combined: Combined) -> Combined:
    """List answers that could not be put together, and tell so."""
    pages = name_range(batch[0].first, batch[-1].last)
    told = f"answers were not put together, and are listed: {why}"
    combined.losses.append(WindowLoss(kind="not combined", pages=pages, message=told))
    combined.text = _list(answers)
    return combined


def _join(batch: Sequence[_Placed], reading: Reading | None, combined: Combined) -> _Placed:
    """Return the answer of a batch: what was answered about it, or the only one in it."""
    if reading is None:
        return batch[0]
    combined.readings.append(reading)
    joined = _Placed(first=batch[0].first, last=batch[-1].last, text=reading.text.strip())
    if reading.is_cut_off:
        combined.losses.append(tell_cut_off(joined.answer.pages))
    return joined


def tell_cut_off(pages: str) -> WindowLoss:
    """Return the loss of an answer whose end is missing."""
    told = "the answer ends before it is complete; raise the reader's max_tokens, and answer_tokens with it"
    return WindowLoss(kind="cut off", pages=pages, message=told)


def _list(answers: Sequence[_Placed]) -> str:
    """Return answers as one text, each under the name of its pages; a single one without."""
    if len(answers) < 2:
        return "".join(one.text for one in answers)
    return "\n\n".join(f"{head_answer(one.answer.pages)}{one.text}" for one in answers)


def _shorten(answers: Sequence[_Placed], room: int, prompts: Prompts, combined: Combined) -> list[_Placed]:
    """Return answers of which two fit into a request, each shortened in its middle where it is too long for that."""
    fitting = list[_Placed]()
    for one in answers:
        short, tokens = one, prompts.count_answer(one.answer)
        size = len(one.text)
        while tokens > room and size:
            size = min(size - 1, size * room // tokens)
            short = _Placed(first=one.first, last=one.last, text=shorten_text(one.text, size))
            tokens = prompts.count_answer(short.answer)
        if short is not one:
            told = (
                f"an answer of {len(one.text):,} characters was shortened to fit beside another one; give a smaller "
                "answer_tokens, and the reader that max_tokens"
            )
            combined.losses.append(WindowLoss(kind="shortened", pages=one.answer.pages, message=told))
        fitting.append(short)
    return fitting


def _split(answers: Sequence[_Placed], room: int, prompts: Prompts) -> list[list[_Placed]]:
    """Return answers in batches that fit, in order; each but the last has two at the least."""
    batches, used = list[list[_Placed]](), 0
    for one in answers:
        tokens = prompts.count_answer(one.answer)
        if not batches or used + tokens > room:
            batches.append([])
            used = 0
        batches[-1].append(one)
        used += tokens
    return batches
