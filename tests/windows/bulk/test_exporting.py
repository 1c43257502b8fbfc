"""Answers as a Lance dataset: each question's newest answer once, in one version for a whole run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.testing import FakeVLMServer
from glyph_memory.windows import export_answers
from tests.documents.shards.helpers import make_texts
from tests.windows.bulk.helpers import ask, draw, read_answers, say_pages

lance = pytest.importorskip(
    "lance", reason="pylance is not installed, a wheel of 85 MB (pip install 'glyph-memory[lance]')"
)


def read_lance(to: Path) -> list[dict[str, Any]]:
    """Return the rows of a dataset of answers, in order."""
    rows: list[dict[str, Any]] = lance.dataset(to).to_table().to_pylist()
    return sorted(rows, key=lambda row: (row["document"], row["question"], row["part"] or 0))


def test_answers_are_exported_once_their_run_is_finished(tmp_path: Path) -> None:
    """A changed document's old answer goes in the same version as its new one comes."""
    texts = make_texts(tmp_path / "texts", documents=4, sentences=5)
    out, to = draw(texts, tmp_path / "out", documents_per_shard=2), tmp_path / "out" / "answers.lance"
    with FakeVLMServer(answer=say_pages) as server:
        with pytest.raises(KeyboardInterrupt):
            ask(out, url=server.base_url, stop_after=1)
        with pytest.raises(GlyphMemoryError, match="is not finished, 1 of its files"):
            export_answers(out)
        assert export_answers(out, unfinished=True).rows == len(read_answers(out)) == 2
        ask(out, url=server.base_url)
        report = export_answers(out)
        assert read_lance(to) == read_answers(out)
        assert (report.rows, report.version) == (4, 2)
        assert not export_answers(out).is_new
        (texts / "0001.md").write_text("It was dried for nine years, after all.")
        draw(texts, out)
        ask(out, url=server.base_url)
    report = export_answers(out)
    assert read_lance(to) == read_answers(out)
    assert (report.rows, report.version) == (4, 3)
