"""Requests of many sessions over hours, as our benchmark's agents make them: who asks when.

Made up, by these laws: a session begins at any time alike, goes through one of the conversations, and stops after so
many requests as a Zipf law says. An agent asks again a few seconds after a tool has answered (log-normal); a person
takes half a minute or hours (Pareto).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.locks import cached_property
from lib.prefix_cache import BLOCK_TOKENS
from lib.prefix_traces import WAYS, Conversation, Integers

WARM_S, COUNTED_S = 3600.0, 3600.0
"""The first hour fills the caches and is not counted; the second one is."""
TOOL_MEDIAN_S, TOOL_SIGMA = 4.0, 1.0
PERSON_LEAST_S, PERSON_ALPHA, PERSON_MOST_S = 30.0, 1.1, 8 * 3600.0
ANSWER_S, ANSWER_TOKEN_S = 0.5, 0.02
"""Of a request: what it takes at the least, and for each token of the answer."""
ZIPF_EXPONENT = 1.0
"""P(k requests) falls as 1 / k."""
Seconds = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """All requests, in the order of time."""

    conversations: Sequence[Conversation]
    """What sessions say."""
    time_s: Seconds
    """Shape (requests,), as all below: when."""
    session: Integers
    """Whose."""
    talk: Integers
    """Which conversation it is."""
    turn: Integers
    """Which of its requests."""
    open_s: Seconds
    """How long until the session's next one; 0 for its last."""
    busy_s: Seconds
    """How long a server has it in hand."""

    @property
    def is_counted(self) -> NDArray[np.bool_]:
        """Whether it came after the caches were filled."""
        return self.time_s >= WARM_S

    def get_tokens(self, places: Integers) -> Integers:
        """Return tokens of these requests' prompts; shape (ways, places)."""
        return self._look_up([[one.traces[way].tokens for one in self.conversations] for way in WAYS], places)

    def get_shared(self, places: Integers, previous: Integers) -> Integers:
        """Return whole blocks that requests have in common with their predecessors; shape (ways, places).

        Args:
            places: Of requests, in order.
            previous: As `find_previous` gives them, among these.
        """
        turn, talk = self.turn[places], self.talk[places]
        return np.where(previous >= 0, self._shared[:, talk, turn[previous], turn], 0)

    def measure_working_set(self) -> float:
        """Return how many blocks the open sessions' prompts have at a time as plain text, all servers together."""
        begin, end = WARM_S, WARM_S + COUNTED_S
        inside = np.minimum(self.time_s + self.open_s, end) - np.maximum(self.time_s, begin)
        blocks = self.get_tokens(np.arange(len(self.time_s)))[WAYS.index("plain text")] // BLOCK_TOKENS
        return float((blocks * np.maximum(inside, 0)).sum()) / COUNTED_S

    def _look_up(self, tables: list[list[Integers]], places: Integers) -> Integers:
        starts = np.cumsum([0, *(len(one) for one in tables[0][:-1])])
        flat = starts[self.talk[places]] + self.turn[places]
        return np.stack([np.concatenate(table) for table in tables])[:, flat]

    @cached_property
    def _shared(self) -> Integers:
        longest = max(len(one.answer_tokens) for one in self.conversations)
        tables = np.zeros((len(WAYS), len(self.conversations), longest, longest), np.int64)
        for way, name in enumerate(WAYS):
            for talk, one in enumerate(self.conversations):
                shared = one.traces[name].shared
                tables[way, talk, : len(shared), : len(shared)] = shared
        return tables


def make_traffic(conversations: Sequence[Conversation], *, sessions: int, seed: int) -> Traffic:
    """Return the requests of so many sessions that begin within the two hours.

    Args:
        conversations: What they say, each alike often.
        sessions: How many.
        seed: The same one, the same traffic.

    Raises:
        ValueError: There are no sessions.
    """
    if sessions < 1:
        raise ValueError(f"{sessions!r} sessions make no traffic; name one at the least")
    draw = np.random.default_rng(seed)
    lengths = np.array([len(one.answer_tokens) for one in conversations])
    talk_of = draw.integers(0, len(conversations), sessions)
    weights = np.arange(1, lengths.max() + 1) ** -ZIPF_EXPONENT
    wanted = 1 + np.searchsorted(np.cumsum(weights) / weights.sum(), draw.random(sessions))
    count = np.minimum(wanted, lengths[talk_of])
    session = np.repeat(np.arange(sessions), count)
    talk = talk_of[session]
    first = np.cumsum(count) - count
    turn = np.arange(len(session)) - first[session]
    starts = np.cumsum(lengths) - lengths
    flat = starts[talk] + turn
    is_person = np.concatenate([one.waits_for_user for one in conversations])[flat]
    tools = TOOL_MEDIAN_S * np.exp(TOOL_SIGMA * draw.standard_normal(len(session)))
    persons = np.minimum(PERSON_LEAST_S * (1 + draw.pareto(PERSON_ALPHA, len(session))), PERSON_MOST_S)
    busy = ANSWER_S + ANSWER_TOKEN_S * np.concatenate([one.answer_tokens for one in conversations])[flat]
    # A request comes once the one before is answered and somebody has spoken.
    gap = np.where(is_person, persons, tools) + np.concatenate([[0.0], busy[:-1]])
    gap[turn == 0] = 0.0
    passed = np.cumsum(gap)
    begin = draw.random(sessions) * (WARM_S + COUNTED_S)
    time = begin[session] + passed - passed[first][session]
    later = np.concatenate([gap[1:], [0.0]])
    kept = np.flatnonzero(time < WARM_S + COUNTED_S)
    kept = kept[np.argsort(time[kept], kind="stable")]
    return Traffic(
        conversations=conversations,
        time_s=time[kept],
        session=session[kept],
        talk=talk[kept],
        turn=turn[kept],
        open_s=later[kept],
        busy_s=busy[kept],
    )
