"""Ask a language model for styles, keep what it says, and tell it once what cannot be drawn.

Knows a reader and replies; where nobody answers, the search goes on without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from glyph_memory.context import Context
from glyph_memory.errors import ReaderError, warn
from glyph_memory.readers import Reader
from glyph_memory.readers.reader import check_reading
from glyph_memory.training.style_search.candidate import Candidate
from glyph_memory.training.style_search.front import Aim
from glyph_memory.training.style_search.genes import StyleSpace
from glyph_memory.training.style_search.log import Reply, SearchLog
from glyph_memory.training.style_search.prompts import write_correction, write_prompt
from glyph_memory.training.style_search.replies import LONGEST_REPLY, Proposal, Proposals, read_proposals

_GIVE_UP = 3
"""After so many generations in a row without an answer, a language model is not asked again."""


@dataclass(kw_only=True, slots=True)
class ProposalCounts:
    """What came of asking a language model."""

    calls: int = 0
    """How often it was asked."""
    failures: int = 0
    """How often it did not answer."""
    accepted: int = 0
    """Styles that it proposed, and that were tried."""
    refused: int = 0
    """Styles that it proposed, and that cannot be tried."""
    surplus: int = 0
    """Proposals that were not looked at."""
    reasons: list[str] = field(default_factory=list)
    """The last reasons why some were refused."""


class Proposer:
    """Asks a language model for styles.

    Args:
        reader: Answers text; None where there is no language model.
        log: Keeps replies; those that it has are not asked for again.
        space: Fits styles to the model that reads pages.
        aim: What is looked for.
        marks: The newline marks that may be proposed.
    """

    def __init__(
        self, reader: Reader | None, *, log: SearchLog, space: StyleSpace, aim: Aim, marks: Sequence[str]
    ) -> None:
        self._reader, self._log, self._space, self._aim, self._marks = reader, log, space, aim, marks
        self._place = self._silent = 0
        self.counts = ProposalCounts()
        """What came of it so far."""

    def propose(self, candidates: Sequence[Candidate], count: int, *, refused: int) -> tuple[Proposal, ...]:
        """Return styles that the model proposes; none where it does not answer, of which is warned.

        Args:
            candidates: Those that were tried.
            count: How many are wanted.
            refused: How many styles could not be drawn so far.
        """
        if self._reader is None or self._silent >= _GIVE_UP:
            return ()
        prompt = write_prompt(candidates, aim=self._aim, count=count, marks=self._marks, refused=refused)
        reply = self._ask(prompt)
        if reply is None:
            return ()
        read = self._read(reply, candidates, count)
        accepted = read.accepted
        if read.refused and len(accepted) < count:
            left = count - len(accepted)
            again = self._ask(write_correction(prompt, reply, read.refused, count=left))
            if again is not None:
                names = {one.style for one in accepted}
                more = self._read(again, candidates, left).accepted
                accepted = (*accepted, *(one for one in more if one.style not in names))
        self.counts.accepted += len(accepted)
        return accepted

    def _read(self, reply: str, candidates: Sequence[Candidate], count: int) -> Proposals:
        read = read_proposals(reply, candidates, self._space, marks=self._marks, at_most=count)
        self.counts.refused += len(read.refused)
        self.counts.surplus += read.surplus
        self.counts.reasons = [*self.counts.reasons, *read.refused][-20:]
        return read

    def _ask(self, prompt: str) -> str | None:
        """Return the reply; None where there is none."""
        digest = hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        known = self._log.replies[self._place] if self._place < len(self._log.replies) else None
        if known is not None and known.prompt == digest:
            reply = known
        else:
            reply = self._read_reply(prompt, digest)
            self._log.add_reply(reply)
        self._place += 1
        self.counts.calls += 1
        if reply.error:
            self.counts.failures += 1
            self._silent += 1
            warn(f"the language model proposes nothing: {reply.error}; styles are bred without it")
            return None
        self._silent = 0
        return reply.text

    def _read_reply(self, prompt: str, digest: str) -> Reply:
        if self._reader is None:
            return Reply(prompt=digest, error="there is none")
        try:
            reading = check_reading(self._reader.read(Context.of(prompt, pages=[])))
        except ReaderError as error:
            return Reply(prompt=digest, error=str(error))
        return Reply(prompt=digest, text=reading.text[:LONGEST_REPLY])
