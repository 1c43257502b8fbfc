"""`OpenSession`: a session of a store, open: how it is opened and closed, and what it was opened with.

Wires store, binder and fold together; what is done with them stands in `conversation`.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self, Unpack

from glyph_memory.context import (
    Binder,
    DecayRule,
    Drafts,
    ImageCache,
    PageOptionFields,
    PageOptions,
    RecentImages,
    find_place,
    make_cache,
    pages_folder,
)
from glyph_memory.errors import StoreError, show_value, warn
from glyph_memory.folding import FoldPolicy
from glyph_memory.memory.append import TurnWriter
from glyph_memory.memory.code_questions import PageChoice
from glyph_memory.memory.decaying import open_fold
from glyph_memory.memory.reading_rate import ReadingRecord
from glyph_memory.memory.redaction import Redact
from glyph_memory.memory.seal_records import make_seal_reader
from glyph_memory.memory.seal_watch import SealWatch
from glyph_memory.secrets import SecretGuard, SecretMode, without_locals
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile, describe_small_letters

if TYPE_CHECKING:
    from glyph_memory.readers import Warmer
    from glyph_memory.store import ServerOptions, SessionInfo, SessionStore, Store


_PARTS = 4
"""What a session is put together from; only `open` and `fork` have them."""


class OpenKeywords(PageOptionFields, total=False):
    """The keywords of `GlyphMemory.open`, as a type for functions that pass them on."""

    session: str
    options: PageOptions | None
    redact: Redact | None
    secrets: SecretMode | SecretGuard
    decay: DecayRule | None
    cache: ImageCache | None
    warmer: Warmer | None
    wait_s: float
    read_only: bool
    server: ServerOptions | None
    take_over: bool


class OpenSession:
    """A session of a store, with the binder that shows it to a model."""

    def __new__(cls, *given: object, **_: object) -> Self:
        """Refuse to be called with a path, as other libraries' classes are: `open` opens."""
        if len(given) < _PARTS:
            path = show_value(str(given[0]) if isinstance(given[0], Path) else given[0]) if given else ""
            name = cls.__name__
            raise StoreError(f"{name}({path}) opens nothing; call {name}.open({path or repr('chat.db')})")
        return super().__new__(cls)

    def __init__(
        self,
        store: Store,
        session_store: SessionStore,
        binder: Binder,
        drafts: Drafts,
        *,
        redact: Redact | None = None,
        secrets: SecretMode | SecretGuard = "off",
        warmer: Warmer | None = None,
        owns_store: bool = True,
        take_over: bool = False,
    ) -> None:
        self._store, self._session_store, self._binder, self._drafts = store, session_store, binder, drafts
        self._redact, self._owns_store = redact, owns_store
        self._guard = SecretGuard.of(secrets, key=_compute_hmac(store.key, "secrets").encode())
        self._session_fold = open_fold(
            session_store,
            binder,
            drafts,
            read_only=store.read_only,
            takes_over=take_over and not store.read_only,
        )
        self._seal_watch = SealWatch(warmer, self._session_fold, binder)
        self._turn_writer = TurnWriter(
            session_store, self._session_fold, redact=redact, guard=self._guard, watch=self._seal_watch
        )
        self._reading, self._page_choice = ReadingRecord(), PageChoice()

    @classmethod
    def open(
        cls,
        url: str | Path | Store = ":memory:",
        *,
        session: str = "default",
        options: PageOptions | None = None,
        redact: Redact | None = None,
        secrets: SecretMode | SecretGuard = "off",
        decay: DecayRule | None = None,
        cache: ImageCache | None = None,
        warmer: Warmer | None = None,
        wait_s: float = 10.0,
        read_only: bool = False,
        server: ServerOptions | None = None,
        take_over: bool = False,
        **fields: Unpack[PageOptionFields],
    ) -> Self:
        """Open a session, or create it.

        Args:
            url: Path of an SQLite database, made where there is none; any SQLAlchemy URL; ":memory:" for one that
                ends with the process; or a `Store` that is open already, to share among sessions.
            session: Whose conversation it is. The memory sees no other.
            options: For which model, how pages look, when turns become pages; or its fields as keywords. See
                `PageOptions`. A model, style or policy that the session did not have yet begins a generation.
            redact: Sees every turn before it is stored or drawn, and gives what takes its place.
            secrets: What is done about keys, tokens, passwords and card numbers in what is said, before anything is
                stored or drawn: `off`, as a guard that is wrong changes what was said; `warn`; `mask`, which puts a
                handle in a secret's place, `[secret aws-key 3f9a1c2b]`; or `refuse`, which raises. Or a `SecretGuard`.
                It sees what `redact` gives.
            decay: How pages that have grown old are drawn again denser, and when that has to pay; never unless given.
            cache: Where page files are kept, instead of the options' folder or beside an SQLite file.
            warmer: Has pages read in the background, so that the next question starts at once: those that are there
                already, and new ones after each call that adds or erases turns. What is sent is the same with and
                without. Whoever made it closes it.
            wait_s: How long to wait for a database that another process has locked, in seconds.
            read_only: Only to look: recall, report and context work, nothing in the database changes, none is made.
            server: Time limits and connections of a database server; the URL's query may name single ones as well.
            take_over: Whether the session gets this look though it had it before and has another now; see `take_over`.
            **fields: The fields of `PageOptions`.

        Raises:
            StoreError: The database cannot be opened; the message says what to do.
            ProfileError: No such model is known.
            PolicyError: The policy cannot work.
            FontError: The style's font is missing.
            TurnError: There is no such mode of `secrets`.
            ReaderRefused: `warmer` is no `Warmer`.
        """
        from glyph_memory.store import Store  # noqa: PLC0415 - SQL is loaded when a store is opened

        options = PageOptions.merge(options, fields)
        store = (
            url
            if isinstance(url, Store)
            else Store.open(url, wait_s=wait_s, read_only=read_only, server=server)
        )
        try:
            if cache is None:
                folder = options.pages or (pages_folder(store.path) if store.path else None)
                cache = RecentImages() if folder is None else make_cache(folder)
            drafts = Drafts(cache)
            binder = Binder(
                options=options,
                cache=drafts,
                uuid_of=lambda digest: _compute_hmac(store.key, digest),
                decay=decay,
            )
            if small := describe_small_letters(binder.style, binder.profile, images=2):
                warn(small)
            seal_reader = make_seal_reader(find_place(cache))
            session_store = store.session(session, seal_reader=seal_reader)
            return cls(
                store,
                session_store,
                binder,
                drafts,
                redact=redact,
                secrets=secrets,
                warmer=warmer,
                owns_store=store is not url,
                take_over=take_over,
            )
        except BaseException:
            if store is not url:
                store.close()
            raise

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied, as when a memory is given to a process that is spawned."""
        raise StoreError(
            f"the open session {self.session!r} cannot be pickled or copied. Give the process the database's path or "
            f"URL, and open the memory there, with session={self.session!r}"
        )

    def close(self) -> None:
        """Close the store, unless it was given open, once page files are sent to a bucket: within five seconds."""
        self._seal_watch.close()
        if self._owns_store:
            self._drafts.flush()
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def session(self) -> str:
        """The session's name."""
        return self._session_store.name

    @property
    def options(self) -> PageOptions:
        """What it was opened with, for whatever is to agree with it."""
        return self._binder.options

    @property
    def profile(self) -> ModelProfile:
        """The model that will read."""
        return self._binder.profile

    @property
    def policy(self) -> FoldPolicy:
        """When turns become pages."""
        return self._binder.policy

    @property
    def style(self) -> PageStyle:
        """How pages look."""
        return self._binder.style

    @property
    def secrets(self) -> SecretGuard:
        """What guards it from secrets, with the key that its handles are made with."""
        return self._guard

    @property
    def cache_salt(self) -> str:
        """A secret of the database for servers that keep tenants' prefix caches apart by one.

        vLLM takes it as `extra_body={"cache_salt": memory.cache_salt}` of an `OpenAIReader`; others may refuse it.
        """
        return _compute_hmac(self._store.key, "cache_salt")

    @without_locals
    def fork(self, session: str) -> Self:
        """Return a new session that starts as a copy of this one; later turns belong to one of them alone.

        Raises:
            StoreError: There is such a session already.
        """
        session_store = self._session_store.fork(session)
        return type(self)(
            self._store,
            session_store,
            self._binder,
            self._drafts,
            redact=self._redact,
            secrets=self._guard,
            warmer=self._seal_watch.warmer,
            owns_store=False,
        )

    def compact(self) -> None:
        """Write the SQLite file anew, so that it takes no more room than what it holds; on other databases nothing.

        Erasing never needs it. It takes time in proportion to the database and needs it alone: others wait.

        Raises:
            StoreBusy: Others used the database for longer than `wait_s`.
            StoreError: It cannot be written, or the disk is full.
        """
        self._store.compact()

    def sessions(self) -> tuple[SessionInfo, ...]:
        """List the store's sessions by name."""
        return self._store.sessions()


def _compute_hmac(key: bytes, message: str) -> str:
    """Return the HMAC of a message: the same for the same store and message, and for no other."""
    return hmac.new(key, message.encode(), "sha256").hexdigest()
