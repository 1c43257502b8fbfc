"""`Conversation`: all that is done with an open session, in plain calls; `GlyphMemory` adds the async twins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from glyph_memory.context import Context
from glyph_memory.errors import TurnError, show_value
from glyph_memory.folding import Fold
from glyph_memory.memory.append import check_room, compose_message
from glyph_memory.memory.arguments import check_words, read_anchor, read_count
from glyph_memory.memory.jsonl import format_turn, read_file, write_file
from glyph_memory.memory.planning import PlanningSession
from glyph_memory.memory.recall import Passage, ZoomResult, cut_passage, zoom
from glyph_memory.memory.report import MemoryReport, make_report
from glyph_memory.messages import AnyMessage, AnyMessages
from glyph_memory.page import Page
from glyph_memory.secrets import without_locals
from glyph_memory.telemetry import Fields, trace_call
from glyph_memory.transcript import Attachment, Role, ToolCall, Turn

if TYPE_CHECKING:
    from glyph_memory.store import KnownIdentifier


class Conversation(PlanningSession):
    """A conversation that is kept whole, and shown to a model as pages and recent text.

    One session of a store. Turns are durable when `add` returns; `context` gives what to send. Safe to share among
    threads, and any number of processes may open the same session at once.
    """

    # Say.

    @without_locals
    @trace_call("memory.add", lambda _: Fields(turns=1))
    def add(
        self,
        said: Role | AnyMessage,
        text: str | Sequence[object] | None = None,
        *,
        name: str | None = None,
        tool_calls: Sequence[ToolCall | Mapping[str, object]] | None = None,
        tool_call_id: str | None = None,
        images: Sequence[bytes] = (),
        attachments: Sequence[Attachment] = (),
        time: datetime | None = None,
        id: str | None = None,
        pinned: bool = False,
    ) -> Turn:
        """Store a turn; when this returns, a killed process has lost nothing.

        Args:
            said: Who speaks, with the rest as below; or a whole turn, or somebody else's message such as
                `{"role": "user", "content": "Hello."}`, and nothing else. See `read_message`.
            text: What is said: a string, or blocks of content as chat APIs have them; None beside calls or pictures.
            name: The speaker's or the tool's name.
            tool_calls: Tools that an assistant asks for.
            tool_call_id: On a tool's turn, which call it answers.
            images: Pictures, as encoded files.
            attachments: What else comes with it, and cannot be drawn.
            time: When it was said; now unless given. Order is that of adding, whatever the clock says.
            id: Your own identifier, to add a turn once though you try twice; made up unless given.
            pinned: Whether the turn is to be repeated as text once it is sealed.

        Returns:
            The turn as it is stored, with its anchor; the last one where a message makes several.

        Raises:
            TurnError: A field is wrong, or nothing is said, or secrets are refused and there is one; nothing is stored.
            StoreError: It could not be stored; or its id stands for another turn already.
        """
        fields = {
            "name": name, "tool_calls": tool_calls, "tool_call_id": tool_call_id, "images": images,
            "attachments": attachments, "time": time, "id": id, "pinned": pinned,
        }  # fmt: skip
        message = compose_message(said, text, fields)
        stored = tuple(self._turn_writer.store(message, keep_anchors=False, progress=None))
        if not stored:
            raise TurnError(f"{show_value(said)} says nothing that is kept; reasoning is left out")
        return stored[-1]

    @without_locals
    @trace_call("memory.extend", lambda stored: Fields(turns=len(stored)))
    def extend(
        self, turns: AnyMessages, *, progress: Callable[[int], None] | None = None
    ) -> tuple[Turn, ...]:
        """Store many turns, in transactions of some hundreds.

        Args:
            turns: In order; anchors they may have are not kept. Others' messages, too: see `read_messages`.
            progress: Called after each transaction with how many turns it stored.

        Raises:
            TurnError: One cannot be kept: nothing of a list is stored; of an iterator, which is read as it goes, what
                came some hundreds before it is.
            StoreError: Some could not be stored; those of earlier transactions are.
        """
        return tuple(self._turn_writer.store(turns, keep_anchors=False, progress=progress))

    @without_locals
    def pin(self, anchor: int | str, *, pinned: bool = True) -> None:
        """Pin a turn, so that it is repeated as text once it is sealed; or undo that.

        Raises:
            StoreError: There is no such turn.
            PolicyError: There is no room for it beside those that are pinned already.
        """
        number = read_anchor(anchor)
        if pinned:
            check_room(number, self._session_store, self._binder)
        self._session_store.set_pinned(number, pinned)

    def unpin(self, anchor: int | str) -> None:
        """Undo `pin`: the turn is no longer repeated as text."""
        self.pin(anchor, pinned=False)

    # Ask.

    def fold(self) -> Fold:
        """Return where each turn is now: in the head, sealed, or recent."""
        return self._session_fold.refresh()

    def take_over(self) -> None:
        """Show the session in this look again, after another one displaced it; a new generation begins.

        The look that came last to a session is the one whose pages are stored. A memory whose look was displaced warns
        once, and goes on with pages that it keeps to itself. Does nothing where the session has this look.

        Raises:
            StoreError: The session is open read-only, or cannot be read.
        """
        self._session_fold.take_over()

    def tokens(self, context: Context) -> int:
        """Count a context of this memory as the model's profile does."""
        return self._binder.counts.count_context(context)

    def pages(self) -> Iterator[Page]:
        """Draw the pages that are shown now, oldest first."""
        for seal in self._session_fold.refresh().visible_seals:
            if seal.kind == "pages":
                yield from self._binder.pages(seal, self._session_fold.turns(seal))

    @without_locals
    @trace_call("memory.recall", lambda found: Fields(passages=len(found)))
    def recall(self, query: str, k: int = 5) -> tuple[Passage, ...]:
        """Search all turns, whether they are still shown or not.

        Args:
            query: Words to look for; it is no syntax, quotes and operators are words or nothing.
            k: How many passages at the most.

        Returns:
            Passages, best first, word for word.
        """
        hits = self._session_store.search(check_words(query, name="query"), k=read_count(k, name="k"))
        fold = self._session_fold.refresh()
        return tuple(cut_passage(hit.turn, query, score=hit.score, fold=fold) for hit in hits)

    @without_locals
    @trace_call("memory.zoom", lambda found: Fields(pages=len(found.pages)))
    def zoom(self, what: int | str, *, dpi: float | None = None) -> ZoomResult:
        """Return the exact text of a turn or a page, and draw it larger if `dpi` is given.

        Args:
            what: A turn's anchor, `42` or "§42"; or a page, "page 7".
            dpi: Draw it too, at so many pixels an inch; pages are 72 by default.

        Raises:
            StoreError: This session has no such turn or page.
        """
        return zoom(
            what, session_store=self._session_store, session_fold=self._session_fold, binder=self._binder,
            dpi=dpi,
        )  # fmt: skip

    @without_locals
    def identifiers(self, like: str = "", *, limit: int = 100) -> tuple[KnownIdentifier, ...]:
        """List identifiers that were ever said: UUIDs, hashes, keys, URLs, paths, numbers, …, the latest first.

        Args:
            like: A part of them, in any case; all of them unless given.
            limit: How many at the most.
        """
        limit = read_count(limit, name="limit")
        return self._session_store.identifiers(like=check_words(like, name="like"), limit=limit)

    def turns(self, *, after: int | str = 0) -> Iterator[Turn]:
        """Return all turns in order, or those after an anchor; some are read ahead, and given though erased then."""
        return self._session_store.turns(after=read_anchor(after, name="after"))

    def unfold(self) -> str:
        """Return the whole history as text, every turn under its anchor and role, its own lines indented."""
        return "".join(map(format_turn, self._session_store.turns()))

    def report(self) -> MemoryReport:
        """Return the report: what is text, what is pages, what was evicted, and what that saves."""
        context = self.context()
        fold, damaged = self._session_fold.refresh(), self._session_fold.damage.anchors
        return make_report(fold, context, self._binder, session=self.session, damaged=damaged)

    # Forget.

    @trace_call("memory.erase", lambda erased: Fields(erased=erased))
    def truncate(self, *, after: int | str) -> int:
        """Erase all turns after an anchor for good, as when an answer is made again; return how many there were.

        Here and in `delete` and `clear`: a `GlyphMemoryWarning` says what still holds something of it, as the log of a
        database that another process is reading. It is finished with the next write, or when the database is opened.
        """
        number = read_anchor(after, name="after")
        with self._drop_seals_from(number + 1):
            return self._session_store.truncate(after=number)

    @trace_call("memory.erase", lambda erased: Fields(erased=erased))
    def delete(self, *anchors: int | str) -> int:
        """Erase turns with their text, pictures, pages and search entries; return how many there were."""
        numbers = [read_anchor(anchor) for anchor in anchors]
        with self._drop_seals_from(min(numbers, default=2**63)):
            return self._session_store.delete(numbers)

    @trace_call("memory.erase")
    def clear(self) -> None:
        """Erase the whole session."""
        with self._drop_seals_from(0):
            self._session_store.clear()

    # Carry.

    @without_locals
    def export(self, path: str | Path) -> int:
        """Write all turns as JSON lines, pictures included; an older file is replaced once all is written.

        What a proxy knows of its clients' conversations, marks and bookmarks, is not written.

        Returns:
            How many turns.

        Raises:
            DocumentError: The file cannot be written.
        """
        return write_file(path, self.turns(), session=self.session)

    @without_locals
    @trace_call("memory.import", lambda added: Fields(turns=added))
    def import_(self, path: str | Path | TextIO, *, progress: Callable[[int], None] | None = None) -> int:
        """Add the turns of a file that `export` wrote, or others' messages as JSON or JSON lines: see `read_messages`.

        Those that are there already, by id, are not added twice. Anchors are kept where they are
        higher than any of the session, so that citations stay right in an empty one. A file may be open already.

        Returns:
            How many turns were added.

        Raises:
            DocumentError: The file cannot be read, or a line of it is no turn; turns before that are added.
            StoreError: A turn could not be stored.
        """
        before = self._session_store.state().turns
        for _ in self._turn_writer.store(read_file(path), keep_anchors=True, progress=progress):
            pass
        return self._session_store.state().turns - before

    @contextmanager
    def _drop_seals_from(self, first: int) -> Iterator[None]:
        """Forget the pages of what is erased inside, from the first anchor on, where they are held in memory."""
        seals = [seal for seal in self._session_fold.seals() if seal.anchors[-1] >= first]
        try:
            yield
        finally:
            self._session_fold.forget([digest for seal in seals for digest in seal.digests])
        self._seal_watch.look(self._session_fold.refresh())
