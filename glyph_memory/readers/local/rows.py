"""Prompts that are being answered, side by side: a token of each at a time, over what they share.

Knows keys, values and tokens; knows nothing about how a prompt is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from glyph_memory.readers.local.attention import TokenStep
from glyph_memory.readers.local.compiled import CompiledRow
from glyph_memory.readers.local.failures import is_out_of_memory, translate_error
from glyph_memory.readers.local.forward import Forward
from glyph_memory.readers.local.jobs import Finished, Job, Token
from glyph_memory.readers.local.prompt import Prompt
from glyph_memory.readers.local.sampling import check_score
from glyph_memory.readers.local.segments import Marks, PrefixTree, Segment
from glyph_memory.readers.local.slots import Slots

_SHORT = 512
"""A prompt's own end that is no longer than this is copied beside what is written: one call less for each layer."""


@dataclass(eq=False, kw_only=True)
class Row:
    """A prompt that is being answered."""

    job: Job[Prompt]
    """What was asked."""
    marks: Marks
    """The prompt's tokens."""
    path: list[Segment]
    """Its keys and values; the row is one of their users."""
    last: int
    """The token that was chosen last, and is not yet in."""
    position: int
    """Its position."""
    written: list[int] = field(default_factory=list)
    """The tokens before it."""
    keeps: bool = True
    """Whether its keys and values are kept when it ends; not where all was to be forgotten."""

    @property
    def own(self) -> list[Segment]:
        """The end of the path that is copied beside what is written."""
        return self.path[-1:] if len(self.path) > 1 and len(self.path[-1]) <= _SHORT else []

    @property
    def shared(self) -> list[Segment]:
        """The rest of the path, which other rows may have, too."""
        return self.path[: len(self.path) - len(self.own)]


class Rows:
    """The running answers.

    Args:
        forward: Runs the model.
        tree: Where keys and values go when an answer ends.
        stop_ids: Tokens that end an answer.
        compiled: Writes the answer of an asker who is alone.
    """

    def __init__(
        self,
        forward: Forward,
        *,
        tree: PrefixTree,
        stop_ids: frozenset[int],
        compiled: CompiledRow | None = None,
    ) -> None:
        self._forward, self._tree, self._stop_ids, self._compiled = forward, tree, stop_ids, compiled
        self._compiled_from = 0
        self._rows: list[Row] = []
        self._slots = Slots()
        self._shared: list[tuple[Segment, torch.Tensor | None]] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def jobs(self) -> list[Job[Prompt]]:
        """Return what is being answered."""
        return [row.job for row in self._rows]

    def add(self, row: Row) -> None:
        """Begin an answer with its first token."""
        self._end_compiled()
        self._slots.add([segment.layers for segment in row.own], like=row.path[0].layers)
        self._rows.append(row)
        self._shared = None
        if self._take(row):  # last: what failed before it is tried again, and nothing is told twice
            self._remove(len(self._rows) - 1)

    def write(self) -> None:
        """Write a token of each answer."""
        scores = self._write_compiled()
        if scores is None:
            scores = self._write_together()
        best, likeliest = (found.tolist() for found in scores.max(-1))
        ended = []
        for at, row in enumerate(self._rows):
            row.written.append(row.last)
            row.position += 1
            try:
                row.last = self._choose(row, scores[at], best[at], likeliest[at])
            except Exception as error:  # one answer's; the others go on
                row.job.deliver(translate_error(error))
                row.keeps = False
                ended.append(at)
                continue
            if self._take(row):
                ended.append(at)
        for at in reversed(ended):
            self._remove(at)

    def _choose(self, row: Row, scores: torch.Tensor, best: float, likeliest: int) -> int:
        if not row.job.sampler.is_greedy:
            return row.job.sampler.choose(scores)
        check_score(best)
        return likeliest

    def _write_together(self) -> torch.Tensor:
        if self._shared is None:
            self._shared = self._group()
        ids = torch.tensor([[row.last] for row in self._rows])
        positions = torch.tensor([[row.position] for row in self._rows])
        axes = self._rows[0].job.prompt.positions.shape[0]
        self._slots.begin_token()
        try:
            step = TokenStep(self._shared, self._slots)
            return self._forward(ids, positions[None].expand(axes, -1, -1), step, length=1)
        except BaseException:
            self._slots.drop_token()
            raise

    def _write_compiled(self) -> torch.Tensor | None:
        """Return the scores of a row that is alone; None where it is not, or nothing can be compiled."""
        if self._compiled is None or not self._compiled.works or len(self._rows) > 1:
            return None
        (row,) = self._rows
        if not self._compiled.is_begun:
            written = self._slots.copy(0, start=sum(map(len, row.own)))
            room = row.job.sampling.max_tokens - len(row.written)
            self._compiled.begin([*(segment.layers for segment in row.path), written], room=room)
            self._compiled_from = len(row.written)
        axes = row.job.prompt.positions.shape[0]
        scores = self._compiled.write(row.last, torch.full((axes, 1, 1), row.position))
        if scores is None:
            self._end_compiled()
        return scores

    def _end_compiled(self) -> None:
        """Put what a compiled model wrote beside the row's own."""
        if self._compiled is not None and self._compiled.is_begun:
            count = len(self._rows[0].written) - self._compiled_from
            self._slots.extend(0, self._compiled.copy(count))
            self._compiled.end()  # last: where memory was too small for the copy, it is made once more

    def drop_cancelled(self) -> None:
        """End answers that nobody waits for."""
        for at in reversed(range(len(self._rows))):
            if self._rows[at].job.is_cancelled:
                self._remove(at)

    def forget(self) -> None:
        """Keep nothing of what is being answered, once it is."""
        for row in self._rows:
            row.keeps = False

    def fail(self, error: BaseException) -> None:
        """End all answers with an error."""
        jobs = self.jobs()
        if self._compiled is not None:
            self._compiled.end()
        for row in self._rows:
            self._tree.release(row.path)
        self._rows, self._slots, self._shared = [], Slots(), None
        for job in jobs:
            job.deliver(error)

    def count_tokens(self) -> int:
        """Return how many tokens' keys and values the answers have, and may still come to."""
        shared = {segment for row in self._rows for segment in row.shared}
        own = sum(sum(map(len, row.own)) + row.job.sampling.max_tokens for row in self._rows)
        return sum(map(len, shared)) + own

    def _take(self, row: Row) -> bool:
        """Deliver the token that was chosen; return whether the answer has ended with it."""
        if row.last in self._stop_ids:
            row.job.deliver(Finished(reason="stop"))
            return True
        row.job.deliver(Token(token=row.last))
        if len(row.written) + 1 >= row.job.sampling.max_tokens:
            row.job.deliver(Finished(reason="length"))
            return True
        return False

    def _group(self) -> list[tuple[Segment, torch.Tensor | None]]:
        """Return each segment that rows look at, with the rows; None for all."""
        having: dict[Segment, list[int]] = {}
        for at, row in enumerate(self._rows):
            for segment in row.shared:
                having.setdefault(segment, []).append(at)
        return [
            (segment, None if len(at) == len(self._rows) else torch.tensor(at, device=self._forward.device))
            for segment, at in having.items()
        ]

    def _remove(self, at: int) -> None:
        """End an answer; its keys and values stay, since the next turn may begin with it."""
        self._end_compiled()
        row = self._rows[at]
        marks = np.append(row.marks, np.array(row.written, np.int64))
        if row.written and row.keeps:
            try:
                layers = self._slots.copy(at, start=sum(map(len, row.own)))
                self._tree.release([self._tree.insert(marks, len(row.marks), layers)])
            except Exception as error:
                if not is_out_of_memory(error):
                    raise  # else it is not kept; the answer itself is whole
        self._slots.remove(at)
        last = self._rows.pop()
        if at < len(self._rows):
            self._rows[at] = last
        self._shared = None
        self._tree.release(row.path)
