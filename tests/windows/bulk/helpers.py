"""Pages that were drawn, runs that ask about them in this process, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Unpack

import pyarrow.parquet as pq

from glyph_memory.documents import ShardDrawer, open_shards
from glyph_memory.testing import FakeRequest
from glyph_memory.windows import AskFields, AskReport, Questions, ShardAsker, open_questions

QUESTION = "How long is the plank dried?"


def draw(texts: Path, out: Path, *, documents_per_shard: int = 4) -> Path:
    """Draw a folder's documents; return where their pages are."""
    with open_shards(texts, out, documents_per_shard=documents_per_shard) as run:
        drawer = ShardDrawer(*run.drawer)
        for shard in run.shards:
            run.add(drawer.draw(shard))
    return out


def ask(
    pages: Path,
    question: Questions = QUESTION,
    *,
    url: str | Sequence[str],
    out: Path | None = None,
    stop_after: int | None = None,
    **fields: Unpack[AskFields],
) -> AskReport:
    """Ask about pages, in this process; with `stop_after`, leave after so many shards, as one that is killed does."""
    fields = {"retries": 0, **fields}
    with open_questions(pages, question, url=url, out=out, **fields) as run:
        asker = ShardAsker(*run.asker)
        try:
            for shard in run.shards[:stop_after]:
                run.add(asker.ask(shard))
            if stop_after is not None:
                raise KeyboardInterrupt
        finally:
            asker.close()
    return run.report()


def read_answers(out: Path) -> list[dict[str, Any]]:
    """Return the rows of all answers, in order."""
    rows = [
        row for path in sorted((out / "answers").glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]
    return sorted(rows, key=lambda row: (row["document"], row["question"], row["part"] or 0))


def name_documents(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the names of the rows' documents, without their folders."""
    return [Path(row["document"]).name for row in rows]


def say_pages(request: FakeRequest) -> str:
    """Answer with a digest of what is shown, so that each document has its own answer."""
    return "-".join(image.digest[:8] for image in request.images)


def find_asked(requests: Sequence[FakeRequest]) -> list[tuple[str, ...]]:
    """Return what each request shows, besides its question."""
    return [tuple(image.digest for image in one.images) for one in requests]


Answer = Callable[[FakeRequest], str]
