"""What commands print: diffs, tracebacks, listings, searches and logs, of the standard library where it can be.

Knows formats; knows nothing about pages.
"""

from __future__ import annotations

import ast
import configparser
import difflib
import itertools
import json
import stat
import time
import tomllib
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from lib.density_files import cut, find_stdlib
from lib.dice import Dice


def make_diffs(*pairs: tuple[str, str]) -> str:
    """Return differences of sources that are near each other."""

    def diffs() -> Iterator[str]:
        for pair in pairs:
            one, other = (
                (find_stdlib() / f"{name}.py").read_text(encoding="utf-8").splitlines() for name in pair
            )
            yield f"diff --git a/{pair[0]}.py b/{pair[1]}.py"
            yield from difflib.unified_diff(one, other, f"a/{pair[0]}.py", f"b/{pair[1]}.py", lineterm="")

    return cut(diffs())


def make_tracebacks() -> str:
    """Return tracebacks of errors that are really raised, within the standard library."""

    def try_each(work: Callable[[str], object]) -> Iterator[str]:
        for name in sorted(path.name for path in find_stdlib().glob("[a-z]*.py"))[:60]:
            try:
                work(name)
            except Exception:
                yield traceback.format_exc()

    works: tuple[Callable[[str], object], ...] = (
        lambda name: json.loads(f'{{"file": {name}}}'),
        lambda name: ElementTree.fromstring(f"<file>{name}</files>"),  # noqa: S314 - our own
        lambda name: tomllib.loads(f"file = {name}"),
        lambda name: ast.parse(f"import {name} as"),
        lambda name: configparser.ConfigParser()[name],
        lambda name: Path(f"/nowhere/{name}").read_text(encoding="utf-8"),
        lambda name: time.strptime(name, "%Y-%m-%d"),
    )
    return cut(itertools.chain.from_iterable(zip(*map(try_each, works), strict=True)))


def list_folder() -> str:
    """Return what `ls -lR` prints of the standard library."""

    def lines() -> Iterator[str]:
        for folder in [
            find_stdlib(),
            *sorted(path for path in find_stdlib().rglob("[a-z]*") if path.is_dir()),
        ]:
            if "site-packages" in folder.parts or "__pycache__" in folder.parts:
                continue
            yield f"\n./{folder.relative_to(find_stdlib())}:"
            for path in sorted(folder.iterdir()):
                facts = path.stat()
                day = time.strftime("%Y-%m-%d %H:%M", time.gmtime(facts.st_mtime))
                yield f"{stat.filemode(facts.st_mode)} 1 root root {facts.st_size:>7} {day} {path.name}"

    return cut(lines())


def search_sources(word: str) -> str:
    """Return what `grep -rn` prints of the standard library."""

    def lines() -> Iterator[str]:
        for path in sorted(find_stdlib().glob("*.py")):
            for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                if word in line:
                    yield f"lib/{path.name}:{number}:{line}"

    return cut(lines())


def number_lines(name: str) -> str:
    """Return what `cat -n` prints of a module."""
    source = (find_stdlib() / f"{name}.py").read_text(encoding="utf-8")
    return cut(f"{number:6d}\t{line}" for number, line in enumerate(source.splitlines(), 1))


def make_web_log() -> str:
    """Return a web server's log in the combined format, made up."""
    dice = Dice(6)

    def lines() -> Iterator[str]:
        for second in itertools.count():
            where = f"10.{dice.number(0, 9)}.{dice.number(0, 99)}.{dice.number(1, 250)}"
            moment = f"28/Mar/2025:{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d} +0000"
            path = "/".join(dice.words(dice.number(1, 4)).split())
            agent = dice.pick(("curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0"))
            status = dice.pick((200, 200, 200, 304, 404, 500))
            yield f'{where} - - [{moment}] "GET /{path} HTTP/1.1" {status} {dice.number(90, 90_000)} "-" "{agent}"'

    return cut(lines())


def make_service_log() -> str:
    """Return a service's log with levels, names and fields, made up."""
    dice = Dice(7)

    def lines() -> Iterator[str]:
        for second in itertools.count():
            level = dice.pick(("DEBUG", "INFO", "INFO", "WARNING", "ERROR"))
            name = ".".join(dice.words(2).split())
            moment = f"2025-03-28 {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
            words = dice.words(dice.number(3, 9))
            yield f"{moment},{dice.number(0, 999):03d} {level:<8} [{name}] {words} id={dice.hexadecimal(12)}"

    return cut(lines())
