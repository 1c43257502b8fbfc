"""Open the memory that was asked for: to talk, or only to look. Looking changes nothing and makes no database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from glyph_memory.cli import terminal
from glyph_memory.cli.chat import settings
from glyph_memory.cli.chat.settings import Settings
from glyph_memory.errors import StoreError
from glyph_memory.memory import GlyphMemory
from glyph_memory.store import Store
from glyph_memory.store.address import parse_address


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Which memory was asked for."""

    memory: str
    """Path or URL of a database."""
    session: str
    """The session's name."""

    def __str__(self) -> str:
        return f"{self.shown}, session {terminal.inline(self.session)}"

    @property
    def shown(self) -> str:
        """The database for people: a password is hidden."""
        return terminal.inline(parse_address(self.memory).shown.strip("'"))


@contextmanager
def existing_store(memory: str) -> Iterator[Store]:
    """Open a database to look; nothing in it changes, whatever it holds.

    Raises:
        StoreError: It is not there, cannot be opened, or is no memory.
    """
    address = parse_address(memory)
    if address.path is not None and not address.path.exists():
        raise StoreError(
            f"there is no memory {memory!r}. chat or import makes one; --memory or GLYPH_MEMORY_DB names another"
        )
    try:
        store = Store.open(memory, read_only=True)
    except StoreError as error:
        if "holds no memory of this version" not in str(error):
            raise
        raise StoreError(
            f"{address.shown} holds no memory of this version. chat or import brings an older one up to date; "
            "--memory or GLYPH_MEMORY_DB names another"
        ) from error
    with store:
        yield store


@contextmanager
def existing(place: Place) -> Iterator[GlyphMemory]:
    """Open a session to look at it as its last chat showed it.

    Raises:
        StoreError: There is no such database, or no such session in it.
    """
    with existing_store(place.memory) as store:
        names = [session.name for session in store.sessions()]
        if place.session not in names:
            others = ", ".join(map(repr, names[:8])) + (", …" if len(names) > 8 else "")
            has = f"it has {others}" if names else "it has none yet"
            shown = parse_address(place.memory).shown  # without a password
            raise StoreError(f"no session {place.session!r} in {shown}: {has}. --session names one")
        chosen = settings.kept(store.path, place.session)
        if not settings.is_sound(chosen):
            terminal.warn(
                "what was kept of how this session is shown cannot be used; the figures are as without"
            )
            chosen = Settings()
        yield _opened(store, place, chosen)


@contextmanager
def ready(place: Place, typed: Settings) -> Iterator[tuple[GlyphMemory, bool]]:
    """Open a session to write to it, made where it is missing; say whether it is to be shown otherwise than before.

    Raises:
        GlyphMemoryError: It cannot be opened or written to, or the settings cannot work.
    """
    with Store.open(place.memory) as store:
        if store.read_only:
            raise StoreError(
                f"{parse_address(place.memory).shown} is read-only. recall and report can read it; to go on, copy it "
                "to a place where you may write and name that with --memory"
            )
        before = settings.kept(store.path, place.session)
        chosen = typed.over(before)
        memory = _opened(store, place, chosen)
        settings.keep(store.path, place.session, chosen)
        yield memory, chosen != before


def _opened(store: Store, place: Place, chosen: Settings) -> GlyphMemory:
    profile = chosen.model()
    return GlyphMemory.open(
        store,
        session=place.session,
        profile=profile,
        policy=chosen.policy(profile),
        style=chosen.page_style(profile),
    )
