"""`ConversationFolder`: finds the conversation that a request goes on with, folds it, and keeps where it stands.

A client sends its whole history each time. The longest beginning that is known says which conversation that is, and
which bookmark fits. All of it is in the store: any worker, and a proxy that was started again, sends the same pages.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from glyph_memory.context import Binder, ImagePart, PageOptions, RequestPlan, ReuseCache, pages_folder, places
from glyph_memory.locks import ForkSafeLock
from glyph_memory.memory.history import Bookmark, FoldedHistory, Folding
from glyph_memory.memory.seal_records import find_images, find_range
from glyph_memory.serve.conversations.chain import ChainCache
from glyph_memory.serve.conversations.kept import KeptBookmark
from glyph_memory.serve.conversations.request import AskedRequest, FoldedRequest
from glyph_memory.serve.dialects.units import Unit
from glyph_memory.store import ConversationMark, SealReader, Store
from glyph_memory.transcript import Turn
from glyph_memory.typesetting import typeset

_FOLDINGS = 16
_KNOWN = 4096
_CHANGED_END, _LEAST_SHARED = 2, 2
"""A conversation whose last two turns were changed is the same one, if as many at least are shared."""
_DAMAGED = "the kept bookmark of this conversation cannot be read: its pages are drawn anew"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a request stands among what is known."""

    chains: list[str]
    mark: ConversationMark | None
    kept: KeptBookmark
    session: str
    """The store's name of the conversation, the caller's name included."""
    parent: str = ""
    notes: tuple[str, ...] = ()

    @property
    def known_turns(self) -> int:
        return self.mark.turns if self.mark else 0


class ConversationFolder:
    """Folds clients' conversations. One serves any number of them, from any thread.

    Args:
        store: Where turns, marks and bookmarks are kept.
        pages: Where page files are kept, as `PageOptions` takes it; beside an SQLite file unless given.
    """

    def __init__(self, store: Store, *, pages: str | Path | None = None) -> None:
        self._store = store
        self._lock = ForkSafeLock()
        self._make = lru_cache(maxsize=_FOLDINGS)(_make_folding)
        self._bookmarks = ReuseCache[bytes, KeptBookmark](at_most=_KNOWN)
        self._plain = ReuseCache[str, int](at_most=1 << 16)
        self._chains = ChainCache(store.key)
        self._pages = places.read_place(pages) or (None if store.path is None else pages_folder(store.path))
        self._seal_reader = SealReader(find_range=find_range, find_images=find_images, folder=self._pages)
        self._shared = places.make_cache(self._pages) if isinstance(self._pages, str) else None
        """Held, so that this machine looks what others erased as long as the proxy runs."""

    def get_folding(self, options: PageOptions) -> Folding[Unit]:
        """Return the folding of options; those that come to the same share one."""
        if options.pages is None and self._pages is not None:
            options = PageOptions.merge(options, {"pages": self._pages})
        with self._lock:
            return self._make(options)

    def warm(self, options: PageOptions) -> None:
        """Load what the first request would wait for: fonts, a tokenizer, the store's statements."""
        binder = self.get_folding(options).binder
        binder.count("The first request would wait for this.")
        typeset("The first page, too.", style=binder.style)
        self._store.find_mark(["0" * 32])

    def read_edits(self, caller: str, session: str) -> int | None:
        """Return how often a conversation's past was changed; None where it has no turns, as they were erased.

        Raises:
            StoreError: The store cannot be read.
        """
        state = self._store.session(f"{_prefix(caller)}{session}").state()
        return state.edits if state.turns else None

    def fold(self, asked: AskedRequest, *, window_tokens: int | None = None) -> FoldedRequest:
        """Return what is sent for a request; what it says is stored by its `keep`, before the client has an answer.

        Args:
            asked: The request.
            window_tokens: The window that the upstream was found to have just now.

        Raises:
            StoreError: The store cannot be read.
            PolicyError: It does not fit the window in any way.
            FontError: A page cannot be drawn.
        """
        place = self._find_place(asked)
        if asked.options is None:
            window, sent = place.kept.window_tokens, self._describe_text(asked, place)
        else:
            learnt = [one for one in (window_tokens, place.kept.window_tokens) if one]
            window = min(learnt, default=None)
            sent = self._fold(asked, place, self.get_folding(asked.options.narrow_window(window)))
        if not asked.keeps or not place.chains:
            return sent
        return replace(sent, keep=partial(self._keep, asked, place, sent, window))

    def _fold(self, asked: AskedRequest, place: _Place, folding: Folding[Unit]) -> FoldedRequest:
        request, binder = asked.request, folding.binder
        reserved, tools = _count_reserved(asked, binder)
        messages = [*request.head, *request.units]
        folded = folding.fold(messages, place.kept.bookmark, reserved_tokens=reserved)
        plan = folded.plan_request(
            merge_pages=True,
            join_users=asked.dialect.join_users,
            hoist_pictures=asked.dialect.hoist_pictures,
            can_recall=asked.can_recall,
        )
        recent = [kept.message for kept in folded.recent]
        body = asked.dialect.write(request, plan, recent, binder=binder)
        beside = tools + folded.fold.head_tokens
        return FoldedRequest(
            session=place.session.removeprefix(_prefix(asked.caller)),
            body=None if body == request.body else body,
            folded=folded,
            turns=len(request.units),
            text_turns=len(recent),
            pages=sum(part.kind == "page" for part in _list_images(plan)),
            plain_tokens=beside + self._count_plain(place, request.units, binder),
            sent_tokens=tools + _count_sent(folded, plan),
            notes=(*place.notes, *filter(None, [folded.notice]), *(loss.message for loss in plan.losses)),
        )

    def _describe_text(self, asked: AskedRequest, place: _Place) -> FoldedRequest:
        """Return a request whose model gets text: it goes on as it came."""
        request, binder = asked.request, self.get_folding(PageOptions()).binder
        beside = _count_reserved(asked, binder)[1] + sum(
            binder.count_message_tokens(unit.turn) for unit in request.head
        )
        plain = beside + self._count_plain(place, request.units, binder)
        return FoldedRequest(
            session=place.session.removeprefix(_prefix(asked.caller)),
            turns=len(request.units),
            text_turns=len(request.units),
            plain_tokens=plain,
            sent_tokens=plain,
        )

    def _find_place(self, asked: AskedRequest) -> _Place:
        names = [unit.name for unit in asked.request.units]
        chains = self._chains.chain(names, caller=asked.caller, session=asked.session)
        prefix = _prefix(asked.caller)
        mark = self._store.find_mark(chains[::-1], prefix=prefix) if chains else None
        kept, notes = KeptBookmark(), tuple[str, ...]()
        if mark is not None and mark.bookmark is not None:
            read = self._bookmarks.get(mark.bookmark) or KeptBookmark.from_bytes(mark.bookmark)
            if read is None:
                notes = (_DAMAGED,)
            else:
                self._bookmarks.put(mark.bookmark, read)
                kept = read
        session, parent = f"{prefix}{asked.session}" if asked.session else "", ""
        if mark is not None and not session:
            session, parent = (mark.session, "") if _goes_on(mark, len(chains)) else ("", mark.session)
        session = session or f"{prefix}{chains[-1][:16] if chains else 'empty'}"
        return _Place(chains=chains, mark=mark, kept=kept, session=session, parent=parent, notes=notes)

    def _keep(self, asked: AskedRequest, place: _Place, sent: FoldedRequest, window: int | None) -> None:
        """Store what is new of a conversation: turns, where it stands, and figures for whoever watches."""
        spells = asked.options is not None and asked.keeps_pages
        bookmark = place.mark.bookmark if place.mark else None
        if spells:
            bookmark = _spell_bookmark(sent, place, window)
        units = asked.request.units
        # The last turn may be another one next time: some clients take a reminder off it.
        marks = {place.chains[number - 1]: number for number in (len(units), len(units) - 1) if number}
        sealed = len(units) - sent.text_turns
        if 0 < sealed < len(units):
            marks[place.chains[sealed - 1]] = sealed
        fresh = [
            replace(unit.turn, id=place.chains[number])
            for number, unit in enumerate(units[place.known_turns :], place.known_turns)
        ]
        self._store.keep_conversation(
            place.session,
            turns=fresh,
            marks=marks,
            bookmark=bookmark,
            report=json.dumps(_make_report(asked, sent)).encode(),
            parent=place.parent,
            parent_turns=place.known_turns if place.parent else 0,
            seal_reader=self._seal_reader,
            replaces=spells and window != place.kept.window_tokens,
        )

    def _count_plain(self, place: _Place, units: Sequence[Unit], binder: Binder) -> int:
        """Return what a conversation comes to as text; what was counted before is remembered."""
        known = place.known_turns
        before = self._plain.get(place.chains[known - 1]) if known else 0
        if before is None:
            known = before = 0
        plain = before + sum(
            binder.count_message_tokens(unit.turn)
            + (binder.counts.count_pictures(unit.turn) if unit.turn.images or unit.turn.attachments else 0)
            for unit in units[known:]
        )
        if place.chains:
            self._plain.put(place.chains[-1], plain)
        return plain


def _make_folding(options: PageOptions) -> Folding[Unit]:
    return Folding(options=options, turn_of=_get_turn, key_of=_get_name, name_of=_get_name)


def _goes_on(mark: ConversationMark, turns: int) -> bool:
    """Return whether a request goes on with the conversation of a mark, and is no branch of it.

    It does where nothing else goes on from there, where it says nothing new, and where only the end was changed.
    """
    is_changed_end = mark.turns >= _LEAST_SHARED and mark.longest - mark.turns <= _CHANGED_END
    return mark.is_tip or mark.turns == turns or is_changed_end


def _spell_bookmark(sent: FoldedRequest, place: _Place, window_tokens: int | None) -> bytes:
    """Return what is kept of where folding stands.

    That it stands at its beginning is kept, too: a mark without a bookmark gets one of a later request.
    """
    bookmark = sent.folded.bookmark if sent.folded else Bookmark()
    kept = KeptBookmark(bookmark=bookmark, window_tokens=window_tokens)
    held = place.mark.bookmark if place.mark else None
    return held if held is not None and kept == place.kept else kept.to_bytes()


def _get_turn(unit: Unit) -> Turn:
    return unit.turn


def _get_name(unit: Unit) -> str:
    return unit.name


def _prefix(caller: str) -> str:
    return f"{caller}/" if caller else ""


def _count_reserved(asked: AskedRequest, binder: Binder) -> tuple[int, int]:
    """Return what the prompt holds besides what is folded beyond what the policy keeps free, and what that takes.

    Tools are that, and system messages that are sent last.
    """
    policy, beside = binder.policy, (*asked.request.tools, *asked.request.last)
    tools = binder.count(json.dumps(beside, ensure_ascii=False)) if beside else 0
    answer = max(0, (asked.request.output_tokens or 0) - policy.output_tokens)
    # A longest answer that is as long as the window says nothing: clients send one number to every model.
    answer = answer if answer < policy.prompt_tokens // 2 else 0
    return max(0, tools - policy.tools_tokens) + answer, tools


def _count_sent(folded: FoldedHistory[Unit], plan: RequestPlan) -> int:
    """Return what a request costs; where new messages go as pages, by what is sent in their place."""
    fold = folded.fold
    if any(turn.parts is not None for one in plan.messages for turn in one.turns):
        return folded.report(plan).prompt_tokens
    return fold.head_tokens + fold.tail_tokens + sum(seal.tokens for seal in fold.visible_seals)


def _list_images(plan: RequestPlan) -> list[ImagePart]:
    parts = [part for planned in plan.messages for part in planned.before]
    parts += [part for planned in plan.messages for one in planned.turns for part in one.parts or ()]
    return [part for part in parts if isinstance(part, ImagePart)]


def _make_report(asked: AskedRequest, sent: FoldedRequest) -> dict[str, Any]:
    """Return figures of a conversation's newest request, for whoever watches; no text that was said."""
    return {
        "model": asked.request.model,
        "dialect": asked.dialect.name,
        "turns": sent.turns,
        "text_turns": sent.text_turns,
        "pages": sent.pages,
        "generation": sent.generation,
        "plain_tokens": sent.plain_tokens,
        "sent_tokens": sent.sent_tokens,
        "notes": sent.notes,
    }
