"""`glyph-memory pages` turns any text into pictures, or says in one line why it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from glyph_memory.page import pixel_digest
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import typeset

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def picture(path: Path) -> Image.Image:
    """Read a picture, and close its file."""
    with Image.open(path) as image:
        image.load()
        return image


def test_pages_are_written_as_they_are_typeset(run: Run, notes: Path, tmp_path: Path) -> None:
    """`--out` holds page after page, pixel for pixel what `typeset` gives."""
    assert run("pages", notes, "--out", tmp_path / "out").code == 0
    written = sorted((tmp_path / "out").iterdir())
    pages = typeset(notes.read_text(), style="auto")
    assert [path.name for path in written] == [f"page-{page.number:04d}.png" for page in pages]
    assert [pixel_digest(picture(path)) for path in written] == [page.digest for page in pages]


def test_figures_are_printed_for_people(run: Run, notes: Path) -> None:
    """A row for the text, how it was counted, and that nothing was written."""
    result = run("pages", notes)
    assert "notes.txt" in result.out
    assert "×" in result.out
    assert "Text tokens:" in result.out
    assert "Nothing was written" in result.out
    assert result.err == ""


def test_figures_are_printed_for_programs(run: Run, notes: Path, tmp_path: Path) -> None:
    """`--json` prints JSON and nothing else."""
    printed = run("pages", notes, "--json", "--sheet", tmp_path / "sheet.png").json
    assert printed["total"]["pages"] == len(typeset(notes.read_text()))
    assert printed["texts"] == [{"text": "notes.txt"} | printed["total"]]
    assert printed["written"] == {"sheet": str(tmp_path / "sheet.png")}
    assert printed["warnings"] == []
    assert sum(printed["total"]["layouts"].values()) == printed["total"]["pages"]


def test_the_layout_is_told(run: Run, tmp_path: Path) -> None:
    """Of each text, as the default style chooses it."""
    (tmp_path / "short.txt").write_text("a line\n" * 2000)
    (tmp_path / "prose.txt").write_text("many words " * 3000)
    files = (tmp_path / "short.txt", tmp_path / "prose.txt")
    short, prose = (one["layouts"] for one in run("pages", *files, "--json").json["texts"])
    assert (list(short), list(prose)) == (["marks"], ["lines"])
    printed = run("pages", *files).out
    assert "Layout: " in printed
    assert "marks (" in printed


def test_several_files_are_numbered_on(run: Run, notes: Path, tmp_path: Path) -> None:
    """Each begins a page of its own; a last row adds them up."""
    result = run("pages", notes, notes, "--out", tmp_path / "out", "--json").json
    one, two = result["texts"]
    assert result["total"]["pages"] == one["pages"] + two["pages"] == len(list((tmp_path / "out").iterdir()))
    assert result["total"]["page_tokens"] == one["page_tokens"] + two["page_tokens"]
    assert "together" in run("pages", notes, notes).out


@pytest.mark.parametrize("arguments", [["-"], []])
def test_text_may_come_through_a_pipe(run: Run, arguments: list[str]) -> None:
    """Named as a dash, or when nothing is named."""
    result = run("pages", *arguments, "--json", stdin="Grüße\n".encode())
    assert result.json["total"]["characters"] == 6
    assert result.json["texts"][0]["text"] == "standard input"


def test_a_report_and_a_sheet_are_written(run: Run, notes: Path, tmp_path: Path) -> None:
    """Folders are made on the way; no half file is left behind."""
    place = tmp_path / "deep" / "down"
    run("pages", notes, "--report", place / "report.html", "--sheet", place / "sheet.png")
    assert sorted(path.name for path in place.iterdir()) == ["report.html", "sheet.png"]
    assert (place / "report.html").read_text().startswith("<!doctype html>")
    assert picture(place / "sheet.png").width > 100


def test_pages_get_sides_that_the_model_does_not_rescale(run: Run, notes: Path, tmp_path: Path) -> None:
    """Qwen3-VL wants multiples of 32, Glyph of 28."""
    for profile, grid in (("Qwen/Qwen3-VL-8B-Instruct", 32), ("glyph", 28)):
        run("pages", notes, "--profile", profile, "--out", tmp_path / profile)
        sizes = [picture(path).size for path in (tmp_path / profile).iterdir()]
        assert all(side % grid == 0 for size in sizes for side in size)


@pytest.mark.parametrize("style", ["glyph", "document", "web", "dark", "code", "pixel"])
def test_every_style_can_be_named(run: Run, style: str) -> None:
    """The presets of `PageStyle`."""
    assert run("pages", "--style", style, "--json", stdin=b"Hello.").json["total"]["style"] == style


def test_a_glyph_configuration_is_taken_as_it_is(run: Run, tmp_path: Path) -> None:
    """Neither snapped nor cropped where it does not say so."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"page-size": "400,300", "dpi": 72, "font-size": 9, "line-height": 10}))
    run("pages", "--style", config, "--out", tmp_path / "out", stdin=b"Hello.")
    assert picture(tmp_path / "out" / "page-0001.png").size == (400, 300)


def test_looks_can_be_changed(run: Run, notes: Path, tmp_path: Path) -> None:
    """Larger letters and more pixels take more tokens; a font that is none is told."""

    def tokens(*options: object) -> int:
        total: int = run("pages", notes, "--json", *options).json["total"]["page_tokens"]
        return total

    plain = tokens()
    assert tokens("--size", 12) > plain
    assert tokens("--dpi", 96) > plain
    assert tokens("--font", "mono") > plain
    font = tmp_path / "broken.ttf"
    font.write_bytes(b"no font")
    assert str(font) in run("pages", notes, "--font", font).error


def test_dense_pages_are_fewer(run: Run) -> None:
    """Lines run together where they leave the page half empty."""
    code = (
        b"def main():\n    return 0\n\n\n# A comment that is as wide as lines of code are allowed to be.\n"
        * 200
    )
    loose, dense = (
        run("pages", "--json", "--style", "glyph", *options, stdin=code).json for options in ([], ["--dense"])
    )
    assert dense["total"]["page_tokens"] < 0.5 * loose["total"]["page_tokens"]
    assert dense["total"]["style"] == "glyph, dense"


def test_what_cannot_be_drawn_is_counted(run: Run) -> None:
    """Controls, NUL bytes, characters without a font: numbers on the page, with a reason in the figures."""
    total = run("pages", "--json", stdin="a\x00b\x07c\u200bd\U000f0000".encode()).json
    assert {(entry["codepoint"], entry["reason"]) for entry in total["total"]["escaped"]} == {
        ("U+0000", "control"),
        ("U+0007", "control"),
        ("U+200B", "invisible"),
        ("U+F0000", "no font"),
    }
    assert "install a font" in total["warnings"][0]


def test_a_text_that_breaks_a_limit_is_warned_about(run: Run, notes: Path) -> None:
    """SmolVLM's window is small; the pages are written all the same."""
    notes.write_text(notes.read_text() * 6)
    result = run("pages", notes, "--profile", "smolvlm-256m")
    assert result.code == 0
    assert "window of 8,192" in result.err
    assert result.err.startswith("warning: ")
    assert len(result.err.splitlines()) == 1


def test_pages_of_an_earlier_run_are_mentioned(run: Run, notes: Path, tmp_path: Path) -> None:
    """Whoever reads the folder would take them for pages of this text."""
    run("pages", notes, "--out", tmp_path / "out")
    assert "earlier run, from page-0002.png on" in run("pages", "--out", tmp_path / "out", stdin=b"short").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.txt"], "there is no file 'nowhere.txt'"),
        (["-", "--way", "upwards"], "--way 'upwards' is none of auto, reflow, native"),
        (["-", "--pages", "9-3"], "--pages '9-3'"),
        (["-", "--jobs", "2"], "name one with --out"),
        (["-", "--index", "csv", "--out", "out"], "--index 'csv' is none of jsonl, parquet"),
        (["-", "--fit", "30", "--out", "out", "--jobs", "2"], "--fit is for single documents"),
        (["-", "--style", "fancy"], "no page style and no file 'fancy'"),
        (["-", "--profile", "no-such-model"], "no model profile 'no-such-model'"),
        (["-", "--tokenizer", "nowhere.json"], "no tokenizer at 'nowhere.json'"),
        (["-", "--encoding", "klingon"], "no text encoding is named 'klingon'"),
        (["-", "--size", "-1"], "font_size_pt"),
        (["-", "--dpi", "0"], "dpi"),
        (["-", "--dpi", "nan"], "dpi"),
        (["-", "--font", "nowhere.ttf"], "nowhere.ttf"),
        (["-", "--out", "/dev/null/pages"], "cannot write '/dev/null/pages/page-0001.png'"),
        (["-", "--report", "/"], "cannot write '/'"),
    ],
)
def test_mistakes_are_told_in_one_line(run: Run, arguments: list[str], said: str) -> None:
    """Exit code 1, `error: …`, no traceback."""
    assert said in run("pages", *arguments, stdin=b"text").error


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "standard input is empty"),
        (b"%!PS-Adobe-3.0", "is PostScript, not text"),
        (b"%PDF-1.7\n\xe2\xe3", "is a PDF that cannot be read"),
    ],
)
def test_what_is_no_text_is_told_in_one_line(run: Run, content: bytes, said: str) -> None:
    """With what to do instead."""
    assert said in run("pages", stdin=content).error


def test_what_breaks_a_named_encoding_is_told_in_one_line(run: Run) -> None:
    """With the place and what to try."""
    error = run("pages", "--encoding", "utf-8", stdin=b"ok\nGr\xfc\xdfe").error
    assert "byte 0xfc at offset 5 (line 2) breaks it; try --encoding cp1252" in error


def test_a_failure_leaves_nothing_half_written(run: Run, tmp_path: Path) -> None:
    """A report of a text that breaks in the middle does not appear, and no part of it stays."""
    text = tmp_path / "text.txt"
    text.write_bytes(b"Line.\n" * 50_000 + b"\xff")
    failed = run("pages", text, "--encoding", "utf-8", "--report", tmp_path / "report.html")
    assert "offset 300000" in failed.error
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]


def test_a_name_of_several_lines_stays_on_one(run: Run, tmp_path: Path) -> None:
    """Names are quoted in errors and made visible in tables."""
    assert "\\n" in run("pages", tmp_path / "two\nlines").error
    odd = tmp_path / "\x1b[31mred.txt"
    odd.write_text("Hello.")
    assert "\x1b" not in run("pages", odd).out


def test_a_long_line_is_broken(run: Run) -> None:
    """Five megabytes without a line break or a space."""
    total = run("pages", "--json", stdin=b"0123456789abcdef" * 327_680).json["total"]
    assert total["characters"] == 5_242_880
    assert total["pages"] > 400


def test_a_named_pipe_can_be_written_to(run: Run, tmp_path: Path) -> None:
    """`--sheet /dev/stdout` goes where it says instead of replacing the device."""
    assert run("pages", "--sheet", "/dev/null", stdin=b"Hello.").code == 0
    assert not Path("/dev/null").is_file()


def test_the_default_style_is_the_one_that_fits_the_text() -> None:
    """The command line's default is the library's."""
    from glyph_memory.cli.look import Look
    from glyph_memory.tokens import ModelProfile

    assert Look().build_style(ModelProfile.from_name("glyph")) == PageStyle.auto()


def test_what_would_let_escaped_characters_stand_is_said() -> None:
    """A font for Chinese by its package's name, another font, HarfBuzz; not a word where nothing would help."""
    from glyph_memory.cli.font_hints import hints
    from glyph_memory.page import Escape

    chinese = Escape(character="中", count=2, reason="no font")
    arabic = Escape(character="م", count=1, reason="needs shaping")
    bell = Escape(character="\x07", count=1, reason="control")
    (font,) = hints([chinese, bell])
    assert font.startswith("2 characters (中)")
    assert "apt install fonts-noto-cjk" in font
    (other,) = hints([Escape(character="🧿", count=1, reason="no font")])
    assert "noto" not in other
    (harfbuzz,) = hints([arabic])
    assert "glyph-memory[shaping]" in harfbuzz
    assert list(hints([bell])) == []


def test_letters_that_the_model_cannot_read_are_told(run: Run, notes: Path) -> None:
    """Once, on one line, whether they are drawn so small or shrunk; where they can be read nothing is said."""
    assert run("pages", notes).err == ""
    small = run("pages", notes, "--size", 3).err
    shrunk = run("pages", notes, "--profile", "deepseek-ocr-tiny").err
    assert small.startswith("warning: letters of 3 px are too small to read: 8 px or more are legible.")
    assert shrunk.startswith("warning: 'deepseek-ocr-tiny' shrinks pages of 595 × 842 px until")
    assert len(small.splitlines()) == len(shrunk.splitlines()) == 1


@pytest.mark.parametrize(
    ("characters", "packages"),
    [
        ("ก", "fonts-noto-core for Thai (or fonts-thai-tlwg, which is smaller)"),
        ("ကাத", "fonts-noto-core for Burmese, Bengali, Tamil"),
        ("한あ中", "fonts-noto-cjk for Chinese, Japanese and Korean"),
        ("🦥", "fonts-symbola for emoji and signs"),
        ("ꦀԱაᎠꦁሀ", "fonts-noto-core for Javanese, Armenian, Georgian, Cherokee, …"),
    ],
)
def test_a_hint_names_the_package_of_a_script(characters: str, packages: str) -> None:
    """Debian's; none for characters that belong to nobody."""
    from glyph_memory.cli.font_hints import hints
    from glyph_memory.page import Escape

    (hint,) = hints([Escape(character=one, count=1, reason="no font") for one in characters])
    assert f"on Debian, apt install {packages}" in hint
    assert "--fallback-font FILE" in hint
    (nobody,) = hints([Escape(character="\ue000", count=1, reason="no font")])
    assert "apt" not in nobody


def test_a_fallback_font_draws_what_the_first_one_lacks(run: Run, tmp_path: Path) -> None:
    """Given once or several times, it is named with the style; one that is none is an error at once."""
    text = tmp_path / "text.txt"
    text.write_text("plain")
    told = run("pages", text, "--fallback-font", "mono", "--fallback-font", "sans", "--json").json
    assert "then mono, then sans" in told["total"]["style"]
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    assert str(broken) in run("pages", text, "--fallback-font", broken).error
