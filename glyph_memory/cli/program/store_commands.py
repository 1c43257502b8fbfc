"""The commands about a whole store as they are typed; what they do stands in `commands.store`."""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import memory_options, store_options
from glyph_memory.cli.program.memory_commands import DATABASE
from glyph_memory.cli.root import MEMORY, register_command


@register_command(
    MEMORY,
    (
        "What nobody has written to for a quarter of a year; first only listed",
        "glyph-memory expire --older-than 90d --dry-run",
    ),
    (
        "Each night, from cron, for a store on a server",
        "glyph-memory expire --older-than 90d --memory postgresql://user@host/database",
    ),
)
def expire(
    *,
    older_than: store_options.OlderThan = None,
    dry_run: store_options.DryRun = False,
    pages: store_options.Pages = None,
    memory: memory_options.Memory = DATABASE,
    as_json: options.Json = False,
) -> None:
    """Erase the sessions that nobody has written to for a time: every word, what it is found by, its pages.

    The last change of a session is told by the database's clock: a turn, a pin, a deletion. Looking is none. A session
    may have a time of its own, which counts before --older-than: a program sets it with Store.set_lifetime.

    Few sessions are erased at a time, and others write meanwhile. One that is written to in that moment stays. Each
    that went is listed; a run that is stopped goes on the next time. Erasing is final: backup makes a copy first.
    """
    from glyph_memory.cli.commands import store as command  # noqa: PLC0415  see memory_commands

    command.expire(memory, older_than=older_than, dry_run=dry_run, pages=pages, as_json=as_json)


@register_command(
    MEMORY,
    ("All sessions in one file, while others write", "glyph-memory backup store.backup"),
    ("Of a store on a server", "glyph-memory backup store.backup --memory postgresql://user@host/database"),
)
def backup(
    *,
    file: store_options.BackupTo,
    memory: memory_options.Memory = DATABASE,
    as_json: options.Json = False,
) -> None:
    """Write all sessions of a store to one file, as they are at one moment, and check it.

    Others go on writing meanwhile. The file is read again afterwards: what is printed is what it holds, with a digest
    that is the same for the same content, whatever database it came from. It is made for its owner only. restore makes
    a store of it, of either kind; export writes a single session for other programs to read.
    """
    from glyph_memory.cli.commands import store as command  # noqa: PLC0415

    command.backup(file, memory, as_json=as_json)


@register_command(
    MEMORY,
    ("Into a new database", "glyph-memory restore store.backup --memory restored.db"),
    (
        "From SQLite to a server, with the backup before it",
        "glyph-memory restore store.backup --memory postgresql://user@host/database",
    ),
    ("Whether a backup is whole", "glyph-memory restore store.backup --check"),
)
def restore(
    *,
    file: store_options.RestoreFrom,
    check: store_options.CheckOnly = False,
    memory: memory_options.Memory = DATABASE,
    as_json: options.Json = False,
) -> None:
    """Make a store of a file that backup wrote, in SQLite or PostgreSQL.

    The database is created if it does not exist, and must hold no session. A file that is damaged, or of a newer
    version, is refused before anything is touched. All is stored or nothing: each session is read again and compared
    with the file before it counts. Turns keep their numbers, and the store its key.
    """
    from glyph_memory.cli.commands import store as command  # noqa: PLC0415

    command.restore(file, memory, check_only=check, as_json=as_json)
