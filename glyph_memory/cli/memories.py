"""Open the memory that was asked for: to talk, or only to look. Looking changes nothing and makes no database."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from glyph_memory.cli import settings, terminal
from glyph_memory.cli.server import describe_served
from glyph_memory.cli.settings import Settings
from glyph_memory.errors import GlyphMemoryError, GlyphMemoryWarning, StoreError
from glyph_memory.files import exists
from glyph_memory.memory import GlyphMemory
from glyph_memory.readers import ServedModel
from glyph_memory.secrets import SecretGuard, SecretMode
from glyph_memory.store import Store
from glyph_memory.store.address import parse_address
from glyph_memory.style import ReadingLimits


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The database and the session that were asked for."""

    memory: str
    """Path or URL of a database."""
    session: str
    """The session's name."""

    def __str__(self) -> str:
        return f"{self.shown}, session {terminal.escape_line(self.session)}"

    @property
    def shown(self) -> str:
        """The database's address for display, without a password."""
        return terminal.escape_line(parse_address(self.memory).shown.strip("'"))


@contextmanager
def open_existing_store(memory: str) -> Iterator[Store]:
    """Open a database for reading only; nothing in it changes.

    Raises:
        StoreError: It is not there, cannot be opened, or is no memory.
    """
    address = parse_address(memory)
    if address.path is not None and not exists(address.path):
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
def open_existing_session(place: Place, *, needs_settings: bool = False) -> Iterator[GlyphMemory]:
    """Open a session for reading only, with the settings of its last chat.

    Args:
        place: Which session.
        needs_settings: Whether settings that cannot be used are an error: with others, its pages are other ones.

    Raises:
        StoreError: There is no such database, or no such session in it.
        GlyphMemoryError: The settings are needed, and cannot be used.
    """
    with open_existing_store(place.memory) as store:
        names = [session.name for session in store.sessions()]
        if place.session not in names:
            others = ", ".join(map(repr, names[:8])) + (", …" if len(names) > 8 else "")
            has = f"it has {others}" if names else "it has none yet"
            shown = parse_address(place.memory).shown  # without a password
            raise StoreError(f"no session {place.session!r} in {shown}: {has}. --session names one")
        yield open_as_before(store, place, needs_settings=needs_settings)


def open_as_before(
    store: Store, place: Place, *, secrets: str = "off", needs_settings: bool = False
) -> GlyphMemory:
    """Open a session of an open database with the settings of its last chat; see `open_existing_session`."""
    chosen = settings.load_settings(store.path, place.session)
    if not settings.is_usable(chosen):
        if needs_settings:
            raise GlyphMemoryError(
                f"how session {place.session!r} is shown cannot be told: a file that its last chat was given, such as "
                "a calibration, is gone or cannot be used. chat says which, and takes another one"
            )
        terminal.warn("what was kept of how this session is shown cannot be used; the figures are as without")
        chosen = Settings()
    return _open_memory(store, place, chosen, secrets=secrets)


@contextmanager
def open_or_create_session(
    place: Place, typed: Settings, *, served: ServedModel | None = None, secrets: str = "off"
) -> Iterator[tuple[GlyphMemory, bool]]:
    """Open a session for writing, or create it; also return whether its settings differ from before.

    Says what is taken from the server, and warns of what contradicts it.

    Args:
        place: Which session.
        typed: What was typed; what was typed earlier counts where nothing was, and then what the server says.
        served: What the server serves.
        secrets: What is done about secrets in what is added.

    Raises:
        GlyphMemoryError: It cannot be opened or written to, or the settings cannot work.
    """
    with Store.open(place.memory) as store:
        if store.read_only:
            raise StoreError(
                f"{parse_address(place.memory).shown} is read-only. recall and report can read it; to go on, copy it "
                "to a place where you may write and name that with --memory"
            )
        before = settings.load_settings(store.path, place.session)
        plain = typed.fill_from(before)
        kept = plain.calibration_file
        if kept is not None and typed.calibration is None and not exists(kept):
            raise GlyphMemoryError(
                f"{kept!r}, the calibration that this chat goes by, is gone. --calibration names another one, or none"
            )
        chosen = plain.with_served(served)
        if served is not None and chosen.calibration_file is not None:
            served.check_calibration(ReadingLimits.load(chosen.calibration_file))
        memory = _open_memory(store, place, chosen, secrets=secrets, take_over=chosen != before)
        settings.save_settings(store.path, place.session, chosen)
        if served is not None:
            _tell_served(served, plain, chosen)
        yield memory, chosen != before


def _tell_served(served: ServedModel, plain: Settings, chosen: Settings) -> None:
    if told := describe_served(plain.served_model(), chosen.served_model()):
        terminal.print_note(told)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", GlyphMemoryWarning)
        if chosen.profile is not None:
            served.page_options(profile=chosen.model())
    for warning in caught:
        terminal.warn(str(warning.message))
    if (
        chosen.window is not None
        and served.window_tokens is not None
        and chosen.window > served.window_tokens
    ):
        terminal.warn(
            f"--window {chosen.window} is more than the server takes, {served.window_tokens:,} tokens; give that"
        )


def _open_memory(
    store: Store, place: Place, chosen: Settings, *, secrets: str = "off", take_over: bool = False
) -> GlyphMemory:
    profile = chosen.model()
    return GlyphMemory.open(
        store,
        session=place.session,
        profile=profile,
        policy=chosen.policy(profile),
        style=None if chosen.is_look_calibrated else chosen.page_style(profile),
        calibration=chosen.calibration_file,
        canaries=chosen.canaries or None,
        secrets=SecretGuard(mode=cast("SecretMode", secrets)),  # it checks the mode itself
        take_over=take_over,
    )
