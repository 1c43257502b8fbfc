"""What a prefix cache sees of real conversations: how long each prompt is, and where it parts from the ones before.

The conversations are an agent's, folded by the real policy and drawn as real pages. Knows keys of tokens and blocks;
knows nothing about sessions, time or servers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glyph_memory.context import Binder
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from lib.prefix_cache import BLOCK_TOKENS, Keys, count_shared_tokens
from lib.ways import Talk, Way, list_ways

PROFILE = "glyph"
WAYS = ("plain text", "sliding window", "rewritten summary", "pages")
"""Of those in `lib.ways`, which are replayed."""
KINDS: Mapping[str, tuple[int, int | None]] = {"light": (200, None), "heavy": (140, 60), "files": (32, 250)}
"""Turns, and lines that a tool returns; all of them fit the model's window as text."""
Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """All requests of a conversation, sent in one way."""

    tokens: Integers
    """Shape (requests,): of each prompt."""
    shared: Integers
    """Shape (requests, requests): whole blocks that prompt `column` has in common at its beginning with prompt `row`
    and with all between. What it has in common with an older prompt alone is not counted: only the made-up summary,
    which repeats itself after ten versions, has any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """A conversation, and its traces."""

    kind: str
    """Of `KINDS`."""
    waits_for_user: NDArray[np.bool_]
    """Shape (requests,): whether a person spoke last before the request; a tool did otherwise."""
    answer_tokens: Integers
    """Shape (requests,): of what the assistant said."""
    traces: Mapping[str, Trace]
    """By way."""


def trace_way(talk: Talk, way: Way, keys: Keys) -> Trace:
    """Return what a cache sees of a conversation that is sent in one way."""
    prompts = [keys.prompt(messages) for messages in way(talk)]
    shared = np.zeros((len(prompts), len(prompts)), np.int64)
    for column in range(1, len(prompts)):
        shared[column - 1, column] = count_shared_tokens(prompts[column - 1], prompts[column]) // BLOCK_TOKENS
        shared[: column - 1, column] = np.minimum(
            shared[: column - 1, column - 1], shared[column - 1, column]
        )
    return Trace(tokens=np.array([len(prompt) for prompt in prompts], np.int64), shared=shared)


def make_one(kind: str, *, turns: int, seed: int) -> Conversation:
    """Return a conversation of a kind, sent in all ways."""
    binder, keys = Binder(PROFILE), Keys(ModelProfile.from_name(PROFILE))
    talk = Talk(
        agent_conversation(turns=turns, tool_lines=KINDS[kind][1], seed=seed), binder=binder, keys=keys
    )
    chosen = list_ways(binder)
    return Conversation(
        kind=kind,
        waits_for_user=np.array([talk.turns[place - 1].role == "user" for place in talk.asked_at]),
        answer_tokens=np.array([talk.tokens[place] for place in talk.asked_at], np.int64),
        traces={way: trace_way(talk, chosen[way], keys) for way in WAYS},
    )


def make_conversations(seeds: Iterable[int]) -> list[Conversation]:
    """Return conversations of every kind, one for each seed."""
    return [make_one(kind, turns=turns, seed=seed) for seed in seeds for kind, (turns, _) in KINDS.items()]
