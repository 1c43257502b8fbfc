"""What tests of bulk runs share: a folder of texts, and what stands in an output folder."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any


def make_folder(folder: Path, *, documents: int = 6, sentences: int = 200) -> Path:
    """Write texts of a few pages each, the first two of them equal."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(documents):
        name = max(number, 1)
        text = f"Document {name}.\n" + f"The deploy {name} went out at 14:05.\n" * sentences
        (folder / f"{number:02}.txt").write_text(text)
    return folder


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a list; each has to be whole."""
    text = path.read_text()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def look(out: Path) -> tuple[list[str], list[str], list[str]]:
    """Return what is in an output folder, without what differs from run to run: pages, rows, documents."""
    pages = sorted(str(path.relative_to(out)) for path in (out / "pages").rglob("*") if path.is_file())
    rows = sorted(json.dumps(row, sort_keys=True) for row in read_lines(out / "index.jsonl"))
    differing = {"seconds", "index_start", "index_stop"}
    documents = [
        json.dumps({key: value for key, value in one.items() if key not in differing}, sort_keys=True)
        for one in read_lines(out / "documents.jsonl")
    ]
    return pages, rows, sorted(documents)


def square(number: int) -> int:
    """Return a square, unless the number is 3: then the process is killed, as by a system short of memory."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number
