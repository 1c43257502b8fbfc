"""Fill a store on a server with many sessions at once, as copies of one, in a few statements."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from glyph_memory.store import Store
from glyph_memory.store.fingerprints import fingerprint
from glyph_memory.transcript import Turn

_TURNS = 6
_COPY = (
    """INSERT INTO glyph_sessions (id, name_digest, last_anchor, turns, words, edits, looks, written)
    SELECT id + n, digest, last_anchor, turns, words, edits, looks, written FROM glyph_sessions,
    unnest(string_to_array(:digests, ' ')) WITH ORDINALITY AS given (digest, n) WHERE id = 1 AND :count > 0""",
    """INSERT INTO glyph_names (session_id, name, key)
    SELECT 1 + n, 'copy ' || n, key FROM glyph_names, generate_series(1, :count) n WHERE session_id = 1""",
    """INSERT INTO glyph_turns (session_id, anchor, id_digest, role, pinned, time, size, details, text, characters)
    SELECT 1 + n, anchor, id_digest, role, pinned, time, size, details, text, characters
    FROM glyph_turns, generate_series(1, :count) n WHERE session_id = 1""",
    """INSERT INTO glyph_words (session_id, anchor, length, words)
    SELECT 1 + n, anchor, length, words FROM glyph_words, generate_series(1, :count) n WHERE session_id = 1""",
    """INSERT INTO glyph_identifiers (session_id, anchor, place, digest, kind, count, text, folded)
    SELECT 1 + n, anchor, place, digest, kind, count, text, folded
    FROM glyph_identifiers, generate_series(1, :count) n WHERE session_id = 1""",
    "SELECT setval(pg_get_serial_sequence('glyph_sessions', 'id'), 1 + :count)",
)


def fill_sessions(url: str, *, sessions: int) -> None:
    """Fill an empty store with so many sessions, two or more, of some turns each."""
    with Store.open(url) as store:
        said = (
            f"The build {number} went to host build-{number}.internal on port 8443."
            for number in range(_TURNS)
        )
        store.session("first").append([Turn(role="user", text=line) for line in said])
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        digests = " ".join(fingerprint(f"copy {number}") for number in range(1, sessions))
        for statement in _COPY:
            connection.execute(text(statement), {"count": sessions - 1, "digests": digests})
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
