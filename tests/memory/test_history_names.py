"""Ids that a framework mints anew on each call are no change of a history; what is removed or added is one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from glyph_memory import Bookmark, Folding, FoldPolicy
from glyph_memory.testing import agent_conversation

POLICY = FoldPolicy(
    window_tokens=6_000, tools_tokens=0, output_tokens=500, keep_recent_tokens=200, seal_tokens=400, trigger_tokens=700,
    max_run_tokens=1_200, pinned_tokens=100,
)  # fmt: skip
NUMBERS = count()


def minted() -> list[dict[str, Any]]:
    """Return a history whose ids nobody has seen before."""
    return [
        {
            "role": turn.role if turn.role != "tool" else "user",
            "content": turn.text,
            "id": f"run-{next(NUMBERS)}",
        }
        for turn in agent_conversation(turns=240)
    ]


def test_ids_minted_anew_change_nothing() -> None:
    """Neither in the process that folded before, nor in another one."""
    folding = Folding[Any](policy=POLICY)
    first = folding.fold(minted())
    mark = Bookmark.from_json(first.bookmark.to_json())
    assert mark.evicted_count > 50
    for again in (folding, Folding[Any](policy=POLICY)):
        folded = again.fold(minted(), mark)
        assert (folded.notice, folded.digests) == ("", first.digests)


def test_with_ids_that_stay_what_was_evicted_may_be_edited() -> None:
    """It is not shown, so redacting it moves nothing."""
    talk = minted()
    first = Folding[Any](policy=POLICY).fold(talk)
    edited = [talk[0], {**talk[1], "content": "[redacted]"}, *talk[2:]]
    folded = Folding[Any](policy=POLICY).fold(edited, first.bookmark)
    assert (folded.notice, folded.digests) == ("", first.digests)


@pytest.mark.parametrize(
    "change",
    [
        lambda talk: [*talk[:5], *talk[6:]],
        lambda talk: [*talk[:5], {"role": "user", "content": "And this?"}, *talk[5:]],
        lambda talk: [*talk[:5], {"role": "user", "content": "Another."}, *talk[6:]],
    ],
)
def test_with_other_ids_what_is_removed_added_or_edited_is_a_change(change: Callable[[Any], Any]) -> None:
    """All is folded anew, and that is told."""
    first = Folding[Any](policy=POLICY).fold(minted())
    assert (
        "all seals were dropped" in Folding[Any](policy=POLICY).fold(change(minted()), first.bookmark).notice
    )


def test_a_bookmark_of_an_older_version_is_read() -> None:
    """It has one digest, that of the names."""
    talk = minted()
    fields = Folding[Any](policy=POLICY).fold(talk).bookmark.to_json()
    fields["evicted_names"] = fields["evicted_names"].split()[0]
    assert Folding[Any](policy=POLICY).fold(talk, Bookmark.from_json(fields)).notice == ""
