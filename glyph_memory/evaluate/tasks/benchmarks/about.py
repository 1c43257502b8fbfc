"""What is known of a benchmark, and is told before anything of it is here. Knows words; reads nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """A benchmark that others published: where it is had, on what terms, and how its file is given."""

    name: str
    """What it is called on the command line, in front of the file's path."""
    title: str
    """What it asks for, in a line."""
    address: str
    """Where it is had."""
    licence: str
    """Under which licence its data are, as its own pages say."""
    size: str
    """How much there is."""
    format: str
    """What its files look like."""
    file: str
    """Which file to give."""
    subsets: str
    """What can stand behind `#`, to ask a part of it."""
    scorer: str
    """How answers are scored, and in what that differs from what is published."""
    judge: str = ""
    """What a judge is for; empty where none is needed."""
