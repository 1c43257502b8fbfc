"""Folders of texts, and what a run made of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from glyph_memory.documents.shards.plan import DOCUMENTS, PAGES


def make_texts(folder: Path, *, documents: int = 10, sentences: int = 60) -> Path:
    """Write texts, each with words of its own."""
    folder.mkdir(parents=True)
    for number in range(documents):
        text = f"# Oak {number}\n\n" + f"Plank {number} is dried for {number + 2} years. " * sentences
        (folder / f"{number:04}.md").write_text(text)
    return folder


def read_pages(out: Path) -> list[dict[str, Any]]:
    """Return the rows of all pages, in order."""
    rows = [
        row for path in sorted((out / PAGES).glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]
    return sorted(rows, key=lambda row: (row["document"], row["part"], row["page"]))


def read_documents(out: Path) -> list[dict[str, Any]]:
    """Return the rows of all documents, in order."""
    rows = [
        row for path in sorted((out / DOCUMENTS).glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]
    return sorted(rows, key=lambda row: str(row["document"]))


def digest_files(out: Path) -> dict[str, str]:
    """Return a digest of each file of an output folder."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
