"""Record which source files a piece of work passes through, by the calls between them.

A call counts when it enters a function of the package, or of its integrations, from another of their files; what other
libraries do between is not seen. Each thread has a stack of its own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """The files that a piece of work passed through."""

    files: tuple[str, ...]
    """In the order in which they were entered first."""
    edges: frozenset[tuple[str, str]]
    """Pairs of files: the first called the second."""

    @property
    def back_and_forth(self) -> list[tuple[str, str]]:
        """Pairs of files that call each other."""
        return sorted((one, other) for one, other in self.edges if one < other and (other, one) in self.edges)


@dataclass
class _Recorder:
    """Follows calls and returns."""

    roots: Mapping[str, str]
    files: dict[str, None] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)
    thread: threading.local = field(default_factory=threading.local)

    def follow(self, frame: FrameType, event: str, _: object) -> None:
        if event not in {"call", "return"}:
            return
        file = self.shorten(frame.f_code.co_filename)
        if file is None:
            return
        stack: list[tuple[str, FrameType]] = self.thread.__dict__.setdefault("stack", [])
        if event == "return":
            if stack and stack[-1][1] is frame:
                stack.pop()
            return
        if stack and stack[-1][0] != file:
            self.edges.add((stack[-1][0], file))
        self.files.setdefault(file)
        stack.append((file, frame))

    def shorten(self, path: str) -> str | None:
        """Return a file's path from its package on; None for files of others."""
        return next(
            (name + path[len(root) :] for root, name in self.roots.items() if path.startswith(root)), None
        )


def record_walk(work: Callable[[], Result], *, packages: Mapping[Path, str]) -> tuple[Walk, Result]:
    """Do a piece of work; return its walk through the packages' files, and what it returned.

    Args:
        work: What is done, in this thread and in those that it starts.
        packages: Folders, each with what its files' names begin with.
    """
    recorder = _Recorder({f"{folder.resolve()}/": name for folder, name in packages.items()})
    threading.setprofile(recorder.follow)
    sys.setprofile(recorder.follow)
    try:
        result = work()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return Walk(files=tuple(recorder.files), edges=frozenset(recorder.edges)), result
