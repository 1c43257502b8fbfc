"""The turns that are still text, and what is known of all of them without going through them again.

Knows turns and their token counts; knows nothing of seals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from glyph_memory.folding.calls import pass_turn
from glyph_memory.transcript import Turn

_TURN_CHARACTERS = 12
"""What a turn's label takes on a page, and what ends a turn."""
_PICTURE_CHARACTERS = 3_200
"""What a sealed picture takes of the budget at the most, in characters of a page."""


def count_characters(turn: Turn) -> int:
    """Return about how much room a turn takes on a page, in characters. Stores keep it: it stays what it is."""
    calls = sum(len(call.name) + len(call.arguments) for call in turn.tool_calls)
    pictures = sum(min(len(image), _PICTURE_CHARACTERS) for image in turn.images)
    return _TURN_CHARACTERS + len(turn.text) + calls + pictures


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentTurn:
    """A turn that is still text, and what it costs."""

    turn: Turn
    """The turn, with its anchor."""
    tokens: int
    """What its text takes as a message."""
    picture_tokens: int = 0
    """What its pictures and attachments take."""

    @property
    def total_tokens(self) -> int:
        """Text and pictures."""
        return self.tokens + self.picture_tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class TailSums:
    """What a tail comes to. One more turn is added in the same time, however long the tail is."""

    turns: int = 0
    """How many turns it has."""
    tokens: int = 0
    """What they cost, pictures included."""
    characters: int = 0
    """What room they take on pages; see `count_characters`."""
    answered_characters: int = 0
    """What those of them take that the model has answered."""
    images: int = 0
    """How many pictures they have."""
    image_bytes: int = 0
    """Length of their files."""
    answered: int = 0
    """How many the model has answered: all up to its own last one."""
    users: int = 0
    """How many there are up to the user's last one."""
    waiting: tuple[str, ...] = ()
    """The tool calls that wait for their results after the last turn."""
    last_end: int = 0
    """After how many turns the last run may end for certain, whatever comes next."""
    closed: int = 0
    """After how many of the answered turns the last run may end: the others wait for an answer or a result."""

    def add(self, recent: RecentTurn) -> TailSums:
        """Return the sums with one more turn."""
        turn, turns = recent.turn, self.turns + 1
        last_end, closed = self.last_end, self.closed
        if not self.waiting and turn.role != "tool":
            last_end = self.turns
        elif closed == self.turns:
            closed = last_end  # a result that comes late joins the turn before it
        waiting = pass_turn(self.waiting, turn)
        is_answer, characters = turn.role == "assistant", self.characters + count_characters(turn)
        if is_answer:
            closed = last_end if waiting else turns
        return TailSums(
            turns=turns,
            tokens=self.tokens + recent.total_tokens,
            characters=characters,
            answered_characters=characters if is_answer else self.answered_characters,
            images=self.images + len(turn.images),
            image_bytes=self.image_bytes + sum(map(len, turn.images)),
            answered=turns if is_answer else self.answered,
            users=turns if turn.role == "user" else self.users,
            waiting=waiting,
            last_end=last_end,
            closed=closed,
        )

    @classmethod
    def of(cls, tail: Iterable[RecentTurn]) -> TailSums:
        """Return the sums of a tail."""
        sums = cls()
        for recent in tail:
            sums = sums.add(recent)
        return sums
