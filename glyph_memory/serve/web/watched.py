"""The proxy's conversations as people watch them: where each turn stands, which pages there are.

Of a conversation that parted from another the store keeps only what came after; what came before is read where it is.
Knows the store and bookmarks; knows nothing about HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from glyph_memory.folding import SealedPage
from glyph_memory.memory import Bookmark
from glyph_memory.serve.conversations.kept import KeptBookmark
from glyph_memory.serve.web.faults import WebFault
from glyph_memory.store import ConversationInfo, Store
from glyph_memory.transcript import Turn

_PARENTS_AT_MOST = 64
_LISTED_AT_MOST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedConversation:
    """A conversation, and where its folding stands."""

    info: ConversationInfo
    """What the store knows of it."""
    bookmark: Bookmark
    """Where its folding stands."""

    @property
    def pages(self) -> list[SealedPage]:
        """The pages that are shown, oldest first."""
        seals = [seal for seal in self.bookmark.seals if seal.number >= self.bookmark.oldest]
        return [page for seal in seals if seal.kind == "pages" for page in seal.pages]

    def places(self) -> dict[int, tuple[str, int | None]]:
        """Return where sealed turns stand, by their anchors; all others stand as text."""
        found: dict[int, tuple[str, int | None]] = {}
        for seal in self.bookmark.seals:
            is_shown = seal.number >= self.bookmark.oldest and seal.kind in {"pages", "text"}
            for anchor in seal.anchors:
                number = next(
                    (page.number for page in seal.pages if page.anchors[0] <= anchor <= page.anchors[1]), None
                )
                shown = ("page", number) if seal.kind == "pages" else ("text", None)
                found[anchor] = shown if is_shown else ("gone", None)
        return found

    def is_gone(self, anchor: int) -> bool:
        """Return whether a turn left with a seal that is no longer known."""
        return any(first <= anchor <= last for first, last in self.bookmark.evicted)


class Watched:
    """The conversations that callers may see: each its own.

    Args:
        store: Where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_conversations(self, caller: str) -> list[dict[str, object]]:
        """Return a caller's conversations, the latest first."""
        prefix = _find_prefix(caller)
        return [
            describe_info(info, prefix)
            for info in self._store.conversations(prefix=prefix, limit=_LISTED_AT_MOST)
        ]

    def find(self, caller: str, session: str) -> WatchedConversation:
        """Return a conversation.

        Raises:
            WebFault: There is none of that name, or it is another caller's.
        """
        name = f"{_find_prefix(caller)}{session}"
        is_name = bool(session) and not any(one == "\0" or "\ud800" <= one <= "\udfff" for one in session)
        info = self._store.conversation(name) if is_name else None
        if info is None:
            raise WebFault(f"no conversation is called {session!r:.100}", status=404, field="session")
        kept = KeptBookmark.from_bytes(info.bookmark) or KeptBookmark()
        return WatchedConversation(info=info, bookmark=kept.bookmark)

    def read_turns(
        self, conversation: WatchedConversation, *, after: int, limit: int
    ) -> list[tuple[int, Turn]]:
        """Return turns with their anchors in the conversation, oldest first.

        Args:
            conversation: Whose they are.
            after: Begin with the first that has a higher anchor.
            limit: How many at most.
        """
        return [*islice(self._iter_turns(conversation.info, after), limit)]

    def _iter_turns(self, info: ConversationInfo, after: int) -> Iterator[tuple[int, Turn]]:
        """Yield the turns of a conversation: those before it parted from its parents, then its own."""
        begin = 0
        for one, upto in reversed([*self._list_parents(info)]):
            turns = self._store.session(one.session).turns(after=max(0, after - begin), images=False)
            for turn in turns:
                anchor = begin + (turn.anchor or 0)
                if upto is not None and anchor > upto:
                    break
                yield anchor, turn
            begin = upto if upto is not None else begin

    def _list_parents(self, info: ConversationInfo) -> Iterator[tuple[ConversationInfo, int | None]]:
        """Yield a conversation and those that it parted from, each with its last anchor that belongs to it."""
        upto: int | None = None
        for _ in range(_PARENTS_AT_MOST):
            yield info, upto
            parent = self._store.conversation(info.parent) if info.parent else None
            if parent is None:
                return
            upto = info.parent_turns if upto is None else min(upto, info.parent_turns)
            info = parent


def describe_info(info: ConversationInfo, prefix: str) -> dict[str, object]:
    """Return what is told of a conversation, without the caller's name."""
    return {
        "session": info.session.removeprefix(prefix),
        "parent": info.parent.removeprefix(prefix),
        "turns": info.turns,
        "updated": info.updated.isoformat(),
        "report": _read_report(info.report),
    }


def describe_conversation(
    watched: Watched, caller: str, session: str, *, after: int, limit: int
) -> dict[str, Any]:
    """Return what is told of a conversation that is looked at: turns, and pages without their addresses.

    Raises:
        WebFault: There is none of that name, or it is another caller's.
    """
    found = watched.find(caller, session)
    places, turns = found.places(), watched.read_turns(found, after=after, limit=limit)
    told: dict[str, Any] = describe_info(found.info, _find_prefix(caller))
    told["turn_count"] = told["turns"]
    told["parent_turns"] = found.info.parent_turns
    told["turns"] = []
    for anchor, turn in turns:
        place, page = places.get(anchor, ("gone" if found.is_gone(anchor) else "text", None))
        said = {"anchor": anchor, "role": turn.role, "text": turn.full_text, "place": place, "page": page}
        told["turns"].append(said)
    told["pages"] = [
        {
            "digest": page.digest,
            "number": page.number,
            "width": page.size[0],
            "height": page.size[1],
            "tokens": page.tokens,
            "anchors": list(page.anchors),
        }
        for page in found.pages
    ]
    return told


def _read_report(report: bytes) -> dict[str, object]:
    """Return what a conversation's report says; nothing where it cannot be read."""
    try:
        told: object = json.loads(report)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    return {**told, "context_tokens": told.get("sent_tokens")}


def _find_prefix(caller: str) -> str:
    return f"{caller}/" if caller else ""
