"""What questions meet in a folder: tables that are no pages, files of others, killed runs, servers that lie."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glyph_memory.errors import DocumentError, GlyphMemoryError
from glyph_memory.testing import FakeVLMServer
from glyph_memory.windows import open_questions
from tests.documents.shards.helpers import make_texts
from tests.windows.bulk.helpers import ask, draw, read_answers, say_pages


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Return the pages of two documents."""
    return draw(make_texts(tmp_path / "texts", documents=2, sentences=5), tmp_path / "pages")


@contextmanager
def serve(completion: dict[str, Any]) -> Iterator[str]:
    """Serve the same answer to every request; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Print nothing."""

        def do_GET(self) -> None:
            self._send({"data": [{"id": "m", "max_model_len": 32_000}]})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send(completion)

        def _send(self, value: object) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_half_a_character_in_a_servers_words_costs_no_answer(pages: Path) -> None:
    """In the model's name or the reason why it stopped: neither may keep the file from being written."""
    choice = {"message": {"role": "assistant", "content": "Two \ud800years."}, "finish_reason": "st\udfffop"}
    with serve({"model": "m\ud800", "choices": [choice]}) as url:
        report = ask(pages, url=url)
    assert (report.answered, report.failures) == (2, ())
    [row, _] = read_answers(pages)
    assert (row["model"], row["answer"], row["finish_reason"]) == (
        "m\N{REPLACEMENT CHARACTER}",
        "Two \N{REPLACEMENT CHARACTER}years.",
        "st\N{REPLACEMENT CHARACTER}op",
    )


@pytest.mark.parametrize("column", ["document", "page", "width", "digest", "tokens", "image"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_table_that_lacks_what_a_page_needs_is_one_line(pages: Path, column: str, is_there: bool) -> None:
    """The file is named, whether it has no such column or nothing stands in it."""
    [file] = (pages / "pages").iterdir()
    table = pq.read_table(file)
    if is_there:
        place, kind = table.schema.get_field_index(column), table.schema.field(column).type
        table = table.set_column(place, column, pa.nulls(len(table), kind))
    else:
        table = table.drop_columns([column])
    pq.write_table(table, file)
    with (
        FakeVLMServer() as server,
        pytest.raises(GlyphMemoryError, match=f"{file.name}' is gone, damaged or no table of pages; remove"),
    ):
        ask(pages, url=server.base_url)
    assert server.requests == []


def test_a_file_of_pages_that_is_gone_is_named(pages: Path) -> None:
    """With what to do, not as a folder that cannot be read."""
    [file] = (pages / "pages").iterdir()
    file.unlink()
    with FakeVLMServer() as server, pytest.raises(GlyphMemoryError, match=f"{file.name}' is gone, damaged"):
        ask(pages, url=server.base_url)


def test_files_of_others_are_not_read(pages: Path) -> None:
    """What a file manager leaves, and tables of one's own, beside pages, answers and plans."""
    with FakeVLMServer(answer=say_pages) as server:
        ask(pages, url=server.base_url)
        for folder in ("documents", "pages", "answers", "asking/plans"):
            for name in (".DS_Store", "mine.parquet", "note.json"):
                (pages / folder / name).write_bytes(b"mine")
        report = ask(pages, ["How long is the plank dried?", "Who dried it?"], url=server.base_url)
    assert (report.answered, report.unchanged) == (2, 2)
    assert (pages / "answers/mine.parquet").read_bytes() == b"mine"


def test_a_run_that_was_killed_at_its_very_end_leaves_no_answer_twice(tmp_path: Path) -> None:
    """The next run drops what was replaced, though it asks nothing."""
    texts = make_texts(tmp_path / "texts", documents=2, sentences=5)
    pages = draw(texts, tmp_path / "pages")
    with FakeVLMServer(answer=say_pages) as server:
        ask(pages, url=server.base_url)
        (texts / "0001.md").write_text("Another text.")
        draw(texts, pages)
        with pytest.raises(KeyboardInterrupt):
            ask(pages, url=server.base_url, stop_after=9)
        report = ask(pages, url=server.base_url)
    assert (report.unchanged, report.requests) == (2, 0)
    assert [Path(row["document"]).name for row in read_answers(pages)] == ["0000.md", "0001.md"]


def test_a_folder_whose_name_is_misspelled_is_not_made(tmp_path: Path) -> None:
    """Else the next listing shows it as if it held something."""
    with FakeVLMServer() as server, pytest.raises(GlyphMemoryError, match="there are no pages in"):
        ask(tmp_path / "pagse", url=server.base_url)
    assert not (tmp_path / "pagse").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"pages": None}, "pages=None is no place"),
        ({"pages": ""}, "pages='' is no place"),
        ({"url": None}, "url=None is no text"),
        ({"url": [5]}, "url=5 is no text"),
        ({"question": {}}, "no question is given"),
        ({"question": b"Who?"}, "question=b'Who.' is no text"),
        ({"options": 3}, "options=3 are no AskOptions"),
        ({"extra_body": {"a": {1}}}, "extra_body has 'a', which cannot be written as JSON"),
        ({"extra_body": 5}, "extra_body is of type int"),
    ],
)
def test_what_cannot_be_asked_is_one_line(pages: Path, given: dict[str, Any], told: str) -> None:
    """Not an error of a library's, and nothing is asked."""
    with FakeVLMServer() as server:
        fields: dict[str, Any] = {"pages": pages, "question": "Who?", "url": server.base_url, **given}
        with pytest.raises(DocumentError, match=told), open_questions(**fields):
            pass
    assert server.requests == []
