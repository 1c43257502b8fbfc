"""The shards of `benchmarks/fuzz.py` count what they tried, note what they found, and go on behind what ended them."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from lib import fuzz_shards
from lib.fuzz_doors import DOORS, Door
from lib.fuzz_shards import Shard, name_file, run_module, run_shards, try_number


def run(check: Callable[[random.Random], str], folder: Path, *, count: int = 5) -> Shard:
    """Run one shard of a made-up door; return what came of it."""
    door = Door(name="made up", wing="store", check=check, share=1.0, at_once=count)
    shard = Shard(door="made up", wing="store", first=0, count=count)
    (done,) = run_shards([(shard, door)], folder, workers=1)
    return done


def is_number(dice: random.Random, number: int) -> bool:
    """Return whether these are the dice of a number."""
    return dice.getstate() == random.Random(f"made up:{number}").getstate()


def test_an_exception_is_a_finding_that_can_be_replayed(tmp_path: Path) -> None:
    """By the number that it came with; the others go on."""

    def check(dice: random.Random) -> str:
        if is_number(dice, 3):
            raise KeyError("gone")
        return "done"

    shard = run(check, tmp_path)
    (found,) = shard.findings
    assert (found.number, found.kind, found.said) == (3, "exception", "KeyError: 'gone'")
    assert (shard.inputs, shard.done) == (5, 4)


@pytest.mark.parametrize("end", ["crash", "hang"])
def test_a_shard_goes_on_behind_what_ended_it(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash, and an input without an end; each input is counted once."""
    monkeypatch.setattr(fuzz_shards, "INPUT_S", 0.2)

    def check(dice: random.Random) -> str:
        if is_number(dice, 2):
            if end == "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            while True:
                pass
        return "refused"

    shard = run(check, tmp_path)
    (found,) = shard.findings
    assert (found.number, found.kind) == (2, end)
    assert (shard.inputs, shard.refused) == (5, 4)


def test_a_shard_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    """With what it had counted; one that was done is not run again."""
    began = Shard(door="made up", wing="store", first=0, count=5, next=3, inputs=3, done=3)
    began.save(name_file(tmp_path, began))

    def check(dice: random.Random) -> str:
        assert not any(is_number(dice, number) for number in range(3))
        return "done"

    assert [(one.inputs, one.done, one.findings) for one in (run(check, tmp_path), run(check, tmp_path))] == [
        (5, 5, [])
    ] * 2


def test_a_modules_fuzzers_are_counted_as_they_ran(tmp_path: Path) -> None:
    """Not as many as were promised: a strategy may have fewer."""
    module = tmp_path / "test_made_up.py"
    module.write_text(
        "from hypothesis import given, strategies as st\n\n\n"
        "@given(number=st.sampled_from([1, 2, 3]))\ndef test_small(number):\n    assert number < 3\n"
    )
    shard = run_module(str(module), "store", 50, 1, tmp_path)
    (found,) = shard.findings
    assert "assert 3 < 3" in found.said
    assert 3 <= shard.inputs < 50


def test_the_doors_share_all_inputs() -> None:
    """Each has its share, and the sum is one."""
    assert sum(door.share for door in DOORS) == pytest.approx(1)


@pytest.mark.parametrize("door", DOORS, ids=[door.name for door in DOORS])
def test_an_input_is_known_by_its_number(door: Door) -> None:
    """Again it comes to the same, and to nothing that was found."""
    for number in (1, 2):
        once, again = (try_number(door, number) for _ in range(2))
        assert once == again
        assert once[2] is None
