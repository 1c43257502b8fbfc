"""What sessions take is counted right, and what is worked out from it is the arithmetic that it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import capacity
import figure_tables
from glyph_memory import GlyphMemory
from glyph_memory.readers.launch.sizing import find_network
from glyph_memory.tokens import ModelProfile
from lib.capacity_model import CACHES, Assumptions, Session, compare_sizes, list_resources, work_out_steps
from lib.postgres import MISSING, has_postgres, make_database, run_postgres
from lib.store_sizes import (
    fill_sessions,
    list_pages,
    measure_memory,
    measure_postgres,
    measure_sqlite,
    time_appends,
)

_SESSION = Session(
    name="100 turns",
    turns=100,
    turns_a_request=2,
    disk_bytes=4e6,
    pages=10,
    prompt_tokens=13_000,
    plain_tokens=200_000,
    computed_tokens=2000,
    cpu_s_a_turn=0.01,
    write_s_a_turn=0.005,
    memory_bytes=1 << 20,
)


def test_a_database_is_counted_by_table(tmp_path: Path) -> None:
    """All of its bytes stand at some table; rows are those that were written."""
    path = tmp_path / "two.db"
    for name in ("alice", "bob"):
        with GlyphMemory.open(path, session=name, profile="glyph") as memory:
            for text in ("See https://a.example/1.", "And error E4711."):
                memory.add("user", text)
    sizes, rows = measure_sqlite(path)
    assert sum(sizes.values()) == path.stat().st_size
    assert rows["glyph_sessions"] == 2
    assert rows["glyph_turns"] == rows["glyph_words"] == 4
    assert sizes["glyph_search"] > 0
    assert not any("search" in name for name in sizes if name != "glyph_search")


def test_sessions_are_filled_turn_by_turn(tmp_path: Path) -> None:
    """As many turns as asked for, and the page files that lie there; opened again, a process holds them."""
    path = tmp_path / "some.db"
    taken = fill_sessions(str(path), sessions=2, turns=60)
    assert (taken.sessions, taken.turns, taken.table_rows["glyph_turns"]) == (2, 120, 120)
    assert taken.pages == len(list(list_pages(path))) > 0
    assert taken.page_bytes == sum(file.stat().st_size for file in list_pages(path))
    assert taken.prompt_tokens < taken.plain_tokens
    assert taken.database_bytes == path.stat().st_size
    assert taken.cpu_s > 0
    assert measure_memory(str(path), sessions=2) > 20 << 20
    assert time_appends(str(tmp_path / "more.db"), turns=5, counted=3) > 0


@pytest.fixture(scope="module")
def socket() -> Iterator[str]:
    """A PostgreSQL server, where there is one."""
    if not has_postgres():
        pytest.skip(MISSING)
    with run_postgres() as socket:
        yield socket


def test_the_same_turns_are_the_same_rows_in_postgresql(socket: str, tmp_path: Path) -> None:
    """No page files; its tables are larger, which is measured and not asserted."""
    url = make_database(socket, "capacity")
    theirs = fill_sessions(url, sessions=1, turns=20)
    ours = fill_sessions(str(tmp_path / "one.db"), sessions=1, turns=20)
    assert theirs.table_rows == {name: ours.table_rows[name] for name in theirs.table_rows}
    assert theirs.pages == 0
    sizes, _ = measure_postgres(url)
    assert sizes["glyph_turns"] > 0


def test_keys_and_values_are_those_of_the_launch_plan() -> None:
    """Two pictures of one number: by layers and heads here, in KiB there. GLM-4.1V-9B by hand: 2 · 40 · 2 · 128 · 2."""
    known = {one.model: one for one in CACHES}
    assert known["zai-org/Glyph"].token_bytes == 40_960
    compared = 0
    for one in CACHES:
        network = find_network(ModelProfile.from_name(one.profile), one.model)
        if network is not None:
            assert one.token_bytes == network.kv_kib * 1024
            compared += 1
    assert compared == 4
    page = known["zai-org/Glyph"].describe()
    assert page["MiB a page"] == pytest.approx(page["tokens a page"] * 40 / 1024)  # type: ignore[operator]  # ints


def test_a_step_by_hand() -> None:
    """Of 60,000 sessions 3,000 talk and ask 100 times a second; a GPU of 80 GiB holds 1,305,477 tokens of Glyph's."""
    needed = {one.name: one.units for one in list_resources(_SESSION, 60_000, Assumptions())}
    assert needed["prefix cache of active sessions"] == pytest.approx(3000 * 13_000 / 1_305_477)
    assert needed["the same, as plain text up to the window"] == pytest.approx(3000 * 131_072 / 1_305_477)
    assert needed["keys and values of requests in hand"] == pytest.approx(1000 * 13_000 / 1_305_477)
    assert needed["typesetting and folding"] == pytest.approx(200 * 0.01 / 16)
    assert needed["database writes"] == pytest.approx(200 * 0.005)
    assert needed["memory of processes"] == pytest.approx(3000 / (128 << 10))
    assert needed["disk"] == pytest.approx(60_000 * 4e6 / 4e12)
    assert needed["object count"] == pytest.approx(600_000 / (4e12 / 16_384))
    assert 1 < needed["reading prompts"] < 20


def test_the_first_bottleneck_is_what_is_needed_most() -> None:
    """And each thing is new once, at the step at which one of it is no longer enough; what only compares never is."""
    few = replace(_SESSION, prompt_tokens=2001, write_s_a_turn=0.5)
    steps = work_out_steps([(few, 100.0), (few, 10_000.0), (few, 20_000.0)], Assumptions())
    assert [step["first"] for step in steps] == ["database writes"] * 3
    assert [step["gives out"] for step in steps] == [False, True, True]
    assert steps[0]["new"] == []
    assert "database writes" in steps[1]["new"]  # type: ignore[operator]  # a list
    assert "database writes" not in steps[2]["new"]  # type: ignore[operator]  # a list
    hoards = replace(_SESSION, pages=1e6)
    (step,) = work_out_steps([(hoards, 1_000.0)], Assumptions())
    assert (step["first"], step["new"]) == ("object count", ["object count"])


def test_ratios_of_units() -> None:
    """Of two sizes; none of nothing."""
    rows = compare_sizes({"bytes": 10.0, "pages": 0.0}, {"bytes": 12.0, "pages": 1.0})
    assert [row["ratio"] for row in rows] == [1.2, None]


def test_without_the_simulation_it_says_what_to_run(tmp_path: Path) -> None:
    """And with it takes what pages compute under session affinity, where there is room for all."""
    path = tmp_path / "routing.json"
    with pytest.raises(SystemExit, match=r"Run: python benchmarks/routing\.py"):
        capacity.read_computed(path)
    rows = [
        {"policy": policy, "way": "pages", "size": size, "computed": value}
        for policy, size, value in (
            ("random", 1, 9.0),
            ("session affinity", 2, 8.0),
            ("session affinity", 1, 7.0),
        )
    ]
    path.write_text(json.dumps({"figures": {"rows": rows}}))
    assert capacity.read_computed(path) == 7.0


def test_its_tables_are_made_from_what_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the measuring, of a few turns, to each table of the documentation."""
    monkeypatch.setattr(capacity, "LONG_TURNS", 160)
    monkeypatch.setattr(capacity, "CROWD_TURNS", 40)
    monkeypatch.setattr(capacity, "CROWD_SESSIONS", 1)
    monkeypatch.setattr(capacity, "TIMES", 2)
    monkeypatch.setattr(capacity, "_APPENDS", 2)
    monkeypatch.setattr(capacity, "measure_memory", lambda url, sessions: sessions << 20)  # starts processes
    written = []
    monkeypatch.setattr(
        capacity, "write_results", lambda name, figures, arguments: written.append((name, figures))
    )
    capacity.main(["--quick"])
    printed = capsys.readouterr().out
    assert "nobody has run it at these sizes" in printed
    assert "1,000,000 sessions of 1,000 pages: first of all" in printed
    ((name, figures),) = written
    assert name == "capacity"
    for key, table in figure_tables.TABLES.items():
        if table.result == "capacity":
            assert table.draw(json.loads(json.dumps(figures))).count("\n") >= 2, key
