"""Fuzz in shards: each in a process of its own, within limits, its result in one file; a shard that died goes on.

A process that takes too long for one input is ended by the system's own timer, even where it hangs within a library;
one that takes too much memory gets a `MemoryError`. Either way, and where it crashes, the parent notes the input, and
another process goes on behind it.
"""

from __future__ import annotations

import faulthandler
import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from ctypes import c_longlong
from dataclasses import asdict, dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from lib.fuzz_doors import Door, Wing
from lib.memory_folder import find_room
from lib.results import ROOT

INPUT_S = 10.0
"""Processor time that one input may take."""
_WALL_S = 300.0
"""Time that one input may take, also where it waits for something."""
_MEMORY = 2 * 2**30
"""Bytes that a shard may take beyond what it begins with."""
_SAVED_EVERY_S = 2.0
_LONGEST = 300
_MODULE_S = 1800.0

_fork = multiprocessing.get_context("fork")
"""The parent has loaded all that is fuzzed, has no thread and no open store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """An input that was neither taken nor refused as it should be."""

    door: str
    number: int
    """Replays it, with the door's name; Hypothesis' seed for a module of tests."""
    kind: str
    """`exception`, `property`, `hang`, `crash` or `memory`."""
    said: str
    """What happened, in one line."""
    place: str = ""
    """Where in the code, for an exception."""


@dataclass(kw_only=True, slots=True)
class Shard:
    """Numbers of one door, and what came of them so far."""

    door: str
    wing: Wing
    first: int
    count: int
    next: int = 0
    """The number that comes next."""
    inputs: int = 0
    """That were tried."""
    done: int = 0
    refused: int = 0
    seconds: float = 0.0
    """Processor time."""
    peak_mb: float = 0.0
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether all its numbers were tried."""
        return self.next >= self.first + self.count

    def save(self, path: Path) -> None:
        """Write it down, whole or not at all."""
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> Shard:
        """Read what was written down."""
        held: dict[str, Any] = json.loads(path.read_text())
        return cls(**{**held, "findings": [Finding(**one) for one in held["findings"]]})


def name_file(folder: Path, shard: Shard) -> Path:
    """Return the file of a shard."""
    called = shard.door.replace(" ", "-").replace("/", "-")
    return folder / f"{called}-{shard.first}-{shard.count}.json"


def try_number(door: Door, number: int) -> tuple[str, int, Finding | None]:
    """Try an input; return `done` or `refused`, how many inputs it was, and what was found."""
    try:
        said = door.check(random.Random(f"{door.name}:{number}"))
    except Exception as error:
        return "", door.inputs, describe(door.name, number, error)
    outcome, count = said if isinstance(said, tuple) else (said, 1)
    return outcome, count, None


def describe(door: str, number: int, error: Exception) -> Finding:
    """Return what an exception is as a finding."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT)
    ]
    ours = [frame for frame in frames if "glyph_memory" in Path(frame.filename).relative_to(ROOT).parts]
    last = (ours or frames or [None])[-1]  # type: ignore[list-item]  # of libraries alone
    place = f"{Path(last.filename).relative_to(ROOT)}:{last.lineno}" if last else ""
    names = {"Broken": "property", "MemoryError": "memory", "AssertionError": "property"}
    kind = names.get(type(error).__name__, "exception")
    said = f"{type(error).__name__}: {' '.join(str(error).split())}".encode(
        "ascii", "backslashreplace"
    ).decode()
    return Finding(door=door, number=number, kind=kind, said=said[:_LONGEST], place=place)


class _Running:
    """A process that tries the numbers of a shard."""

    def __init__(self, shard: Shard, door: Door, folder: Path) -> None:
        self.shard, self.door, self.path = shard, door, name_file(folder, shard)
        self._number = _fork.RawValue(c_longlong, shard.next)
        self._seen, self._since_s = shard.next, time.monotonic()
        self._scratch = tempfile.TemporaryDirectory(prefix="glyph-fuzz-", dir=find_room())
        self._process: BaseProcess = _fork.Process(target=self._run)
        self._process.start()

    def poll(self) -> bool:
        """Return whether the process ended; where it did not by itself, note the input at which it ended."""
        if self._process.exitcode is None:
            if self._number.value != self._seen:
                self._seen, self._since_s = self._number.value, time.monotonic()
            if time.monotonic() - self._since_s > _WALL_S:
                self._process.kill()
            return False
        self._process.join()
        self._scratch.cleanup()
        if self.path.exists():
            self.shard = Shard.read(self.path)
        if not self.shard.is_done and self._process.exitcode:  # else another run had the same shard
            self._note(self._number.value, self._process.exitcode)
        return True

    def _note(self, number: int, code: int) -> None:
        """Note a hang or a crash, and try again what was not written down before."""
        shard = self.shard
        for early in range(shard.next, number):
            _add(shard, self.door, early)
        hangs = code in (-signal.SIGPROF, -signal.SIGKILL)
        said = f"more than {INPUT_S:g} s" if hangs else f"the process ended with {code}"
        kind = "hang" if hangs else "crash"
        shard.findings.append(Finding(door=self.door.name, number=number, kind=kind, said=said))
        shard.inputs += self.door.inputs
        shard.next = number + 1
        shard.save(self.path)

    def _run(self) -> None:
        """Try all numbers, as a child process."""
        tempfile.tempdir = self._scratch.name
        faulthandler.disable()  # a crash is told by the parent
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries tell there of what they catch
        begins_with = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (begins_with + _MEMORY,) * 2)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        shard, saved_s = self.shard, time.monotonic()
        for number in range(shard.next, shard.first + shard.count):
            self._number.value = number
            signal.setitimer(signal.ITIMER_PROF, INPUT_S)
            _add(shard, self.door, number)
            signal.setitimer(signal.ITIMER_PROF, 0)
            if time.monotonic() - saved_s > _SAVED_EVERY_S:
                shard.save(self.path)
                saved_s = time.monotonic()
        shard.save(self.path)


def _add(shard: Shard, door: Door, number: int) -> None:
    """Try a number, and add what came of it."""
    begun_s = time.process_time()
    outcome, count, finding = try_number(door, number)
    shard.inputs += count
    shard.done += count * (outcome == "done")
    shard.refused += count * (outcome == "refused")
    shard.seconds += time.process_time() - begun_s
    shard.next = number + 1
    shard.peak_mb = max(shard.peak_mb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if finding is not None:
        shard.findings.append(finding)


def run_shards(shards: list[tuple[Shard, Door]], folder: Path, *, workers: int) -> Iterator[Shard]:
    """Run shards side by side; yield each once it is done. Those that were done before are read.

    Args:
        shards: What is tried.
        folder: Of their files.
        workers: How many processes at a time.
    """
    waiting, running = list(reversed(shards)), list[_Running]()
    while waiting or running:
        while waiting and len(running) < workers:
            shard, door = waiting.pop()
            path = name_file(folder, shard)
            shard = Shard.read(path) if path.exists() else shard
            if shard.is_done:
                yield shard
            else:
                running.append(_Running(shard, door, folder))
        for one in list(running):
            if one.poll():
                running.remove(one)
                if one.shard.is_done:
                    yield one.shard
                else:
                    waiting.append((one.shard, one.door))
        time.sleep(0.05)


def run_module(module: str, wing: Wing, examples: int, seed: int, folder: Path) -> Shard:
    """Run the fuzzers of a module of tests; return what came of them, counted as they really ran.

    Args:
        module: Its path.
        wing: Where it belongs.
        examples: How many each of its tests gets.
        seed: Hypothesis'.
        folder: Of the shards' files.
    """
    shard = Shard(door=module, wing=wing, first=seed, count=1, next=seed)
    path = name_file(folder, shard)
    if path.exists():
        return Shard.read(path)
    told, begun = path.with_suffix(".told"), resource.getrusage(resource.RUSAGE_CHILDREN)
    paths = os.pathsep.join([str(ROOT), str(ROOT / "benchmarks"), os.environ.get("PYTHONPATH", "")])
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n0",
        "-x",
        "-p",
        "lib.fuzz_counting",
        "-p",
        "no:cacheprovider",
    ]
    try:
        run = subprocess.run(
            [*command, f"--hypothesis-seed={seed}", module],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths, "FUZZ": str(examples), "FUZZ_TOLD": str(told)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_MODULE_S,
        )
        held: dict[str, Any] = json.loads(told.read_text()) if told.exists() else {"inputs": 0, "failed": []}
        failed = held["failed"] or ([["", run.stdout[-_LONGEST:]]] if run.returncode else [])
    except subprocess.TimeoutExpired:
        held, failed = {"inputs": 0}, [["", f"more than {_MODULE_S:g} s"]]
    told.unlink(missing_ok=True)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    shard.inputs = shard.done = held["inputs"]
    shard.next += 1
    shard.seconds = now.ru_utime + now.ru_stime - begun.ru_utime - begun.ru_stime
    shard.findings = [
        Finding(
            door=module, number=seed, kind="property", said=" ".join(said.split())[:_LONGEST], place=place
        )
        for place, said in failed
    ]
    shard.save(path)
    return shard
