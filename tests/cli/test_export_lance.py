"""`glyph-memory export-lance`: a dataset of a run's tables, and what came of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.documents.shards.helpers import make_texts
from tests.windows.bulk.helpers import draw


def test_it_says_what_it_made(run: Run, tmp_path: Path) -> None:
    """Once more, and nothing is new."""
    pytest.importorskip(
        "lance", reason="pylance is not installed, a wheel of 85 MB (pip install 'glyph-memory[lance]')"
    )
    out = draw(make_texts(tmp_path / "texts", documents=3, sentences=5), tmp_path / "out")
    first = run("export-lance", str(out))
    assert first.code == 0
    assert f"dataset: {out}/pages.lance" in first.out
    again = run("export-lance", str(out), "--json").json
    assert (again["rows"], again["version"], again["new_version"]) == (3, 1, False)
    told = run(
        "export-lance", str(out), "--table", "documents", "--to", str(tmp_path / "d.lance"), "--json"
    ).json
    assert (told["rows"], told["to"]) == (3, str(tmp_path / "d.lance"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "rows"], "--table 'rows' is none of pages, documents, answers"),
        (["--storage-option", "my-secret"], "--storage-option takes NAME=VALUE"),
        ([], "needs pylance, which is not installed"),
    ],
)
def test_what_is_wrong_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    """And it does not repeat what may be a key."""
    monkeypatch.setitem(sys.modules, "lance", None)
    done = run("export-lance", str(tmp_path), *arguments)
    assert done.code == 1
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert "my-secret" not in done.err
