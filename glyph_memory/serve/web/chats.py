"""Chats of the web page: each a session of the store, `web/NAME`, or `CALLER/web/NAME` where callers have keys.

Knows memories and their looks; knows nothing about HTTP, nor about who answers.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from glyph_memory.context import Binder, ImageCache, PageOptions, RecentImages, make_cache, pages_folder
from glyph_memory.folding import Fold, SealedPage
from glyph_memory.locks import ForkSafeLock
from glyph_memory.memory import GlyphMemory, MemoryReport
from glyph_memory.memory.looks import name_look
from glyph_memory.serve.web.context import WebContext
from glyph_memory.serve.web.faults import WebFault
from glyph_memory.store import SessionInfo
from glyph_memory.transcript import Turn

_OPEN_AT_MOST = 32
_BEGUN_AT_MOST = 1_000
_NAME_CHARACTERS = 80
_HIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What an address or a list cannot show in a name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatTurn:
    """A turn of a chat, and where it is shown."""

    turn: Turn
    """What was said."""
    place: str
    """"text", "page", or "gone" where it is no longer shown."""
    page: int | None
    """The page that it begins on."""


class Chats:
    """The chats of all callers.

    Args:
        context: What the interface is given.
    """

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._open: OrderedDict[str, tuple[GlyphMemory, str]] = OrderedDict()
        self._begun: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = ForkSafeLock()
        path, folder = context.store.path, context.page_options.pages
        folder = folder or (pages_folder(path) if path else None)
        self.images: ImageCache = RecentImages() if folder is None else make_cache(folder)

    def list_chats(self, caller: str) -> list[dict[str, object]]:
        """Return a caller's chats, the one that was used last first."""
        prefix = _find_prefix(caller)
        found = dict(self._find_sessions(prefix))
        with self._lock:
            begun = [name for owner, name in self._begun if owner == caller and name not in found]
        told = [
            (info.last_time.isoformat() if info.last_time else "", name, info.turns)
            for name, info in found.items()
        ]
        listed = [("", name, 0) for name in reversed(begun)]
        listed += sorted(told, reverse=True)
        return [{"name": name, "turns": turns, "updated": time or None} for time, name, turns in listed]

    def begin(self, caller: str, name: str | None) -> str:
        """Return the name of a new chat; it is stored with its first message.

        Args:
            caller: Whose it is.
            name: What to call it; the first free "Chat 7" unless given.

        Raises:
            WebFault: There is one of that name, or no chat can be called so.
        """
        known = {str(chat["name"]) for chat in self.list_chats(caller)}
        if name is None:
            numbers = (f"Chat {number}" for number in range(len(known) + 1, 2 * len(known) + 2))
            name = next(one for one in numbers if one not in known)
        elif check_name(name) in known:
            raise WebFault(f"there is a chat {name!r} already; choose another name", status=409, field="name")
        with self._lock:
            self._begun[caller, name] = None
            while len(self._begun) > _BEGUN_AT_MOST:
                self._begun.popitem(last=False)
        return name

    def open(
        self, caller: str, name: str, options: Sequence[PageOptions], *, takes_over: bool = False
    ) -> GlyphMemory:
        """Return a chat's memory.

        Args:
            caller: Whose it is.
            name: What it is called.
            options: What its pages may have been drawn with; the one that the chat has now is taken, else the first.
            takes_over: Whether the chat is to have the first of the options from now on, whatever it had.

        Raises:
            GlyphMemoryError: It cannot be opened.
        """
        session = find_session(caller, name)
        with self._lock:
            looks = self._context.store.session(session).state().looks
            memory, look = self._open.get(session, (None, ""))
            wanted = options[0] if takes_over else None
            is_other = bool(looks) and look != looks[-1]  # another process draws it otherwise now
            if memory is None or is_other or (wanted is not None and memory.options != wanted):
                chosen = wanted or _find_options(options, looks)
                memory = GlyphMemory.open(
                    self._context.store,
                    session=session,
                    options=chosen,
                    cache=self.images,
                    take_over=takes_over,
                )
                self._open[session] = memory, _name_look(chosen)
            self._open.move_to_end(session)
            while len(self._open) > _OPEN_AT_MOST:
                self._open.popitem(last=False)
            return memory

    def delete(self, caller: str, name: str) -> None:
        """Erase a chat for good."""
        memory = self.open(caller, name, [self._context.page_options])
        memory.clear()
        with self._lock:
            self._begun.pop((caller, name), None)
            self._open.pop(memory.session, None)

    def locate_turns(self, memory: GlyphMemory) -> list[ChatTurn]:
        """Return all turns of a chat, without their pictures, each with where it is shown."""
        places = dict(_list_places(memory.fold()))
        return [
            ChatTurn(turn=turn, place=place, page=page)
            for turn in self._context.store.session(memory.session).turns(images=False)
            for place, page in [places.get(turn.anchor or 0, ("gone", None))]
        ]

    def _find_sessions(self, prefix: str) -> Iterator[tuple[str, SessionInfo]]:
        for info in self._context.store.sessions():
            name = info.name.removeprefix(prefix)
            if info.name.startswith(prefix) and name and "/" not in name and info.turns:
                yield name, info


def find_session(caller: str, name: str) -> str:
    """Return the session of a caller's chat.

    Raises:
        WebFault: No chat can be called so.
    """
    return f"{_find_prefix(caller)}{check_name(name)}"


def check_name(name: str) -> str:
    """Return a chat's name.

    Raises:
        WebFault: No chat can be called so.
    """
    is_right = 0 < len(name) <= _NAME_CHARACTERS and name == name.strip() and not _HIDDEN.search(name)
    if not is_right or name in {".", ".."}:
        raise WebFault(
            f"no chat can be called {name!r:.100}; use 1 to {_NAME_CHARACTERS} characters without slashes",
            field="name",
        )
    return name


def list_pages(memory: GlyphMemory) -> list[SealedPage]:
    """Return the pages of a chat that are shown, oldest first."""
    return [page for seal in memory.fold().visible_seals if seal.kind == "pages" for page in seal.pages]


def list_notes(report: MemoryReport) -> list[str]:
    """Return what the user should learn of a chat."""
    notes = [loss.message for loss in report.losses]
    if report.evicted_turns:
        gone = "1 turn is" if report.evicted_turns == 1 else f"{report.evicted_turns:,} turns are"
        notes.append(f"{gone} no longer shown: found again by recall")
    if report.damaged:
        notes.append(
            f"§{report.damaged[0]} and others are damaged in the store; glyph-memory doctor reads all"
        )
    return notes


def _list_places(fold: Fold) -> Iterator[tuple[int, tuple[str, int | None]]]:
    for turn in (*fold.head, *(recent.turn for recent in fold.tail)):
        yield turn.anchor or 0, ("text", None)
    for seal in fold.visible_seals:
        for anchor in seal.anchors:
            number = next(
                (page.number for page in seal.pages if page.anchors[0] <= anchor <= page.anchors[1]), None
            )
            if seal.kind in {"pages", "text"}:
                yield anchor, ("page" if seal.kind == "pages" else "text", number)


def _find_options(options: Sequence[PageOptions], looks: Sequence[str]) -> PageOptions:
    """Return the options whose look a session has now; the first where it has none of them."""
    if not looks or len(options) == 1:
        return options[0]
    return next((one for one in options if _name_look(one) == looks[-1]), options[0])


@lru_cache(maxsize=64)
def _name_look(options: PageOptions) -> str:
    return name_look(Binder(options=options).fingerprint)


def _find_prefix(caller: str) -> str:
    return f"{caller}/web/" if caller else "web/"
