"""Write a whole store to a file, as it is at one moment, while others go on writing.

Knows the order of things; what stands on a line is `lines`, what is read of a database `session_rows`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection, select, text

from glyph_memory.errors import StoreError
from glyph_memory.files import write_atomic
from glyph_memory.store.address import parse_address
from glyph_memory.store.backup.file import BackupCheck, check_backup
from glyph_memory.store.backup.lines import FORMAT, META, SessionDigest, write_line
from glyph_memory.store.backup.session_rows import iter_lines, iter_sessions
from glyph_memory.store.schema import SCHEMA, meta
from glyph_memory.store.store import Store

_GZIP = 31
"""What zlib calls gzip's format."""
_LEVEL = 3
_COUNT_LOST = text(
    "SELECT count(*) FROM glyph_turns WHERE session_id > 0 AND "
    "(typeof(anchor) <> 'integer' OR session_id NOT IN (SELECT id FROM glyph_sessions))"
)


def backup_store(
    url: str | Path, path: str | Path, *, progress: Callable[[int], object] | None = None
) -> BackupCheck:
    """Write all sessions of a store to a file, read it again, and return what it holds.

    All of it is as it was at one moment, while others write. The file holds every word, and the store's key: it is made
    for its owner only.

    Args:
        url: The store, as for `Store.open`.
        path: The file; one that is there is replaced once all is written.
        progress: Called with the number of sessions that are written.

    Raises:
        StoreError: The store cannot be read, or holds turns that a repair has to put right first; or the file cannot be
            written, or not be read again.
    """
    with Store.open(url, read_only=True) as store:
        pieces = _compress(_iter_lines(store, progress or (lambda _: None)))
        try:
            write_atomic(Path(path), pieces, mode=0o600, sync=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise StoreError(
                f"cannot write the backup {str(path)!r}: {reason}. Choose another place"
            ) from error
    return check_backup(path)


def _iter_lines(store: Store, progress: Callable[[int], object]) -> Iterator[bytes]:
    with store._database.begin_read() as connection:
        _begin_snapshot(connection, shown=parse_address(store.url).shown)
        query = select(meta.c.name, meta.c.value).where(meta.c.name.in_(META))
        held = {str(name): str(value) for name, value in connection.execute(query)}
        told = {"backup": "glyph-memory", "format": FORMAT, "tables": SCHEMA.version}
        made = datetime.now(UTC).isoformat(timespec="seconds")
        yield write_line({**told, "made": made, "meta": held | {"key": store.key.hex()}})
        total, count = blake2b(digest_size=20), 0
        for session in iter_sessions(connection):
            digest = SessionDigest()
            for kind, line in iter_lines(connection, session):
                digest.add(kind, line)
                yield line
            yield write_line({"end": {"rows": dict(digest.rows), "digest": digest.hex}})
            total.update(digest.hex.encode())
            count += 1
            progress(count)
        yield write_line({"total": {"sessions": count, "digest": total.hexdigest()}})


def _begin_snapshot(connection: Connection, *, shown: str) -> None:
    """Let a read transaction see one state; raise where SQLite holds turns that belong to no session."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    elif connection.dialect.name == "sqlite" and (lost := connection.execute(_COUNT_LOST).scalar()):
        raise StoreError(
            f"{shown} is damaged: {lost} of its turns have no number or no session. First run: glyph-memory doctor "
            f"--memory {shown} --repair"
        )


def _compress(lines: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for line in lines:
        yield packer.compress(line)
    yield packer.flush()
