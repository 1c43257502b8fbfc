"""Make a reading of what the engine tells of one job. Knows events, text and clocks; knows nothing about threads."""

from __future__ import annotations

import time
from typing import Any

from glyph_memory.readers.local.answer import AnswerText
from glyph_memory.readers.local.jobs import Event, Finished, Job
from glyph_memory.readers.reader import Reading, ReadingDelta, Timing, Usage
from glyph_memory.readers.reasoning import TextDelta

_NOTHING = TextDelta("", "")


class Answering:
    """One answer as it comes.

    Args:
        job: What was asked.
        tokenizer: The model's, as transformers loads it.
        model: The model's name.
    """

    def __init__(self, job: Job[Any], *, tokenizer: Any, model: str) -> None:  # noqa: ANN401 - transformers' own
        self._job, self._model = job, model
        end = tokenizer.decode(job.prompt.ids[-8:])
        self._answer = AnswerText(tokenizer, stop=job.sampling.stop, prompt_end=end)
        self._count = 0
        self._first_s: float | None = None

    def take(self, event: Event) -> ReadingDelta | None:
        """Take in an event; return what the answer grew by, None where by nothing yet.

        The last delta has the reading.

        Raises:
            ReaderError: The event is one.
        """
        if isinstance(event, BaseException):
            raise event
        if isinstance(event, Finished):
            return self._end(event.reason)
        if self._first_s is None:
            self._first_s = time.perf_counter() - self._job.started_s
        self._count += 1
        grown = self._answer.feed(event.token)
        if self._answer.is_stopped:
            self._job.cancel()
            return self._end("stop", grown)
        return ReadingDelta(text=grown.text, reasoning=grown.reasoning) if any(grown) else None

    def _end(self, reason: str, grown: TextDelta = _NOTHING) -> ReadingDelta:
        rest = self._answer.close()
        reading = Reading(
            text=self._answer.text,
            reasoning=self._answer.reasoning,
            usage=self.count_usage(),
            finish_reason=reason,
            model=self._model,
            timing=Timing(first_token_s=self._first_s, total_s=time.perf_counter() - self._job.started_s),
        )
        return ReadingDelta(
            text=grown.text + rest.text, reasoning=grown.reasoning + rest.reasoning, reading=reading
        )

    def count_usage(self) -> Usage:
        """Return the tokens so far."""
        prompt = self._job.prompt
        warming = self._job.is_warming
        return Usage(
            prompt_tokens=prompt.stable_tokens if warming else len(prompt.ids),
            completion_tokens=self._count,
            cached_tokens=self._job.cached_tokens,
            image_tokens=prompt.stable_image_tokens if warming else prompt.image_tokens,
        )
