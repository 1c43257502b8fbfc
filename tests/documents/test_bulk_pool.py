"""Jobs run in processes: one that is killed costs its own job, and an end of the run ends them all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

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
