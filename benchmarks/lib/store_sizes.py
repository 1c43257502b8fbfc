"""What many sessions and long ones take: bytes and rows by table, page files, memory, time. Measured, on this machine.

Knows databases and files; knows nothing about models or what is worked out from it.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import psutil
from sqlalchemy import NullPool, create_engine, text

from glyph_memory import GlyphMemory, Store, Turn
from glyph_memory.testing import agent_conversation

PROFILE, TOOL_LINES = "glyph", 60
"""The heavy conversation of the other benchmarks, for Glyph."""
_SQLITE_PAGES = """
SELECT coalesce(m.tbl_name, d.name), sum(d.pgsize)
FROM dbstat d LEFT JOIN sqlite_master m ON m.name = d.name GROUP BY 1"""
_POSTGRES_SIZES = "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables"


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What some sessions took."""

    sessions: int
    """How many."""
    turns: int
    """Of all of them."""
    table_bytes: Mapping[str, int]
    """By table, its indexes included."""
    table_rows: Mapping[str, int]
    """By table."""
    pages: int
    """Files that were drawn and are kept; none beside PostgreSQL."""
    page_bytes: int
    """Of their files."""
    cpu_s: float
    """Seconds of this process, adding turns and making a context before each answer."""
    prompt_tokens: float
    """Of the last context, mean of the sessions."""
    plain_tokens: float
    """Of their turns as text."""

    @property
    def database_bytes(self) -> int:
        """Of all tables."""
        return sum(self.table_bytes.values())

    @property
    def rows(self) -> int:
        """Of all tables but the full-text index's own."""
        return sum(self.table_rows.values())


def fill_sessions(url: str, *, sessions: int, turns: int) -> Taken:
    """Have agents talk turn by turn, and measure what that took.

    Args:
        url: Of an empty database; a path for SQLite.
        sessions: How many talk, each another conversation.
        turns: Of each.
    """
    talks = [
        agent_conversation(turns=turns, seed=seed, tool_lines=TOOL_LINES).turns for seed in range(sessions)
    ]
    cpu_s = 0.0
    reports = []
    with Store.open(url) as store, ExitStack() as opened:
        _talk(
            opened.enter_context(GlyphMemory.open(":memory:", profile=PROFILE)), talks[0]
        )  # loads fonts, tables
        for number, talk in enumerate(talks):
            began = time.process_time()
            memory = opened.enter_context(GlyphMemory.open(store, session=f"s{number}", profile=PROFILE))
            _talk(memory, talk)
            cpu_s += time.process_time() - began
            reports.append(memory.report())
    is_file = "://" not in url
    sizes, rows = measure_sqlite(Path(url)) if is_file else measure_postgres(url)
    files = [path.stat().st_size for path in list_pages(Path(url))] if is_file else []
    return Taken(
        sessions=sessions,
        turns=sum(map(len, talks)),
        table_bytes=sizes,
        table_rows=rows,
        pages=len(files),
        page_bytes=sum(files),
        cpu_s=cpu_s,
        prompt_tokens=sum(report.context_tokens for report in reports) / sessions,
        plain_tokens=sum(report.plain_tokens for report in reports) / sessions,
    )


def measure_memory(url: str, *, sessions: int) -> int:
    """Return the bytes that a new process holds with so many sessions open, each after a context.

    Args:
        url: Of a database that `fill_sessions` filled with as many sessions at the least.
        sessions: How many are opened.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_hold_sessions, url, sessions).result()


def _hold_sessions(url: str, sessions: int) -> int:
    with Store.open(url) as store, ExitStack() as opened:
        for number in range(sessions):
            memory = GlyphMemory.open(store, session=f"s{number}", profile=PROFILE)
            opened.enter_context(memory).context()
        return int(psutil.Process().memory_info().rss)


def time_appends(url: str, *, turns: int, counted: int) -> float:
    """Return the median seconds that storing one turn takes by the clock: one transaction, no page, no prompt.

    Args:
        url: Of an empty database.
        turns: How many are there before the first that counts.
        counted: How many count.
    """
    talk = agent_conversation(turns=turns + counted, tool_lines=TOOL_LINES).turns
    times = []
    with Store.open(url) as store:
        session = store.session("one")
        session.append(talk[:turns])
        for turn in talk[turns:]:
            began = time.perf_counter()
            session.append([turn])
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def measure_sqlite(path: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return bytes and rows of a database file by table, its indexes included."""
    with closing(sqlite3.connect(path)) as database:
        sizes = {name: int(size) for name, size in database.execute(_SQLITE_PAGES)}
        names = [name for name in sizes if name.startswith("glyph_") and "search" not in name]
        rows = {name: int(database.execute(_count(name)).fetchone()[0]) for name in names}
    return _join_search(sizes), rows


def measure_postgres(url: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return bytes and rows of a database by table, its indexes included."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        sizes = {str(name): int(size) for name, size in connection.execute(text(_POSTGRES_SIZES))}
        rows = {name: int(connection.execute(text(_count(name))).scalar_one()) for name in sizes}
    return sizes, rows


def list_pages(path: Path) -> Iterator[Path]:
    """Yield the page files beside a database file."""
    return path.with_name(f"{path.name}.pages").glob("*.png")


def _talk(memory: GlyphMemory, talk: Sequence[Turn]) -> None:
    for turn in talk:
        if turn.role == "assistant":
            memory.context()
        memory.add(turn)


def _join_search(sizes: Mapping[str, int]) -> dict[str, int]:
    """Return sizes with the full-text index's tables as one, and what SQLite keeps for itself as another."""
    joined = dict[str, int]()
    for name, size in sizes.items():
        key = "glyph_search" if "search" in name else name if name.startswith("glyph_") else "SQLite's own"
        joined[key] = joined.get(key, 0) + size
    return joined


def _count(table: str) -> str:
    return f"SELECT count(*) FROM {table}"  # noqa: S608 - a table of ours, as the database names it
