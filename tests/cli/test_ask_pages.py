"""`glyph-memory ask-pages`: questions about many documents from this machine, each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glyph_memory.testing import FakeVLMServer, Fault
from tests.cli.conftest import Run
from tests.documents.shards.helpers import make_texts, read_documents
from tests.windows.bulk.helpers import draw, read_answers, say_pages


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pages of three documents."""
    folder = tmp_path_factory.mktemp("pages")
    return draw(make_texts(folder / "texts", documents=3, sentences=5), folder / "out")


_TABLES = (
    ("empty.csv", "", "asks nothing"),
    ("heads.csv", "document,question\n", "asks nothing"),
    ("short.csv", "document,question\na.md,Who?\na.md\n", "row 2 has no text"),
    ("blank.csv", "document,question\na.md,\n", "row 1 has no text"),
    ("null.jsonl", '{"document": "a.md", "question": null}', "row 1 has no text"),
    ("list.jsonl", "[1]", "its rows are no objects"),
)
"""Tables of questions in which a question is missing: nothing is asked in its place."""


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """Start a server."""
    with FakeVLMServer(answer=say_pages) as server:
        yield server


def test_it_asks_once_and_says_what_came_of_it(
    run: Run, pages: Path, server: FakeVLMServer, tmp_path: Path
) -> None:
    """A server that fails is told in one line for each document, and asked again by the same command."""
    server.faults.append(Fault(status=500))
    command = ["ask-pages", str(pages), "Who?", "--server", server.base_url, "--out", str(tmp_path)]
    first = run(*command, "--retries", "0", "--concurrent", "1")
    assert first.code == 1
    assert f"answers: {tmp_path}/answers" in first.out
    assert [line.partition(":")[0] for line in first.err.splitlines()] == ["error", "error"]
    assert "1 of 3 got no answer" in first.err
    again = run(*command, "--json")
    assert (again.code, again.json["answered"], again.json["unchanged"]) == (0, 1, 2)
    assert len(server.requests) == len(read_answers(tmp_path)) == 3


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_each_document_has_its_own_questions(
    run: Run, pages: Path, server: FakeVLMServer, tmp_path: Path, kind: str
) -> None:
    """From a table; documents that are not in it are not asked about."""
    names = [row["document"] for row in read_documents(pages)]
    rows = [
        {"document": names[0], "question": "何年?"},
        {"document": names[2], "question": 'Says "oak", where?'},
    ]
    file = tmp_path / f"asked.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif kind == "csv":
        file.write_text(
            f'document,question\n{names[0]},何年?\n{names[2]},"Says ""oak"", where?"\n', encoding="utf-8"
        )
    else:
        import json

        file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    done = run(
        "ask-pages", str(pages), "--questions", str(file), "--server", server.base_url, "--out", str(tmp_path)
    )
    assert done.code == 0, done.err
    assert [{name: row[name] for name in rows[0]} for row in read_answers(tmp_path)] == rows


def test_what_cannot_be_asked_is_one_line(run: Run, pages: Path, tmp_path: Path) -> None:
    """No server, no question, both kinds of questions, a table without its columns, workers without a cluster."""

    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path / name

    write("bad.csv", "name,question\na,b\n")
    url = ["--server", "http://127.0.0.1:9/v1"]
    for arguments, said in (
        (["Who?"], "name one with --server"),
        ([*url], "nothing is asked"),
        (["Who?", *url, "--questions", str(tmp_path / "bad.csv")], "give one of them"),
        ([*url, "--questions", str(tmp_path / "bad.csv")], "has no column 'document'"),
        ([*url, "--questions", str(tmp_path / "gone.csv")], "No such file"),
        (["Who?", *url, "--workers", "2"], "--workers is for a cluster"),
        (["Who?", *url], "127.0.0.1:9"),
        *(([*url, "--questions", str(write(name, text))], said) for name, text, said in _TABLES),
    ):
        done = run("ask-pages", str(pages), *arguments)
        assert done.code == 1
        assert said in done.err
        assert done.err.count("\n") == 1
