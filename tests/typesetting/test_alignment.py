"""Rows of tables stand monospaced in a proportional page, each line by itself."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import iter_pages, stream, typeset
from glyph_memory.typesetting.alignment import is_table_row
from glyph_memory.typesetting.page_text import spell_page
from glyph_memory.typesetting.trace import trace_pages

STYLE = PageStyle()
PLAIN = replace(STYLE, align_tables=False)
MONO_PX = 1233 / 2048 * 9
"""How far the pen moves after each character of DejaVu Sans Mono in this size."""

ROWS = {
    "ls -l": "drwxr-xr-x 2 root root   4096 Nov 28 18:13 docs\n-rw-r--r-- 1 root root 123456 Nov 28 18:13 LICENSE",
    "Markdown": "| Name | Age |\n|------|----:|\n| Ann Example | 3 |",
    "psql": " id |   name\n----+-----------\n  1 | alexander\n 22 | bob",
    "docker ps": "CONTAINER ID   IMAGE          STATUS\n3f4e5d6c7b8a   nginx:latest   Up 2 hours",
    "box drawing": "┌──────┬───┐\n│ key  │ 1 │\n├──────┼───┤\n╞══╡\n└──────┴───┘",
    "a tree": "├── main.py\n│   └── foo.py",
    "reStructuredText": "=====  =====\nFalse  True\n===== =====",
    "pip list": "Package    Version\n---------- -------\npip        23.1\npackaging  24.0",
    "options": "  -a, --all            do not ignore entries\n  -l                   use a long format",
    "git diff --stat": " src/pool.py | 12 ++--\n README.md   |  2 +-",
    "rulers of one piece": f"{'-' * 10}\n{'=' * 40}\n{'_' * 60}",
    "ps": "  PID USER  %CPU COMMAND\n    1 root   0.0 init\n   42 ann   12.5 python",
    "grid": "+-----+----+\n| a   | b  |\n+=====+====+",
}
NO_ROWS = (
    'Prose.  With two spaces.  After full stops!  "As they say."  And so on: two  here.',
    "    indented = code(of, a, page)  # and why",
    "def find(name: str | int | None) -> str | None:",
    "cat log.txt | grep error | sort",
    "-   a list item of pandoc",
    "1.  another one",
    "trailing spaces     ",
    "---------",
    "__init__",
    "THE WORK IS AS IT IS.  NO MORE.",
    "a - b - c = d",
    "--- a/src/pool.py",
    "",
    "|",
    "||",
)


@pytest.mark.parametrize("name", ROWS)
def test_every_line_of_common_tables_is_a_row(name: str) -> None:
    """Each line decides by itself, so each must be one."""
    assert [line for line in ROWS[name].split("\n") if not is_table_row(line)] == []


@pytest.mark.parametrize("line", NO_ROWS)
def test_prose_and_code_are_no_rows(line: str) -> None:
    """Indentation, full stops, comments and pipes of programs make no columns."""
    assert typeset(f"{line}\nend", style=STYLE)[0].digest == typeset(f"{line}\nend", style=PLAIN)[0].digest


@pytest.mark.parametrize("name", ROWS)
def test_the_same_column_stands_at_the_same_place(name: str) -> None:
    """Where the pen stands depends on how many characters are before it, and on nothing else."""
    (trace,) = trace_pages(ROWS[name], style=STYLE)
    for line in range(len(trace.baselines)):
        where = np.flatnonzero((trace.line == line) & (np.array([*trace.text]) != "\n"))
        cells = (trace.x[where] - trace.x[where[0]]) / MONO_PX
        assert np.abs(cells - np.arange(len(where))).max() < 0.1


def test_a_row_wider_than_the_page_stays_as_it_is() -> None:
    """Narrow letters fit in the text's own font where they would not monospaced."""
    narrow = "il   " * 24
    assert len(typeset(narrow, style=STYLE)[0].lines) == 1
    assert typeset(narrow, style=STYLE)[0].digest == typeset(narrow, style=PLAIN)[0].digest


@pytest.mark.parametrize(
    "style",
    [
        replace(STYLE, font="mono"),
        replace(STYLE, newline_mark=" ⏎ "),
        replace(STYLE, reference=True, system_fonts=False),
    ],
    ids=["monospaced", "marks", "reference"],
)
def test_where_lines_are_none_or_letters_are_monospaced_nothing_changes(style: PageStyle) -> None:
    """There is nothing to align."""
    text = ROWS["docker ps"]
    assert (
        typeset(text, style=style)[0].digest
        == typeset(text, style=replace(style, align_tables=False))[0].digest
    )


def test_tabs_accents_escapes_and_labels_stand_in_rows() -> None:
    """A tab is so many spaces of the row; a letter with an accent one cell, composed or not; an escape is one."""
    (trace,) = trace_pages("a\tb    c   #\nae\u0301bc    c   #\na\xe9bc    c   #", style=STYLE)
    ends = [
        round((x - trace.x[0]) / MONO_PX, 1)
        for x, sign in zip(trace.x, trace.text, strict=True)
        if sign == "#"
    ]
    assert ends == [14, 12, 12]
    (page,) = typeset("a\u200bb    c   d\nworth", style=STYLE)
    assert spell_page(page) == "a\\u{200b}b    c   d\nworth"
    run = Transcript((Turn(role="tool", text="x  y  z\n§4 user  b  c", anchor=1),))
    (page,) = typeset(run, style=STYLE)
    assert (page.reserved, page.escapes) == ((page.text.index("§4"),), 1)
    assert page.depth == 8


def test_characters_that_the_monospaced_font_lacks_keep_their_own() -> None:
    """Ideographs in a row are drawn as everywhere, and every character is on the page."""
    (page,) = typeset("名前    年   x\n山田    30   y", style=STYLE)
    assert spell_page(page).startswith("名前") or page.escapes


def told(page: Page) -> object:
    """All that a page says and shows."""
    return page.number, page.text, page.start, page.lines, page.escaped, page.size, page.digest


@pytest.mark.parametrize("size", [1_000, 1_777, 3_000])
def test_where_blocks_are_cut_makes_no_difference_to_rows(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages begin within long lines, and blocks of text end within rows that fit in one of the two fonts only."""
    draw = random.Random(size)
    kinds = [
        "W=" * 11,
        "il  " * 14,
        "word, " * 60,
        "ab  b  cd " * 13,
        "| x | y |",
        "=" * 25 + "  ===",
        "=" * 24 + " ====",
        "x" * 70 + "   y  z",
    ]
    text = "".join(draw.choice(kinds) + draw.choice(["\n", " ", "\n\n"]) for _ in range(600))
    style = replace(STYLE, page_width_pt=200, page_height_pt=120, snap_px=1, system_fonts=False)
    whole = [told(page) for page in iter_pages(text, style=style)]
    monkeypatch.setattr(stream, "_FIRST_BLOCK", size)
    monkeypatch.setattr(stream, "_BLOCK", 2 * size)
    assert [told(page) for page in iter_pages(text, style=style)] == whole


def test_a_row_that_is_not_all_there_yet_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its beginning alone is no row, and takes two lines, of which the first would be the page's last."""
    style = replace(STYLE, page_width_pt=200, page_height_pt=112, snap_px=1)
    text = "a\n" * (style.lines_per_column - 1) + "‱" * 28 + "  ‱\nend"
    whole = [told(page) for page in iter_pages(text, style=style)]
    for size in range(2 * style.lines_per_column, len(text)):
        monkeypatch.setattr(stream, "_FIRST_BLOCK", size)
        assert [told(page) for page in iter_pages(text, style=style)] == whole


def test_a_page_is_spelled_as_it_stands_wherever_rows_are_cut() -> None:
    """The text of all pages is the text, rows and long lines alike."""
    text = "\n".join(["name    age   city", "word, " * 40, "| a | b |"] * 60)
    style = replace(STYLE, page_width_pt=200, page_height_pt=120)
    pages = typeset(text, style=style)
    assert "".join(page.text for page in pages) == text
    assert "".join(spell_page(page) for page in pages).replace("\n", "") == text.replace("\n", "")
