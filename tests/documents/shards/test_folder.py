"""What an output folder is found with: files of others, of killed runs, damaged ones, and plans without end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.documents import ShardDrawer, ShardReport, draw_tree, open_shards
from glyph_memory.documents.bulk.report import list_failures
from glyph_memory.documents.shards.listing import list_sources
from glyph_memory.documents.shards.plan import DOCUMENTS, PAGES, PLANS
from glyph_memory.errors import DocumentError, GlyphMemoryError
from tests.documents.shards.helpers import make_texts, read_documents, read_pages


def draw(
    texts: Path, out: Path, *, stop_after: int | None = None, documents_per_shard: int = 2
) -> ShardReport:
    """Draw a folder; with `stop_after`, leave after so many shards, as one that is killed does."""
    with open_shards(texts, out, documents_per_shard=documents_per_shard) as run:
        drawer = ShardDrawer(*run.drawer)
        for shard in run.shards[:stop_after]:
            run.add(drawer.draw(shard))
        if stop_after is not None:
            raise KeyboardInterrupt
    return run.report()


def stop(texts: Path, out: Path, after: int) -> None:
    """Draw so many shards, and be killed."""
    with pytest.raises(KeyboardInterrupt):
        draw(texts, out, stop_after=after)


def name_documents(out: Path) -> list[str]:
    """Return the names of the rows' documents, without their folders."""
    return [Path(row["document"]).name for row in read_documents(out)]


def test_files_of_others_stay_and_are_not_read(tmp_path: Path) -> None:
    """A folder `pages` of one's own, what a file manager leaves: no run removes them, or stumbles over them."""
    texts, out = make_texts(tmp_path / "texts", documents=1), tmp_path / "out"
    others = [
        out / folder / name
        for folder in (PAGES, DOCUMENTS, PLANS)
        for name in (".DS_Store", "thesis.parquet", "note.json", "0001.txt")
    ]
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    draw(texts, out)
    (texts / "0000.md").write_text("Another text.")
    assert draw(texts, out).drawn == 1
    assert [path.read_bytes() for path in others] == [b"mine"] * len(others)


def test_after_plan_9999_comes_plan_10000(tmp_path: Path) -> None:
    """By number, not letter by letter: else the older pages of a document would replace the newer ones."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    draw(texts, out)
    for folder in (PAGES, DOCUMENTS, PLANS):
        for path in (out / folder).iterdir():
            path.rename(path.with_name(path.name.replace("0001-", "9999-", 1)))
    for text in ("A newer text.", "The newest text."):
        (texts / "0001.md").write_text(text)
        assert draw(texts, out).drawn == 1
        assert read_pages(out)[-1]["text"].strip() == text
    assert name_documents(out) == ["0000.md", "0001.md"]
    assert {path.name.partition("-")[0] for path in (out / PLANS).iterdir()} == {"9999", "10000", "10001"}


def test_what_changed_or_went_after_a_kill_is_no_failure(tmp_path: Path) -> None:
    """The plan of the killed run had it; the next one draws what is there now, and counts that alone."""
    texts, out = make_texts(tmp_path / "texts", documents=6), tmp_path / "out"
    stop(texts, out, 1)
    (texts / "0003.md").unlink()
    (texts / "0004.md").write_text("It changed meanwhile.")
    report = draw(texts, out)
    assert (report.total, report.drawn, report.unchanged, report.failures) == (5, 3, 2, ())
    assert name_documents(out) == ["0000.md", "0001.md", "0002.md", "0004.md", "0005.md"]
    assert draw(texts, out).unchanged == 5


def test_other_sources_leave_the_plan_of_a_killed_run_to_it(tmp_path: Path) -> None:
    """What is counted is what was named; the killed run's documents are drawn once they are named again."""
    one, other = make_texts(tmp_path / "one", documents=4), make_texts(tmp_path / "other", documents=3)
    out = tmp_path / "out"
    stop(one, out, 1)
    report = draw(other, out)
    assert (report.total, report.drawn) == (3, 3)
    report = draw(one, out)
    assert (report.total, report.drawn, report.unchanged) == (4, 2, 2)
    assert len(read_documents(out)) == 7


def test_a_run_that_was_killed_at_its_very_end_leaves_nothing_twice(tmp_path: Path) -> None:
    """All shards were drawn, but what they replace was not dropped; the next run does it, though it draws nothing."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    draw(texts, out)
    (texts / "0001.md").write_text("Another text.")
    stop(texts, out, 9)
    assert len(read_documents(out)) == 3
    assert draw(texts, out).unchanged == 2
    assert name_documents(out) == ["0000.md", "0001.md"]
    assert {row["document"] for row in read_pages(out)} == {row["document"] for row in read_documents(out)}


@pytest.mark.parametrize("damage", [b"", b"torn", None])
def test_a_damaged_file_of_pages_is_one_line_with_a_way_out(tmp_path: Path, damage: bytes | None) -> None:
    """It is named; once it and its list are removed, its documents are drawn again."""
    texts, out = make_texts(tmp_path / "texts", documents=2), tmp_path / "out"
    draw(texts, out)
    [pages] = (out / PAGES).iterdir()
    if damage is None:
        pages.unlink()
    else:
        pages.write_bytes(damage)
    (texts / "0001.md").write_text("Another text.")
    with pytest.raises(
        GlyphMemoryError, match=f"{pages.name}' is gone, damaged or no table of pages; remove"
    ):
        draw(texts, out)
    pages.unlink(missing_ok=True)
    (out / DOCUMENTS / pages.name).unlink()
    draw(texts, out)
    assert name_documents(out) == ["0000.md", "0001.md"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"out": None}, "out=None is no place"),
        ({"out": ""}, "out='' is no place"),
        ({"out": "\ud800"}, r"out='\\ud800' cannot be a path"),
        ({"sources": 5}, "sources=5 is no place"),
        ({"sources": [""]}, "sources='' is no place"),
        ({"way": "x"}, "way='x' is none of auto, reflow and native"),
        ({"options": 3}, "options=3 is no LoadOptions"),
        ({"look": 3}, "look=3 is no DocumentLook"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, given: dict[str, Any], told: str) -> None:
    """Before anything is written, not once for each document."""
    texts = make_texts(tmp_path / "texts", documents=1)
    fields: dict[str, Any] = {"sources": texts, "out": tmp_path / "out", **given}
    with pytest.raises(DocumentError, match=told), open_shards(**fields):
        pass
    assert not (tmp_path / "out").exists()


def test_two_documents_of_one_name_are_one_and_a_failure(tmp_path: Path) -> None:
    """A byte that is no character is written as text, and another file is called by that text: neither is lost."""
    texts, out = make_texts(tmp_path / "texts", documents=1), tmp_path / "out"
    (texts / r"a\xe9.md").write_text("Its name is four letters.")
    (texts / os.fsdecode(b"a\xe9.md")).write_text("Its name is a byte.")
    for drawn in (2, 0):
        report = draw(texts, out)
        assert (report.total, report.drawn) == (3, drawn)
        assert ["is the name of two sources" in one.message for one in report.failures] == [True]
    assert name_documents(out) == ["0000.md", r"a\xe9.md"]
    report = draw_tree(texts, tmp_path / "pages", jobs=0)
    assert (report.total, report.drawn, len(report.failures)) == (3, 2, 1)


def test_two_addresses_that_differ_in_a_secret_are_one_and_a_failure() -> None:
    """Its name shows no key."""
    listing = list_sources(["https://h.example/get?key=one", "https://h.example/get?key=two"])
    assert [one.path for one in listing.files] == ["https://h.example/get?key=one"]
    [fault] = listing.failed
    assert "'https://h.example/get?key=***' is the name of two sources" in str(fault.error)
    assert list_failures([fault])[0].source == "https://h.example/get?key=***"
