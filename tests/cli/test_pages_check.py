"""`glyph-memory pages --check` says which characters came back wrong, and changes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from glyph_memory.cli.commands.check_view import compare_line, percent, share
from glyph_memory.evaluate import LineErrors
from glyph_memory.nano import transcribe
from glyph_memory.style import PageStyle
from glyph_memory.typesetting import fit_style, typeset
from tests.evaluate.fakes import reading

if TYPE_CHECKING:
    from tests.cli.conftest import Run

TEXT = "Commit 5c2a3ce9d81f is well.\nA line that was read right.\nAll calls are well.\n"
Misread = Callable[[Callable[[str], str]], None]


@pytest.fixture
def misread(monkeypatch: pytest.MonkeyPatch) -> Misread:
    """Put a reader in the embedded one's place that knows this page and makes a mistake."""

    def put(mistake: Callable[[str], str]) -> None:
        style = fit_style(PageStyle.auto(), TEXT)
        monkeypatch.setattr(transcribe, "transcribe", reading(typeset(TEXT, style=style), style, mistake))

    return put


def test_the_worst_lines_are_shown_with_their_differences_marked(run: Run, misread: Misread) -> None:
    """In place, under the characters; nothing went wrong with the command."""
    misread(lambda text: text.replace("ll", "l1"))
    result = run("pages", "--check", stdin=TEXT.encode())
    assert result.code == 0
    lines = result.out.splitlines()
    at = lines.index("page 1, line 3: 3 edits")
    assert [line.rstrip() for line in lines[at + 1 : at + 4]] == [
        "  drawn All calls are well.",
        "  read  Al1 cal1s are wel1.",
        "          ^    ^         ^",
    ]
    assert "page 1, line 1: 1 edit" in lines[at + 4 :]
    assert "Read back by the nano reader: 4 edits on 76 characters, 5.26 %" in result.out
    assert "Confused most: l→1 4×" in result.out


def test_identifiers_that_came_back_as_others_are_named(run: Run, misread: Misread) -> None:
    """With what they were read as."""
    misread(lambda text: text.replace("5c2", "Sc2"))
    result = run("pages", "--check", stdin=TEXT.encode())
    assert "hash 5c2a3ce9d81f was read as Sc2a3ce9d81f, page 1" in result.out


def test_what_was_read_right_has_no_lines_to_show(run: Run, misread: Misread) -> None:
    """A table, and that nothing depends on it."""
    misread(str)
    result = run("pages", "--check", stdin=TEXT.encode())
    assert "0 edits on 76 characters, 0 %" in result.out
    assert "drawn " not in result.out.replace("drawn from the text", "")
    assert "A report, and no more" in result.out


def test_the_check_is_part_of_the_json(run: Run, misread: Misread) -> None:
    """Beside the figures; without the option it is not there."""
    misread(lambda text: text.replace("ll", "l1"))
    told = run("pages", "--check", "--json", stdin=TEXT.encode()).json
    assert told["check"]["edits"] == 4
    assert told["check"]["lines"][0]["said"] == "Al1 cal1s are wel1."
    assert "check" not in run("pages", "--json", stdin=TEXT.encode()).json


def test_pages_are_the_same_whatever_the_check_finds(run: Run, misread: Misread, tmp_path: Path) -> None:
    """Byte for byte."""
    misread(lambda text: text[::-1])
    written = []
    for folder, options in (("plain", []), ("checked", ["--check"])):
        assert run("pages", "--out", tmp_path / folder, *options, stdin=TEXT.encode()).code == 0
        written.append([path.read_bytes() for path in sorted((tmp_path / folder).iterdir())])
    assert written[0] == written[1]


def test_no_control_character_reaches_the_terminal(run: Run, misread: Misread) -> None:
    """Whatever a reader says."""
    misread(lambda text: text.replace("well", "w\x1b[31mell\u202e"))
    result = run("pages", "--check", stdin=TEXT.encode())
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out
    assert r"\u{1b}" in result.out


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        ("中文 is", "中交 ls"),
        ("abc", "abbc"),
        ("abbc", "abc"),
        ("x", "\x07"),
        ("", "ghost"),
        ("a" * 300 + "l", "a" * 300 + "1"),
    ],
)
def test_lines_beside_each_other_stay_aligned(truth: str, said: str) -> None:
    """Wide characters, missing ones, controls, more than the terminal holds: each sign stands under its difference."""
    line = LineErrors(page=1, line=1, truth=truth, said=said, edits=1)
    _, drawn, read, signs = compare_line(line, width=60).plain.split("\n")
    assert len({cell_len(drawn), cell_len(read), cell_len(signs)}) == 1
    assert cell_len(drawn) <= 60
    assert any(sign in signs for sign in "+-^")


def test_numbers_are_spelled_with_the_digits_that_count() -> None:
    """And all but one is not all."""
    assert [percent(rate) for rate in (0, 0.000123, 0.0159, 0.5, 1.04)] == [
        "0 %", "0.0123 %", "1.59 %", "50 %", "104 %",
    ]  # fmt: skip
    assert [share(*of) for of in ((2, 3), (99_999, 100_000), (5, 5), (0, 0))] == [
        "66.7 %",
        "99.9 %",
        "100 %",
        "–",
    ]
