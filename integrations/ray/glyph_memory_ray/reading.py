"""`ask_documents`: a question about each document that was drawn, on a Ray cluster; each answer is asked for once.

Knows Ray and runs; what is asked, and how, stands in glyph-memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from glyph_memory import GlyphMemoryError
from glyph_memory.windows import (
    AskFields,
    AskOptions,
    AskReport,
    AskResult,
    AskShard,
    Questions,
    ShardAsker,
    open_questions,
)
from glyph_memory_ray.workers import ShardWorker, run_shards


def ask_documents(
    pages: str | Path,
    question: Questions,
    *,
    url: str | Sequence[str],
    out: str | Path | None = None,
    workers: int | None = None,
    ray_remote_args: Mapping[str, Any] | None = None,
    progress: Callable[[AskReport], object] | None = None,
    options: AskOptions | None = None,
    **fields: Unpack[AskFields],
) -> AskReport:
    """Ask about the pages that `draw_documents` drew, on the cluster that Ray is connected to.

    All pages of a document are sent in one request where they fit into the window, as its model counts them; else in
    parts of whole pages. Each answer is kept as it comes: after a worker, a machine or this process was killed, the
    same call asks what was under way then, and what is left. What fails is a row of `answers/` with its error, and
    asked again by the next run. A changed document is asked about anew, a copy of one is not.

    Args:
        pages: The output folder of `draw_documents`, or its address.
        question: What is asked of each document: a question, several, or those of each document by its name.
        url: The servers' addresses, each up to and including `/v1`; all serve the same model. Documents go to them in
            turn; where one does not answer, to the next.
        out: Where `answers/` goes; beside the pages unless given.
        workers: How many processes ask, each `max_concurrent` at a time; one for each server unless given.
        ray_remote_args: What `ray.data.Dataset.map` is told of workers.
        progress: Called before the first file of answers, and after each.
        options: How to ask; or the fields of `AskOptions` as keywords.
        **fields: The fields of `AskOptions`: `model`, `api_key`, `per`, `answer_tokens` and others.

    Raises:
        DocumentError: Nothing is asked, or the window has no room for pages.
        GlyphMemoryError: There are no pages, the output folder cannot be written to, another run holds it, a worker
            has other versions, the servers stopped answering, or the cluster is gone.
        ReaderError: No server answers, or they refuse.
    """
    if workers is not None and workers < 1:
        raise GlyphMemoryError(f"workers={workers} ask nothing; give 1 or more, or leave it out")
    servers = [url] if isinstance(url, str) else list(url or ())
    if not servers:
        raise GlyphMemoryError("no server is named; give its address as url=")
    with open_questions(pages, question, url=servers, out=out, options=options, **fields) as run:
        if progress is not None:
            progress(run.report())
        count = workers or len(servers)
        for result in run_shards(_AskShards, run.asker, run.shards, workers=count, remote=ray_remote_args):
            run.add(result)
            if progress is not None:
                progress(run.report())
    return run.report()


class _AskShards(ShardWorker[AskShard, AskResult]):
    """What Ray makes on each worker."""

    def __init__(self, versions: dict[str, str], job: bytes) -> None:
        self._asker = ShardAsker(versions, job)

    def work(self, shard: AskShard) -> AskResult:
        try:
            return self._asker.ask(shard)
        except GlyphMemoryError as error:  # as Ray tells of it, it would be a screen long
            return AskResult(name=shard.name, refusal=str(error))
