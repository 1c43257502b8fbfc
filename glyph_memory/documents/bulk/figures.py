"""What spans and metrics are told of a run over many documents: what workers report, counted by whoever began it.

A worker is a process of its own, on this machine or another, and has no SDK unless something gave it one. Knows
counts; knows nothing about what is drawn.
"""

from __future__ import annotations

from glyph_memory.documents.bulk.report import ShardReport
from glyph_memory.telemetry import Fields, count, measure


def describe_run(report: ShardReport) -> Fields:
    """Return what a span is told of a run."""
    return Fields(
        documents=report.drawn,
        unchanged=report.unchanged,
        failures=len(report.failures),
        pages=report.pages,
        page_tokens=report.tokens,
    )


def count_pages(pages: int, *, is_counted: bool) -> None:
    """Count pages that a worker drew.

    Args:
        pages: How many.
        is_counted: Whether they were counted where they were drawn.
    """
    if not is_counted:
        count("pages.drawn", pages, use="document")


def count_documents(*, drawn: int = 0, unchanged: int = 0, failed: int = 0) -> None:
    """Count documents by what became of them."""
    count("documents", drawn, outcome="drawn")
    count("documents", unchanged, outcome="unchanged")
    count("documents", failed, outcome="failed")


def measure_document(seconds: float) -> None:
    """Record how long a worker took for a document."""
    measure("document.duration", seconds, unit="document")


def measure_shard(seconds: float) -> None:
    """Record how long a worker took for a shard."""
    measure("document.duration", seconds, unit="shard")
