"""What does it cost to erase one turn, and how long do other sessions wait meanwhile?

Fills two SQLite files, one ten times the other, each with sessions of text and pictures. While another process adds
turns to another session, one turn after the other is truncated; then the same with the file written anew after each
(`Store.compact`: the index merged, VACUUM, the write-ahead log emptied). Both ways are measured in turns on the same
file. Waits are those of the other process's `append`: the longest while somebody erased, and the median of all.

After each erasure all bytes of all files are searched for the erased turn's word.

    python benchmarks/erasing.py [--quick]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from glyph_memory.store import SessionStore, Store
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Turn
from lib.report import print_table
from lib.results import write_results

_SESSIONS = 10
_PICTURE_BYTES = 60_000
_WAYS = ("emptied in place", "file written anew")
_spawn = multiprocessing.get_context("spawn")


@dataclass
class Measured:
    """What one way of erasing took."""

    erase_s: list[float] = field(default_factory=list)
    wait_s: list[float] = field(default_factory=list)
    """The longest `append` of the other process, for each erasure."""


def fill(store: Store, megabytes: int) -> None:
    """Fill a store with sessions of turns, each with a picture."""
    draw, texts = random.Random(1), [turn.text for turn in agent_conversation(turns=500).turns]
    for number in range(_SESSIONS):
        session_store = store.session(f"session {number}")
        count = megabytes * 1_000_000 // _SESSIONS // _PICTURE_BYTES
        for start in range(0, count, 50):
            session_store.append(
                [
                    Turn(role="user", text=draw.choice(texts), images=(draw.randbytes(_PICTURE_BYTES),))
                    for _ in range(min(50, count - start))
                ]
            )


def keep_adding(path: str, pipe: Connection) -> None:
    """Add turns to a session of its own as another process, until told to end; say how long each took, and when."""
    taken: list[tuple[float, float]] = []
    with Store.open(path, wait_s=120) as store:
        session_store = store.session("other")
        pipe.send("ready")
        while not pipe.poll(0.005):
            begin = time.monotonic()
            session_store.append([Turn(role="user", text="Something short.")])
            taken.append((begin, time.monotonic() - begin))
    pipe.send(taken)


def erase_one(
    store: Store, session_store: SessionStore, path: Path, way: str, number: int
) -> tuple[float, float]:
    """Add a turn, erase it, and look for it in all bytes; return when erasing began and ended."""
    word = f"zugzwang{number}"
    (turn,) = session_store.append(
        [Turn(role="user", text=f"The word is {word}.", images=(word.encode() * 9000,))]
    )
    begin = time.monotonic()
    session_store.truncate(after=(turn.anchor or 0) - 1)
    if way == _WAYS[1]:
        store.compact()
    end = time.monotonic()
    if any(word.encode() in file.read_bytes() for file in path.parent.glob(f"{path.name}*")):
        raise SystemExit(f"{word} still stands in the bytes after it was erased, {way}")
    return begin, end


def measure(path: Path, megabytes: int, repeats: int) -> tuple[dict[str, Measured], float, int]:
    """Return what each way took on a file of that size, the usual time of an `append`, and the file's bytes."""
    with Store.open(path, wait_s=120) as store:
        fill(store, megabytes)
        store.compact()
        ours, theirs = _spawn.Pipe()
        other = _spawn.Process(target=keep_adding, args=(str(path), theirs))
        other.start()
        ours.recv()
        time.sleep(0.5)
        spans: dict[str, list[tuple[float, float]]] = {way: [] for way in _WAYS}
        for number in range(repeats):
            for way in _WAYS:
                session_store = store.session(f"session {number % _SESSIONS}")
                spans[way].append(erase_one(store, session_store, path, way, number))
                time.sleep(0.2)
        ours.send("end")
        taken: list[tuple[float, float]] = ours.recv()
        other.join()
    measured = {way: Measured() for way in _WAYS}
    for way in _WAYS:
        for begin, end in spans[way]:
            measured[way].erase_s.append(end - begin)
            waits = [wait for at, wait in taken if at < end and at + wait > begin]
            measured[way].wait_s.append(max(waits, default=0.0))
    return measured, statistics.median(wait for _, wait in taken), path.stat().st_size


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the numbers."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(description="Time erasing, and how long others wait meanwhile.")
    parser.add_argument("--quick", action="store_true", help="files of 4 and 40 MB, not 20 and 200")
    sizes, repeats = ((4, 40), 3) if parser.parse_args(given).quick else ((20, 200), 5)
    rows, results = list[tuple[object, ...]](), list[dict[str, object]]()
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            measured, usual_s, file_bytes = measure(Path(folder) / f"{size}.db", size, repeats)
            for way in _WAYS:
                erase_s, wait_s = statistics.median(measured[way].erase_s), max(measured[way].wait_s)
                rows.append((f"{size} MB, {way}", 1000 * erase_s, 1000 * wait_s, 1000 * usual_s))
                results.append(
                    {
                        "megabytes": size,
                        "file_bytes": file_bytes,
                        "way": way,
                        "erase_ms": 1000 * erase_s,
                        "longest_wait_ms": 1000 * wait_s,
                        "usual_append_ms": 1000 * usual_s,
                    }
                )
    head = ("one turn erased", "erasing: ms, median", "another's add: ms, longest", "and usually: ms")
    print_table("Erasing one turn while another process adds", head, rows)
    ratios = {
        "slower_when_ten_times_as_large": ratio(results, lambda row: row["way"] == _WAYS[0]),
        "faster_than_writing_anew": ratio(results, lambda row: row["megabytes"] == sizes[1]),
    }
    for name, value in ratios.items():
        print(f"{name.replace('_', ' ')}: {value:.1f} times")
    write_results("erasing", {"rows": results, "ratios": ratios}, arguments=given)


def ratio(results: list[dict[str, object]], chosen: Callable[[dict[str, object]], bool]) -> float:
    """Return how many times as long the second of two rows took as the first."""
    first, second = (float(str(row["erase_ms"])) for row in results if chosen(row))
    return second / first


if __name__ == "__main__":
    main()
