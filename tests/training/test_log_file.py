"""A training's log has each step once, whatever stopped it."""

from __future__ import annotations

from pathlib import Path

import pytest

from glyph_memory.training import TrainingError
from glyph_memory.training.log_file import LogFile


@pytest.fixture
def log(tmp_path: Path) -> LogFile:
    """Return a log of three steps."""
    log = LogFile(tmp_path / "log.jsonl")
    assert log.read() == []
    for step in (1, 2, 3):
        log.add({"step": step, "loss": step / 2})
    return log


def test_steps_that_are_done_again_stand_there_once(log: LogFile) -> None:
    """Those after the checkpoint go."""
    log.cut_after(1)
    log.add({"step": 2, "loss": 7.0})
    assert log.read() == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 7.0}]


@pytest.mark.parametrize("half", ['{"step": 4, "lo', "", "4", '{"loss": 1}', '{"step": "4"}'])
def test_what_a_killed_process_left_half_is_no_step(log: LogFile, half: str) -> None:
    """It is gone once the training goes on."""
    with log.path.open("a") as file:
        file.write(half)
    assert [row["step"] for row in log.read()] == [1, 2, 3]
    log.cut_after(3)
    assert log.path.read_text().count("\n") == 3
    assert half == "" or half not in log.path.read_text().splitlines()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line_with_the_next_step(tmp_path: Path) -> None:
    """The log is written by the system; whoever trains is told what to do."""
    (tmp_path / "log.jsonl").symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=r"log.jsonl' cannot be written: No space left.* Free some space"):
        LogFile(tmp_path / "log.jsonl").add({"step": 1})


def test_a_log_that_is_no_text_keeps_its_whole_rows(log: LogFile) -> None:
    """Bytes that a disk made up are no step."""
    with log.path.open("ab") as file:
        file.write(b"\xff\0\xfe\n")
    assert [row["step"] for row in log.read()] == [1, 2, 3]


def test_a_folder_in_a_logs_place_is_told_in_one_line(tmp_path: Path) -> None:
    """When a training goes on."""
    with pytest.raises(TrainingError, match="cannot be written"):
        LogFile(tmp_path).cut_after(1)
