"""What other processes do to a memory in tests, `python worker.py WHAT DATABASE …`, and policies to fold with."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from glyph_memory import FoldPolicy, GlyphMemory
from glyph_memory.store import SessionStore
from glyph_memory.store.erasing import ErasingDatabase
from glyph_memory.testing import agent_conversation

SMALL = FoldPolicy(
    window_tokens=6000, tools_tokens=0, output_tokens=500, keep_recent_tokens=200, seal_tokens=300, trigger_tokens=900,
    max_run_tokens=1200, pinned_tokens=200, max_images=24,
)  # fmt: skip
"""Seals some eight turns at a time, and begins a generation after some eight seals."""
OTHER = FoldPolicy(
    window_tokens=6000, tools_tokens=0, output_tokens=500, keep_recent_tokens=300, seal_tokens=400, trigger_tokens=1200,
    max_run_tokens=1200, pinned_tokens=200,
)  # fmt: skip
"""Seals otherwise."""


def small(url: Any = ":memory:", **options: Any) -> GlyphMemory:
    """Open a memory in which much happens quickly."""
    return GlyphMemory.open(url, **{"policy": SMALL, "wait_s": 30.0, **options})


def main(what: str, database: str, *arguments: str) -> None:
    """Do it."""
    if what == "add":  # WHO COUNT: say so many things, one by one
        who, count = arguments
        with small(database) as memory:
            for number, turn in enumerate(agent_conversation(turns=int(count), seed=int(who)).turns):
                memory.add("user", f"{who}:{number} {turn.text}")
            sys.stdout.write(" ".join(seal.digest for seal in memory.fold().seals))
    elif what == "look":  # COUNT: ask for contexts
        with small(database) as memory:
            for _ in range(int(arguments[0])):
                memory.context()
            sys.stdout.write(" ".join(seal.digest for seal in memory.fold().seals))
    elif what == "alternate":  # COUNT: fold otherwise than the others do
        with small(database, policy=OTHER) as memory:
            for number in range(int(arguments[0])):
                memory.add("user", f"other:{number} and so on, and so on")
                memory.context()
    elif what == "die-sealing":  # COUNT: be killed when a turn is stored, and its seal is not yet
        SessionStore.add_seals = _die  # type: ignore[method-assign]  # the moment cannot be hit from outside
        with small(database) as memory:
            for turn in agent_conversation(turns=int(arguments[0])).turns:
                memory.add(turn)
    elif (
        what == "die-erasing"
    ):  # [ANCHOR]: be killed when a turn, or all, is erased, and page images are not yet
        ErasingDatabase._scrub = _die  # type: ignore[method-assign]  # as above
        with small(database) as memory:
            if arguments:
                memory.delete(int(arguments[0]))
            memory.clear()
    elif what == "die-importing":  # FILE: be killed after the first transaction
        with small(database) as memory:
            memory.import_(arguments[0], progress=_die)


def _die(*_: object, **__: object) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
