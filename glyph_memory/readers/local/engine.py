"""Answer many prompts with one model: read each in chunks, and write a token of each answer at a time.

A prompt that begins like an earlier one goes on from that one's keys and values. Its unchanging part ends a segment of
its own, so that the next question, and the next page, go on from there. While a long prompt is read, answers that have
begun go on, a token after each chunk. Knows prompts, a model and its memory; knows nothing about text and threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from glyph_memory.errors import ReaderOverflow
from glyph_memory.readers.local.attention import Attention, ChunkStep
from glyph_memory.readers.local.compiled import CompiledRow
from glyph_memory.readers.local.failures import run_with_memory
from glyph_memory.readers.local.features import PictureReader
from glyph_memory.readers.local.forward import Forward, free_memory
from glyph_memory.readers.local.jobs import Finished, Job
from glyph_memory.readers.local.keeping import Keeper
from glyph_memory.readers.local.prompt import Prompt
from glyph_memory.readers.local.rows import Row, Rows
from glyph_memory.readers.local.segments import Layers, Marks, PrefixTree, Segment

_MOST_ROWS = 64
_SMALLEST_CHUNK = 64


@dataclass(eq=False)
class _Reading:
    """A prompt that is being read."""

    job: Job[Prompt]
    marks: Marks
    path: list[Segment]
    at: int
    """Tokens that are in."""
    new_from: int
    """Where the keys and values begin that are in no segment yet."""
    new: Layers = field(default_factory=list)
    scores: torch.Tensor | None = None
    """Behind the last token, once all are in."""
    token: int | None = None
    """The first token of its answer, once it is chosen."""
    keeps: bool = True


class Engine:
    """Reads prompts and writes answers. Belongs to one thread.

    Args:
        forward: Runs the model.
        stop_ids: Tokens that end an answer.
        tree: Keys and values that are kept.
        pictures: Looks at pictures.
        chunk_tokens: How many tokens of a prompt are read at a time.
        max_batch_tokens: Most tokens of keys and values that running answers may have together.
        flash: transformers' function for a FlashAttention package, where one is used.
        check_room: Called with a job, its prompt's known tokens and those to be read, before it is read; raises what
            the job should fail with.
        keeper: Keeps keys and values in files, where they are to be kept.
        compiled: Writes the answers of askers who are alone, where a model is to be compiled.
    """

    def __init__(
        self,
        forward: Forward,
        *,
        stop_ids: frozenset[int],
        tree: PrefixTree,
        pictures: PictureReader,
        chunk_tokens: int,
        max_batch_tokens: int,
        flash: Attention | None = None,
        check_room: Callable[[Job[Prompt], int, int], None] | None = None,
        keeper: Keeper | None = None,
        compiled: CompiledRow | None = None,
    ) -> None:
        self.tree, self.pictures = tree, pictures
        self._forward, self._flash, self._check_room = forward, flash, check_room
        self._keeper = keeper
        self._chunk_tokens, self._max_batch_tokens = chunk_tokens, max_batch_tokens
        self._waiting: list[Job[Prompt]] = []
        self._reading: _Reading | None = None
        self._rows = Rows(forward, tree=tree, stop_ids=stop_ids, compiled=compiled)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do."""
        return not (self._waiting or self._reading or self._rows)

    def add(self, job: Job[Prompt]) -> None:
        """Take a job; it is begun when there is room."""
        self._waiting.append(job)

    def step(self) -> None:
        """Read a chunk of a prompt and write a token of each answer."""
        self._drop_cancelled()
        self._begin_reading()
        if self._reading is not None:
            self._run(self._read, self._fail_reading)
        if self._rows:
            self._run(self._rows.write, self._rows.fail)

    def tidy(self) -> bool:
        """Do something that can wait; return whether there is more of it."""
        if self._keeper is None or not self._keeper.has_work:
            return False
        self._keeper.write()
        return self._keeper.has_work

    def forget(self) -> None:
        """Drop all that was kept of prompts, files included; what runs goes on, and nothing of it is kept."""
        self.tree.clear()
        self.pictures.forget()
        free_memory(self._forward.device)
        self._rows.forget()
        if self._reading is not None:
            self._reading.keeps = False
        if self._keeper is not None:
            self._keeper.forget()

    def fail_all(self, error: BaseException) -> None:
        """End everything with an error."""
        waiting, self._waiting = self._waiting, []
        self._fail_reading(error)
        self._rows.fail(error)
        for job in waiting:
            job.deliver(error)

    def _begin_reading(self) -> None:
        """Begin with the next job for which there is room."""
        while self._reading is None and self._waiting and len(self._rows) < _MOST_ROWS:
            job = self._waiting[0]
            most = len(job.prompt.ids) + job.sampling.max_tokens
            if self._rows and self._rows.count_tokens() + most > self._max_batch_tokens:
                return
            self._waiting.pop(0)
            run_with_memory(partial(self._begin, job), fail=job.deliver, free=self.free)
            if job in self._waiting[:1]:  # for answers to end
                return

    def _begin(self, job: Job[Prompt]) -> None:
        marks = self.tree.mark_prompt(job.prompt)
        if job.is_warming:
            marks = marks[: job.prompt.stable_tokens]
        path, known = self._find(job.prompt, marks, whole=job.is_warming)
        job.cached_tokens = known
        try:
            has_room = known == len(marks) or self._has_room(job, known, len(marks) - known)
        except BaseException:
            self.tree.release(path)
            raise
        if not has_room:
            self.tree.release(path)
            self._waiting.insert(0, job)
        elif known < len(marks):
            self._reading = _Reading(job, marks, path, at=known, new_from=known)
        else:
            self.tree.release(path)
            job.deliver(Finished(reason="stop"))

    def _has_room(self, job: Job[Prompt], known: int, new: int) -> bool:
        """Return whether there is memory for a job; False where there will be once running answers end.

        Raises:
            ReaderOverflow: There will not be.
        """
        if self._check_room is None:
            return True
        try:
            self._check_room(job, known, new)
        except ReaderOverflow:
            if self._keeper is not None and self._keeper.has_work:
                self._keeper.drop()
                return self._has_room(job, known, new)
            if not self._rows:
                raise
            return False
        return True

    def _find(self, prompt: Prompt, marks: Marks, *, whole: bool) -> tuple[list[Segment], int]:
        """Return what is known of a prompt, in memory or in files, as pinned segments; all of it only where asked."""
        found = self.tree.find(np.append(marks, 0) if whole else marks)  # its last mark is left out
        self.tree.pin(found.path)
        path, length = list(found.path), found.length
        stop = min(prompt.stable_tokens, len(marks) if whole else len(marks) - 1)
        if self._keeper is not None and length < stop:
            try:
                path += self._keeper.load(prompt, marks, length, stop)
            except BaseException:
                self.tree.release(path)
                raise
            length = sum(map(len, path))
        return path, length

    def _read(self) -> None:
        """Read a chunk of the prompt; where that was the last one, begin its answer. Whatever fails can be repeated."""
        reading = self._reading
        assert reading is not None  # noqa: S101  `step` asked
        stable, length = reading.job.prompt.stable_tokens, len(reading.marks)
        if reading.at < length:
            self._read_chunk(reading, until=stable if reading.at < stable < length else length)
        if reading.new and reading.at in (stable, length):
            self._end_segment(reading, is_stable=reading.at == stable)
        if reading.at == length:
            self._begin_answer(reading)
            self._reading = None

    def _read_chunk(self, reading: _Reading, *, until: int) -> None:
        prompt, stop = reading.job.prompt, min(reading.at + self._chunk_tokens, until)
        coming = [image for image in prompt.images if image.start + image.count > reading.at]
        self.pictures.prepare([image for image in coming if image.start < len(reading.marks)])
        step = ChunkStep(reading.path, list(reading.new), self._flash)
        scores = self._forward(
            prompt.ids[reading.at : stop][None],
            prompt.positions[:, None, reading.at : stop],
            step,
            length=reading.at,
            images=self.pictures.place(coming, reading.at, stop),
        )
        reading.new, reading.at, reading.scores = step.new, stop, scores[0]

    def _end_segment(self, reading: _Reading, *, is_stable: bool) -> None:
        """Put what was read since the last segment into the tree."""
        marks = reading.marks[: reading.at]
        segment = self.tree.insert(
            marks, reading.new_from, reading.new, is_stable=is_stable, keeps=reading.keeps
        )
        reading.path.append(segment)
        reading.new, reading.new_from = [], reading.at
        if is_stable and reading.keeps and self._keeper is not None:
            self._keeper.note(reading.job.prompt, reading.marks, reading.path)

    def _begin_answer(self, reading: _Reading) -> None:
        job = reading.job
        if job.is_warming:
            self.tree.release(reading.path)
            job.deliver(Finished(reason="stop"))
            return
        assert reading.scores is not None  # noqa: S101  the last chunk had some
        if reading.token is None:
            reading.token = job.sampler.choose(reading.scores)
        self._rows.add(
            Row(
                job=job,
                marks=reading.marks,
                path=reading.path,
                last=reading.token,
                position=job.prompt.next_position,
                keeps=reading.keeps,
            )
        )

    def _drop_cancelled(self) -> None:
        self._waiting = [job for job in self._waiting if not job.is_cancelled]
        reading = self._reading
        if reading is not None and reading.job.is_cancelled:
            if reading.new:  # whoever asks again goes on from here
                self._end_segment(reading, is_stable=False)
            self.tree.release(reading.path)
            self._reading = None
        self._rows.drop_cancelled()

    def _fail_reading(self, error: BaseException) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            self.tree.release(reading.path)
            reading.job.deliver(error)

    def _run(self, act: Callable[[], None], fail: Callable[[BaseException], None]) -> None:
        """Do something; where memory was too small, once more, with empty caches and smaller chunks."""
        chunk = self._chunk_tokens

        def free() -> None:
            self.free()
            self._chunk_tokens = max(_SMALLEST_CHUNK, chunk // 4)

        run_with_memory(act, fail=fail, free=free)
        self._chunk_tokens = chunk

    def close(self) -> None:
        """End the threads that make pictures ready."""
        self.pictures.close()

    def free(self) -> None:
        """Empty the caches: all that no running prompt needs."""
        if self._keeper is not None:
            self._keeper.drop()
        self.tree.evict(0)
        self.pictures.forget()
        free_memory(self._forward.device)
