"""Describe the tables as they are today, know their version, and bring older ones up to date.

To add a column, a table or an index, take two steps:

1. Describe it in its `Table`, here or in `conversation_tables`: statements are built from these. A new column is
   nullable or has a `server_default`, since older rows have no value for it.
2. Append to `MIGRATIONS` a function that adds it to a database, with SQL that both SQLite and PostgreSQL take:

       def _add_note(connection: Connection) -> None:
           connection.exec_driver_sql("ALTER TABLE glyph_turns ADD COLUMN note TEXT")

On SQLite, rows with text are only ever added at a table's end and emptied in place (`erase` says why): a migration that
lets them grow also notes that the file is to be written anew, as `version_2` does.

Leave `version_1` and the migrations before yours as they are. A new database begins as version 1 and goes through all
migrations, as an old one does; all steps are one transaction. `tests/store/test_schema.py` compares the result with the
tables described here, so that neither step can be forgotten.

Knows tables and versions; knows nothing about what is written into them or read from them.

Text that people or models wrote is kept as bytes: neither SQLite nor PostgreSQL can hold a lone surrogate in a
text column, and PostgreSQL no NUL either. What has to be looked up exactly is looked up by a digest, since an
index of PostgreSQL takes no long values and other databases compare text by rules of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    inspect,
    select,
    text,
    update,
)

from glyph_memory.errors import StoreError
from glyph_memory.store import columns, conversation_tables
from glyph_memory.store.columns import Bytes, Digest, Number, Words
from glyph_memory.store.driver import check_encoding
from glyph_memory.store.version_1 import create_tables
from glyph_memory.store.version_2 import migrate_to_2
from glyph_memory.store.version_5 import migrate_to_5
from glyph_memory.store.version_6 import migrate_to_6

_ADVISORY_LOCK = 0x676C797068  # "glyph": whoever creates or changes tables on PostgreSQL holds it

metadata = columns.metadata
conversations, marks = conversation_tables.conversations, conversation_tables.marks
bookmarks = conversation_tables.bookmarks

LOOKS_CHARACTERS = 600
"""What a session takes of the names of its looks."""

meta = Table(
    "glyph_meta",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)
sessions = Table(
    "glyph_sessions",
    metadata,
    Column("id", Number, primary_key=True),
    Column("name_digest", Digest, nullable=False, unique=True),
    Column("last_anchor", BigInteger, nullable=False),
    Column("turns", BigInteger, nullable=False),
    Column("words", BigInteger, nullable=False),
    Column("edits", BigInteger, nullable=False),
    Column("looks", String(LOOKS_CHARACTERS), nullable=False, server_default=""),
    Column("written", BigInteger),
    Column("lifetime_s", BigInteger),
    sqlite_autoincrement=True,
)
names = Table(
    "glyph_names",
    metadata,
    Column("session_id", Number, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("key", Bytes, nullable=False),
)
erasures = Table(
    "glyph_erasures",
    metadata,
    Column("number", Number, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("folder", Text, nullable=False),
    Column("names", Words, nullable=False),
    sqlite_autoincrement=True,
)
turns = Table(
    "glyph_turns",
    metadata,
    Column("session_id", Number, ForeignKey(sessions.c.id, ondelete="CASCADE"), primary_key=True),
    Column("anchor", BigInteger, primary_key=True, autoincrement=False),
    Column("id_digest", Digest, nullable=False),
    Column("role", String(16), nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("time", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("details", Bytes, nullable=False),
    Column("text", Bytes, nullable=False),
    Column("characters", BigInteger),
)
Index("glyph_turns_characters", turns.c.session_id, turns.c.anchor, turns.c.characters)
Index("glyph_turns_id", turns.c.session_id, turns.c.id_digest, unique=True)
for _name, _where in (("pinned", turns.c.pinned), ("user", turns.c.role == "user")):
    Index(
        f"glyph_turns_{_name}",
        turns.c.session_id,
        turns.c.anchor,
        sqlite_where=_where,
        postgresql_where=_where,
    )


def _reference_turn() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["session_id", "anchor"], [turns.c.session_id, turns.c.anchor], ondelete="CASCADE"
    )


images = Table(
    "glyph_images",
    metadata,
    Column("session_id", Number, primary_key=True),
    Column("anchor", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("data", Bytes, nullable=False),
    _reference_turn(),
)
identifiers = Table(
    "glyph_identifiers",
    metadata,
    Column("session_id", Number, primary_key=True),
    Column("anchor", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("digest", Digest, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("text", Bytes, nullable=False),
    Column("folded", Words, nullable=False),
    _reference_turn(),
)
Index(
    "glyph_identifiers_digest",
    identifiers.c.session_id,
    identifiers.c.digest,
    identifiers.c.anchor,
    identifiers.c.count,
)
words = Table(
    "glyph_words",
    metadata,
    Column("number", Number, primary_key=True),
    Column("session_id", Number, nullable=False),
    Column("anchor", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("words", Words, nullable=False),
    _reference_turn(),
)
Index("glyph_words_turn", words.c.session_id, words.c.anchor, unique=True)
seals = Table(
    "glyph_seals",
    metadata,
    Column("session_id", Number, ForeignKey(sessions.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", Bytes, nullable=False),
    Column("body", Bytes, nullable=False),
)

SCOPED_WORDS = (
    "string_to_array('s' || session_id::text || 'x' || "
    "replace(words, ' ', ' s' || session_id::text || 'x'), ' ')"
)
"""The words of a turn with the session in each of them: what PostgreSQL's index holds, so that no search meets
another's. It is the expression of the index that `version_1` creates, to the letter, or the index is not used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """How tables of version 1, with which every database begins, become those of today."""

    migrations: tuple[Callable[[Connection], None], ...] = ()
    """The first brings version 1 to version 2, and so on."""

    @property
    def version(self) -> int:
        """The version that this code reads and writes."""
        return 1 + len(self.migrations)

    def is_current(self, connection: Connection, *, shown: str) -> bool:
        """Return whether the tables are of this version.

        Raises:
            StoreError: The tables are newer than this code.
        """
        version = read_version(connection, shown=shown)
        if version > self.version:
            raise StoreError(
                f"{shown} is of version {version}, made by a newer glyph-memory; this one knows versions up to "
                f"{self.version}. Try: pip install --upgrade glyph-memory"
            )
        return version == self.version

    def prepare(self, connection: Connection, *, shown: str) -> None:
        """Bring the tables to this version within the open transaction; do nothing where they are."""
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            # A large table takes as long as it takes.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        if self.is_current(connection, shown=shown):
            return
        version = read_version(connection, shown=shown)
        if version == 0:
            check_encoding(connection, shown=shown)
            create_tables(connection)
            version = 1
        for migrate in self.migrations[version - 1 :]:
            migrate(connection)
        connection.execute(update(meta).where(meta.c.name == "version").values(value=str(self.version)))


def add_looks(connection: Connection) -> None:
    """Add the looks that a session had, whose seals they made, the latest last."""
    connection.exec_driver_sql(
        f"ALTER TABLE glyph_sessions ADD COLUMN looks VARCHAR({LOOKS_CHARACTERS}) DEFAULT '' NOT NULL"
    )


def add_characters(connection: Connection) -> None:
    """Add what a turn takes on a page, and an index that holds nothing else: whoever sums it reads no text.

    Turns that were stored before have none.
    """
    connection.exec_driver_sql("ALTER TABLE glyph_turns ADD COLUMN characters BIGINT")
    connection.exec_driver_sql(
        "CREATE INDEX glyph_turns_characters ON glyph_turns (session_id, anchor, characters)"
    )


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (
    migrate_to_2,
    add_characters,
    add_looks,
    migrate_to_5,
    migrate_to_6,
)
"""How older tables become newer, each step a function of the connection; version 1 is the first."""

SCHEMA = Schema(migrations=MIGRATIONS)
"""What this version of glyph-memory reads and writes."""


def read_version(connection: Connection, *, shown: str) -> int:
    """Return the version of the tables, 0 where there are none.

    Raises:
        StoreError: They do not say.
    """
    if not inspect(connection).has_table(meta.name):
        return 0
    version = str(read_meta(connection, "version"))
    if not (version.isdecimal() and len(version) < 9):
        raise StoreError(
            f"{shown} does not say of which version its tables are: it is damaged. Try: glyph-memory doctor --memory "
            f"{shown} --repair"
        )
    return int(version)


def read_meta(connection: Connection, name: str, *, lock: bool = False) -> str | None:
    """Return a value of the store as a whole."""
    query = select(meta.c.value).where(meta.c.name == name)
    return connection.execute(query.with_for_update() if lock else query).scalar()


def write_meta(connection: Connection, name: str, value: str) -> None:
    """Store a value of the store as a whole."""
    if not connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount:
        connection.execute(meta.insert(), {"name": name, "value": value})
