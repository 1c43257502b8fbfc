"""Commands take documents of any format, folders of them, and say what was left out or guessed."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyph_memory.cli.commands.page_output import PageOutput, Places, ways_table
from glyph_memory.cli.terminal import console
from glyph_memory.documents import Builder, Document, DocumentPage, draw_pages
from glyph_memory.documents import Run as Inline
from glyph_memory.report import Plate, Section, Tally, report_html
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import typeset
from tests.documents.bulk_helpers import make_folder, read_lines

if TYPE_CHECKING:
    from tests.cli.conftest import Run

CODE = "def add(a, b):\n    return a + b\n\n\n" * 40


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Return a folder of texts."""
    return make_folder(tmp_path / "texts", documents=3)


def test_a_folder_has_a_row_for_each_document(run: Run, texts: Path) -> None:
    """By its path, as names in folders repeat."""
    printed = run("pages", texts, "--json").json
    assert [text["text"] for text in printed["texts"]] == [str(path) for path in sorted(texts.iterdir())]
    assert printed["failures"] == []


def test_a_file_of_a_folder_that_fails_does_not_stop_the_others(run: Run, texts: Path) -> None:
    """It is told at the end, with exit code 1; a file that was named itself stops the command."""
    (texts / "01.txt").write_bytes(b"SQLite format 3\x00")
    result = run("pages", texts)
    assert result.code == 1
    assert "00.txt" in result.out
    assert "02.txt" in result.out
    assert result.err.splitlines()[-1] == "error: 1 document could not be drawn, 2 others could"
    assert "an SQLite database" in run("pages", texts / "00.txt", texts / "01.txt").error


def test_ask_and_tokens_leave_out_what_fails_in_a_folder(run: Run, texts: Path, tmp_path: Path) -> None:
    """With a warning; one document costs what it costs alone."""
    (texts / "01.txt").write_bytes(b"SQLite format 3\x00")
    result = run("tokens", texts, "--profile", "glyph", "--json")
    assert result.json["characters"] == sum(len((texts / name).read_text()) for name in ("00.txt", "02.txt"))
    assert "left out" in result.err
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "x.db").write_bytes(b"SQLite format 3\x00")
    assert run("tokens", tmp_path / "none").err.splitlines()[-1] == "error: none of the documents can be read"


def test_a_limit_on_pages_says_what_is_left_out(run: Run, notes: Path) -> None:
    """In one line of warning, and in the JSON."""
    result = run("pages", notes, "--style", "glyph", "--max-pages", 1)
    text, page = notes.read_text(), typeset(notes.read_text())[0]
    left = f"{len(text) - len(page.text):,} characters after the first page"
    assert left in result.err
    assert len(result.err.splitlines()) == 1
    printed = run("pages", notes, "--style", "glyph", "--max-pages", 1, "--json").json
    assert (printed["total"]["pages"], printed["defects"][0]["kind"]) == (1, "left out")
    assert left in printed["defects"][0]["message"]


def test_a_pipe_is_not_read_to_its_end(run: Run) -> None:
    """It may have none."""
    result = run("pages", "--max-pages", 1, stdin=b"The canary was calm.\n" * 200_000)
    assert "nor read to its end" in result.err


def test_a_guessed_encoding_is_told(run: Run, tmp_path: Path) -> None:
    """By the way, and in the JSON."""
    path = tmp_path / "old.txt"
    path.write_bytes("Grüße aus München, wo es schön ist.\n".encode("cp1252") * 20)
    result = run("pages", path)
    assert result.code == 0
    assert "old.txt: " in result.err
    assert not result.err.startswith("warning: ")
    (defect,) = run("pages", path, "--json").json["defects"]
    assert (defect["kind"], defect["text"]) == ("guessed", "old.txt")
    assert run("pages", path, "--encoding", "cp1252").err == ""


def test_a_budget_chooses_the_style(run: Run, notes: Path) -> None:
    """The sharpest that fits, by name; or what would fit."""
    total = run("pages", notes, "--fit", 2_000, "--json").json["total"]
    assert total["page_tokens"] <= 2_000
    assert "dpi" in total["style"]
    assert "Fits 2,000 tokens in this style" in run("pages", notes, "--fit", 2_000).out
    assert "characters the first" in run("pages", notes, "--fit", 500).error


def test_code_has_line_numbers_where_they_are_asked_for(run: Run, tmp_path: Path) -> None:
    """And stands letter for letter as text where structure is not wanted."""
    path = tmp_path / "add.py"
    path.write_text(CODE)

    def tokens(*options: str) -> int:
        count: int = run("pages", path, "--json", *options).json["total"]["page_tokens"]
        return count

    assert tokens("--line-numbers") > tokens()
    profile = ModelProfile.from_name("glyph")
    assert tokens("--raw") == profile.pages_tokens(page.size for page in typeset(CODE, style="auto"))


def test_terminal_escapes_are_kept_where_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    """Else they go, and that is told."""
    path = tmp_path / "build.log"
    path.write_text("\x1b[1;31mfailed\x1b[0m\n")
    assert "11 characters of terminal escapes are taken out" in run("pages", path).err
    kept = run("pages", path, "--keep-escapes", "--json")
    assert "taken out" not in kept.err
    assert kept.json["total"]["escapes"] == 2


def test_a_password_is_asked_for_at_a_terminal_alone(run: Run, notes: Path) -> None:
    """Elsewhere the variable holds it."""
    assert "set GLYPH_MEMORY_PASSWORD instead" in run("pages", notes, "--password", "-").error


def test_an_address_of_a_private_network_is_refused(run: Run) -> None:
    """Unless its host is allowed by name."""
    assert "name it: --allow-host '127.0.0.1'" in run("pages", "http://127.0.0.1:9/a.txt").error


def test_what_can_be_done_is_told_in_options(run: Run, tmp_path: Path) -> None:
    """Not in Python: in errors and in notes."""
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 9)
    assert run("pages", tmp_path / "a.bin").error.endswith("name its encoding, as in --encoding 'cp1252'")
    (tmp_path / "b.txt").write_bytes("größer, süßer ".encode("cp1250") * 9)
    assert "as in --encoding 'cp1252'" in run("pages", tmp_path / "b.txt").err
    assert "--pages 'x' is no list of pages" in run("pages", tmp_path / "b.txt", "--pages", "x").error


def test_tokens_of_ways_are_those_of_the_total(
    run: Run, locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a model that prices pages together, too, and of a page that is alone."""
    monkeypatch.setenv("GLYPH_MEMORY_PASSWORD", "open sesame")
    for pages in ("1-2", "1"):
        asked = ("--profile", "llava-onevision", "--way", "native", "--pages", pages, "--json")
        told = run("pages", locked, *asked).json
        assert sum(page["tokens"] for page in told["ways"]) == told["total"]["page_tokens"]


def test_a_folder_without_documents_is_told(run: Run, tmp_path: Path) -> None:
    """In one line."""
    (tmp_path / "empty").mkdir()
    for command in (["pages"], ["tokens"]):
        assert "there is no document in the folder" in run(*command, tmp_path / "empty").error


def draw_native(number: int, *, other_tokens: int | None = 900) -> DocumentPage:
    """Return a page as of a PDF."""
    (page,) = draw_pages(Document(text="A scan."), first_page=number)
    return dataclasses.replace(page, way="native", reason="it has no text", other_tokens=other_tokens)


def test_ways_that_were_chosen_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Alike ones in one row, with the reason and tokens of both."""
    output = PageOutput(places=Places())
    for number in (1, 2, 3):
        output.add(draw_native(number), "scan.pdf")
    output.add(dataclasses.replace(draw_native(4), way="reflow", reason="its text is dense"), "scan.pdf")
    console().print(ways_table(output.choices))
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    tokens = output.choices[0].tokens
    assert rows == [
        ["1–3", "native", f"{3 * tokens}", "2,700", "it", "has", "no", "text"],
        ["4", "reflow", f"{tokens}", "900", "its", "text", "is", "dense"],
    ]
    assert output.choices[3].to_json() == {
        "page": 4,
        "text": "scan.pdf",
        "way": "reflow",
        "reason": "its text is dense",
        "tokens": tokens,
        "other_tokens": 900,
        "source": "",
    }


def test_the_report_has_links_and_reasons(tmp_path: Path) -> None:
    """Only addresses of the web can be followed; a script is text."""
    builder = Builder(title="links")
    builder.set_location(page=7)
    web, script = "https://example.com/?a=1&b=<2>", "javascript:alert(1)"
    builder.add_paragraph(
        [
            Inline("here", kinds=("link",), target=web),
            Inline(" and "),
            Inline("there", kinds=("link",), target=script),
        ]
    )
    (page,) = draw_pages(builder.build())
    output = PageOutput(places=Places(report=tmp_path / "report.html"))
    output.add(dataclasses.replace(page, reason="its text is dense", other_tokens=900), "links")
    (plate,) = output.pop_plates()
    tally = Tally(profile=ModelProfile.from_name("glyph"), style="glyph")
    list(tally.watch([page]))
    html = "".join(report_html("links", [Section(title="links", figures=tally.figures(), plates=[plate])]))
    assert '<a href="https://example.com/?a=1&amp;b=&lt;2&gt;"' in html
    assert "<li>javascript:alert(1)</li>" in html
    assert "from page 7 · reflow, its text is dense" in html
    assert "900 the other way" in html


def test_plain_text_looks_the_same_in_a_report(notes: Path) -> None:
    """A plate of it has neither notes nor links."""
    plate = Plate.of(typeset(notes.read_text())[0])
    assert (plate.notes, plate.links) == ((), ())


@pytest.mark.parametrize("name", ["two\nlines.txt", "\x1b[31mred.txt", "caf\udce9.txt"])
def test_odd_names_in_folders_are_escaped(run: Run, tmp_path: Path, name: str) -> None:
    """In tables and warnings alike."""
    folder = tmp_path / "odd"
    folder.mkdir()
    Path(os.fsencode(folder / name).decode(errors="surrogateescape")).write_bytes(b"\xfcber " * 30)
    result = run("pages", folder)
    assert result.code == 0
    assert "\x1b" not in result.out + result.err
    assert "two\n" not in result.out + result.err


def test_pages_of_what_has_none_are_warned_about(run: Run, notes: Path) -> None:
    """All of it is drawn."""
    result = run("pages", notes, "--pages", "2-3")
    assert result.code == 0
    assert "it has no pages or slides of its own" in result.err


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """Return a PDF of two pages with a password."""
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    path = tmp_path / "locked.pdf"
    pdf = canvas.Canvas(str(path), encrypt="open sesame")
    for number in (1, 2):
        pdf.drawString(80, 700, f"This is page {number}; it is about oak number {number}.")
        pdf.showPage()
    pdf.save()
    return path


def test_a_pdf_is_drawn_its_way(run: Run, locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As was asked for; what is only typeset is not looked at. The password comes from the environment."""
    assert "is encrypted; give its password, as in --password '…'" in run("pages", locked).error
    monkeypatch.setenv("GLYPH_MEMORY_PASSWORD", "open sesame")
    native = run("pages", locked, "--way", "native", "--json").json["ways"]
    assert [(page["way"], page["source"]) for page in native] == [("native", "page 1"), ("native", "page 2")]
    (reflow,) = run("pages", locked, "--way", "reflow", "--pages", "2", "--json").json["ways"]
    assert (reflow["way"], reflow["source"]) == ("reflow", "page 2")
    assert reflow["other_tokens"] is None
    assert "reflow" in run("pages", locked).out


def test_a_bulk_run_reads_pdfs_in_processes(
    run: Run, locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the password, which is not written anywhere."""
    monkeypatch.setenv("GLYPH_MEMORY_PASSWORD", "open sesame")
    out = tmp_path / "out"
    assert run("pages", locked, "--jobs", 1, "--out", out, "--json").json["failures"] == []
    rows = read_lines(out / "index.jsonl")
    assert {row["source_page"] for row in rows} <= {1, 2}
    assert "oak number 2" in "".join(row["text"] for row in rows)
    assert not any(b"sesame" in path.read_bytes() for path in out.rglob("*") if path.is_file())


def test_the_nano_reader_sees_tables_as_plain_text(run: Run, tmp_path: Path) -> None:
    """It does not know rules between cells: with them it would find nothing."""
    path = tmp_path / "prices.csv"
    path.write_text("item,EUR\n" + "".join(f"plank {n},{n * n}\n" for n in range(30)))
    assert "plank 17" in run("ask", path, "plank 17").out
    assert "289" in run("ask", path, "plank 17").out
