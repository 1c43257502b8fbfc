"""Jobs run in processes: one that is killed costs its own job, and an end of the run ends them all."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from itertools import count
from multiprocessing import util
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.documents.bulk.pool import run_jobs
from tests.documents.bulk_helpers import square


def test_a_killed_process_costs_its_own_job_alone() -> None:
    """Those that were at work beside it run again."""
    found = dict(one for batch in run_jobs(square, range(8), processes=2) for one in batch)
    assert found == {number: None if number == 3 else number * number for number in range(8)}


def test_jobs_are_read_as_processes_become_free() -> None:
    """There may be more than fit into memory; whoever stops early leaves no process behind."""
    jobs = count(10)
    with closing(run_jobs(square, jobs, processes=1)) as batches:
        assert next(batches)[0] == (10, 100)
    assert next(jobs) < 20


def test_no_process_is_needed() -> None:
    """Zero means this one, in order."""
    assert list(run_jobs(square, [1, 2], processes=0)) == [[(1, 1)], [(2, 4)]]


def test_a_script_without_a_guard_is_told_to_have_one(tmp_path: Path) -> None:
    """Its processes cannot start, which is no document's fault; by default none is started."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("Words.")
    script = tmp_path / "script.py"
    for jobs, expected in (("", "drawn 1"), (", jobs=1", "guard the beginning of your script")):
        script.write_text(
            "from glyph_memory.documents import draw_tree\n"
            f"print('drawn', draw_tree({str(tmp_path / 'texts')!r}, {str(tmp_path / 'out')!r}{jobs}).drawn)\n"
        )
        ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
        assert expected in f"{ran.stdout}{ran.stderr.strip().splitlines()[-1:]}"
        shutil.rmtree(tmp_path / "out", ignore_errors=True)


@pytest.mark.parametrize("made_or_ended", [(util.Finalize, "__init__"), (ProcessPoolExecutor, "shutdown")])
def test_ctrl_c_waits_until_what_is_being_made_or_ended_is_whole(
    monkeypatch: pytest.MonkeyPatch, made_or_ended: tuple[type, str]
) -> None:
    """Python shows a traceback of half a lock, and nobody could catch it."""
    whole, counts = getattr(*made_or_ended), [0, 0]

    def interrupted(*arguments: Any, **named: Any) -> None:
        counts[0] += 1
        signal.raise_signal(signal.SIGINT)
        whole(*arguments, **named)
        counts[1] += 1

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(*made_or_ended, interrupted)
            list(run_jobs(square, [1], processes=1))
    finally:
        signal.signal(signal.SIGINT, before)
    assert counts[0] == counts[1] > 0
