"""One session of a store: its turns, identifiers and seals.

Wiring only: each method is one transaction around what the modules beside it do. Nothing that a session gives comes
from another session, and no argument can point it at one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, update

from glyph_memory.errors import StoreError
from glyph_memory.store.append import append_turns
from glyph_memory.store.erase import forget_after, forget_anchors, forget_seals, forget_session
from glyph_memory.store.erasing import ErasingDatabase
from glyph_memory.store.fork import copy_session
from glyph_memory.store.identifiers import count_occurrences, read_identifiers
from glyph_memory.store.schema import turns
from glyph_memory.store.seals import check_numbers, continues, read_seals, store_seals
from glyph_memory.store.search import find
from glyph_memory.store.session_sizes import SessionSizes
from glyph_memory.store.sessions import (
    SessionRow,
    add_looks,
    find_session,
    finish_edit,
    first_edits,
    lock_session,
    read_state,
    update_session,
)
from glyph_memory.store.turns import (
    HIGHEST,
    check_name,
    clamp_anchor,
    read_chunk,
    read_head,
    read_last_user,
    read_turn,
    read_turns,
)
from glyph_memory.store.values import Hit, KnownIdentifier, SealReader, SealRecord, SessionState
from glyph_memory.transcript import Turn


class SessionStore(SessionSizes):
    """One session of a store; made by `Store.session`.

    Reading what was never written gives nothing; the session is made when something is first written to it. Every
    method that writes is one transaction: when it returns, what it did outlives the process and the power, and when
    it raises, it did nothing.

    Raises:
        StoreBusy: From any method: others kept the database for longer than `wait_s`.
        StoreError: From any method: the database cannot be read or written.
    """

    def __init__(
        self, database: ErasingDatabase, name: str, *, seal_reader: SealReader | None = None
    ) -> None:
        super().__init__(database, check_name(name))
        self._seal_reader = seal_reader

    def __repr__(self) -> str:
        return f"SessionStore({self.name!r} of {self._database.shown})"

    def state(self) -> SessionState:
        """Return the session's state; cheap enough to call before everything else."""
        with self._database.begin_read() as connection:
            return read_state(connection, self.name)

    def append(self, turns: Sequence[Turn], *, keep_anchors: bool = False) -> tuple[Turn, ...]:
        """Store turns, all or none; durable on return.

        A turn whose `id` is there already with the same content is not stored twice: so a caller who does not know
        whether a call went through makes it again. A pin set since is no difference, nor is a time that is not told.

        Args:
            turns: What was said, oldest first.
            keep_anchors: Keep the anchors that the turns have, as an import does; by default they get new ones.

        Returns:
            The turns as they are stored, each with anchor, id and time.

        Raises:
            StoreError: An id is there with another content, or an anchor that is to be kept is not above the last.
        """
        if not turns:
            return ()
        with self._database.begin_write() as connection:
            session = lock_session(connection, self.name)
            return append_turns(connection, session, turns, keep_anchors=keep_anchors)

    def turns(self, *, after: int = 0, upto: int | None = None, images: bool = True) -> Iterator[Turn]:
        """Yield turns by anchor, read in chunks of some megabytes; no transaction stays open between them.

        Args:
            after: Begin with the first that has a higher anchor.
            upto: End with this one.
            images: Whether the turns are to have theirs.
        """
        last = HIGHEST if upto is None else clamp_anchor(upto)
        at = clamp_anchor(after)
        while chunk := self._read_chunk(after=at, upto=last, images=images):
            yield from chunk
            at = chunk[-1].anchor or last

    def _read_chunk(self, *, after: int, upto: int, images: bool) -> Sequence[Turn]:
        found = self._read_replica(
            lambda connection, session: read_chunk(
                connection, session.id, after=after, upto=upto, with_images=images
            ),
            count=lambda highest: min(upto, highest) - after,
        )
        return found or ()

    def turn(self, anchor: int) -> Turn | None:
        """Return one turn, `None` where there is none of this anchor."""
        return self._read(lambda connection, session: read_turn(connection, session.id, anchor))

    def head(self) -> tuple[Turn, ...]:
        """Return the system turns that the session begins with."""
        return tuple(self._read(lambda connection, session: read_head(connection, session.id)) or ())

    def last_user(self, *, upto: int) -> Turn | None:
        """Return the user's newest turn, up to an anchor."""
        last = clamp_anchor(upto)
        return self._read(lambda connection, session: read_last_user(connection, session.id, upto=last))

    def list_pinned(self, *, upto: int) -> tuple[Turn, ...]:
        """Return the pinned turns, up to an anchor."""
        where = (turns.c.pinned, turns.c.anchor <= clamp_anchor(upto))
        return tuple(self._read(lambda connection, session: read_turns(connection, session.id, *where)) or ())

    def set_pinned(self, anchor: int, pinned: bool) -> None:
        """Pin or unpin a turn.

        Raises:
            StoreError: There is no turn of this anchor.
        """
        this = (turns.c.anchor == clamp_anchor(anchor), turns.c.anchor > 0)
        with self._database.begin_write() as connection:
            session = find_session(connection, self.name, lock=True)
            if session is None or (turn := read_turn(connection, session.id, anchor)) is None:
                raise StoreError(
                    f"session {self.name!r} has no turn §{anchor}. Give the anchor of one it has"
                )
            if turn.pinned != pinned:
                of_session = turns.c.session_id == session.id
                connection.execute(update(turns).where(of_session, *this).values(pinned=pinned))
                update_session(connection, session._replace(edits=session.edits + 1))

    def truncate(self, *, after: int) -> int:
        """Erase all turns with a higher anchor, and seals that tell of them; return how many turns there were.

        What is erased, here and by `delete` and `clear`, is gone from the bytes of an SQLite file as well, in time
        proportional to what is erased. Where that cannot be finished at once, a `GlyphMemoryWarning` says what is left,
        and the next write or opening finishes it. Seals stay where there is no `SealReader`.
        """
        with self._database.begin_erase() as erasure:
            session = find_session(erasure.connection, self.name, lock=True)
            return 0 if session is None else forget_after(erasure, session, after, reader=self._seal_reader)

    def delete(self, anchors: Collection[int]) -> int:
        """Erase some turns, and seals that tell of them; return how many turns there were."""
        with self._database.begin_erase() as erasure:
            session = find_session(erasure.connection, self.name, lock=True)
            return (
                0 if session is None else forget_anchors(erasure, session, anchors, reader=self._seal_reader)
            )

    def clear(self) -> None:
        """Erase the whole session with its name; a new one may take the same name."""
        with self._database.begin_erase() as erasure:
            session = find_session(erasure.connection, self.name, lock=True)
            if session is not None:
                forget_session(erasure, session, reader=self._seal_reader)

    def fork(self, name: str) -> SessionStore:
        """Copy turns with their anchors, identifiers and seals to a new session; no marks of a conversation.

        Raises:
            StoreError: There is a session of that name.
        """
        fork = SessionStore(self._database, name, seal_reader=self._seal_reader)
        with self._database.begin_write() as connection:
            copy_session(connection, self.name, name)
        return fork

    def search(self, query: str, *, k: int, pool: int | None = None) -> tuple[Hit, ...]:
        """Return the turns that fit a query best, best first; of equals, the newest first.

        Text, name, tools' names and arguments are searched, without regard to case and width. Each white-space
        separated piece of the query is looked for as a phrase, and one is enough; nothing in it is syntax.

        Args:
            query: What to look for; one without letters or digits finds nothing.
            k: How many turns at most.
            pool: How many turns are weighed exactly: of those that hold the rarest phrases, the newest. By default
                200, or four times `k`.
        """
        if k < 1:
            return ()

        def search(connection: Connection, session: SessionRow) -> tuple[Hit, ...]:
            found = find(connection, session, query, k=k, pool=pool)
            hits = ((hit, read_turn(connection, session.id, hit.anchor)) for hit in found)
            return tuple(Hit(turn=turn, score=hit.score) for hit, turn in hits if turn is not None)

        return self._read_replica(search) or ()

    def identifiers(self, *, like: str = "", limit: int = 100) -> tuple[KnownIdentifier, ...]:
        r"""Return identifiers that were mentioned, the latest first.

        Args:
            like: Only those that hold this, without regard to case; `%`, `_` and `\` are letters like others.
            limit: How many at most.
        """
        found = self._read_replica(
            lambda connection, session: read_identifiers(connection, session.id, like=like, limit=limit)
        )
        return found or ()

    def occurrences(self, texts: Collection[str], *, upto: int) -> dict[str, int]:
        """Return how often each text was mentioned as an identifier, up to an anchor; 0 where never.

        Of one that was said in very many turns, the latest 64 of them are counted.
        """
        found = self._read(
            lambda connection, session: count_occurrences(connection, session.id, texts, upto=upto)
        )
        return dict.fromkeys(texts, 0) if found is None else found

    def seals(self) -> tuple[SealRecord, ...]:
        """Return the session's seals, by number."""
        return self._read(lambda connection, session: read_seals(connection, session.id)) or ()

    def add_seals(self, records: Sequence[SealRecord], *, edits: int, looks: Collection[str] = ()) -> bool:
        """Append seals and return True; return False where the past changed or another process was faster.

        Args:
            records: Numbered on from the last one stored.
            edits: The state's `edits` when they were made.
            looks: Short names of the looks that the session had, the seals' own last; see `SessionState.looks`.

        Raises:
            StoreError: Their numbers have gaps.
        """
        check_numbers(records)
        with self._database.begin_write() as connection:
            session = self._lock_unedited(connection, edits)
            if session is None or not continues(connection, session.id, records):
                return False
            store_seals(connection, session.id, records)
            if (seen := add_looks(session, looks)) != session:
                update_session(connection, seen)
            return True

    def replace_seals(
        self, keep: int, records: Sequence[SealRecord], *, edits: int, looks: Collection[str] = ()
    ) -> int | None:
        """Drop the seals with a number above `keep` and append others, unless the past changed; see `add_seals`.

        Returns:
            The new `edits`; `None` where the past changed, and nothing was done.

        Raises:
            StoreError: Their numbers have gaps, or do not continue what is kept.
        """
        check_numbers(records)
        with self._database.begin_erase(says=False) as erasure:
            connection = erasure.connection
            session = self._lock_unedited(connection, edits)
            if session is None:
                return None
            forget_seals(erasure, session, keep=keep, reader=self._seal_reader, still=records)
            if not continues(connection, session.id, records):
                raise StoreError(
                    f"seal {records[0].number} does not continue what session {self.name!r} keeps up to {keep}. "
                    "Read its seals again"
                )
            store_seals(connection, session.id, records)
            return finish_edit(connection, session, looks, recounts=not records)

    def _lock_unedited(self, connection: Connection, edits: int) -> SessionRow | None:
        session = find_session(connection, self.name, lock=True)
        if edits != (first_edits(connection) if session is None else session.edits):
            return None
        return session or lock_session(connection, self.name)
