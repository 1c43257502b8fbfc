"""Terminal escapes are taken out as a terminal would, in bounded time, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.terminal_text import strip_terminal_escapes

KNOWN = {
    "colours": ("\x1b[1;31mred\x1b[0m", "red"),
    "colours in one character": ("\x9b1mbold\x9bm", "bold"),
    "a title": ("\x1b]0;build\x07ok", "ok"),
    "a link": ("\x1b]8;;https://a.example\x1b\\docs\x1b]8;;\x1b\\", "docs"),
    "a title that never ends": ("\x1b]0;build\nnext", "0;build\nnext"),
    "single sequences": ("\x1b(Bx\x1b=y\x1bcz\x1b", "xyz"),
    "an overstruck heading": ("N\bNA\bAM\bME\bE", "NAME"),
    "underlined": ("_\bf_\bi_\bl_\be f\b_", "file f"),
    "a spinner": ("work |\b/\b-\bdone", "work done"),
    "a progress bar": (" 10%|#  | 1/10\r100%|###| 10/10\nend", "100%|###| 10/10\nend"),
    "a shorter state": ("Reading: 100 of 100\rReading: done\n", "Reading: 100 of 100\rReading: done\n"),
    "a shorter state, padded": (
        "Reading: 90%   \rReading: 100%\rok\n",
        "Reading: 90%   \rReading: 100%\rok\n",
    ),
    "a covered state": ("Reading: 90%\r            \rok\n", "ok\n"),
    "indents": ("if a:\r    \r    b\n", "if a:\r    \r    b\n"),
    "percentages": ("a:  5%\ra: 50%\ra: 100%, done.\n", "a: 100%, done.\n"),
    "percentages of other things": ("Q1 10%\rQ2 12%\n", "Q1 10%\rQ2 12%\n"),
    "percentages that fall": ("oak 90%\roak 20%\n", "oak 90%\roak 20%\n"),
    "counters": ("Step 1/10\rStep 9/10\rStep 10/10\n", "Step 10/10\n"),
    "counters to other ends": ("page 1/3\rpage 1/12\n", "page 1/3\rpage 1/12\n"),
    "a bar": ("Building [=>  ] a\rBuilding [==>] a, b\nx", "Building [=>  ] a\rBuilding [==>] a, b\nx"),
    "a longer bar": ("Build [==>   ]\rBuild [===>  ]\nx", "Build [===>  ]\nx"),
    "a rate": ("9 kB at 1.0 kB/s\r12 kB at 1.5 kB/s\n", "12 kB at 1.5 kB/s\n"),
    "a turning sign": ("| Load\r/ Load\r- Load\n", "- Load\n"),
    "lines that are the same": ("- a\r- a\r- a\n", "- a\r- a\r- a\n"),
    "a table of an old Mac": (
        "item,oak,12\ritem,ash,7\ritem,elm,3\n",
        "item,oak,12\ritem,ash,7\ritem,elm,3\n",
    ),
    "numbered lines of an old Mac": ("file 1\rfile 2\rfile 10\n", "file 1\rfile 2\rfile 10\n"),
    "spaces that are moves": ("PID\x1b[5CUSER\x1b[CCMD\n", "PID     USER CMD\n"),
    "a column": ("sshd\x1b[9G[ OK ]", "sshd    [ OK ]"),
    "a column behind a return": ("sshd\r\x1b[8C[ OK ]\n", "sshd    [ OK ]\n"),
    "a column within": ("a long word\r\x1b[2Cb\n", "a long word\r  b\n"),
    "steps back": ("10%\x1b[3D20%", "20%"),
    "rows by place": ("\x1b[2J\x1b[1;1Hone row\x1b[2;1Hand two\x1b[3;1H\n", "one row\nand two\n"),
    "lines up and down": ("one\x1b[2Atwo\x1b[Ethree\x1b8four", "one\ntwo\nthree\nfour"),
    "an erased screen": ("one\x1b[2Jtwo\x1b[J!", "one\ntwo!"),
    "rows by place, Windows line ends": ("a\r\x1b[2;1Hb\r\n", "a\nb\r\n"),
    "drawn again, two lines up": ("a 1\nb 1\n\x1b[2A\x1b[2Ka 2\n", "a 1\nb 1\na 2\n"),
    "colours in a table of an old Mac": ("\x1b[1mitem\x1b[m,oak\ritem,1\n", "item,oak\ritem,1\n"),
    "an erased line": ("step 1 of 2\r\x1b[Kdone\n", "done\n"),
    "one erased without a return": ("\x1b[2K\x1b[1G[1/2] a\x1b[2K\x1b[1G[2/2] b", "[2/2] b"),
    "Windows line ends": ("a\r\nb\r\r\nc", "a\r\nb\r\r\nc"),
    "old Mac line ends": ("10% one\r20% two", "10% one\r20% two"),
    "cells with line breaks": ("name\rof it,2\nx", "name\rof it,2\nx"),
    "colours without their sign": ("[31m is red, [0m is not", "[31m is red, [0m is not"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_a_terminal_would_show_stays(name: str) -> None:
    """And where that is in doubt, everything."""
    said, shown = KNOWN[name]
    assert strip_terminal_escapes(said)[0] == shown


def test_the_count_is_of_characters_that_went() -> None:
    """Spaces and newlines put in for moves do not lessen it."""
    assert strip_terminal_escapes("\x1b[1mred\x1b[m") == ("red", 7)
    assert strip_terminal_escapes("a\x1b[9Cb") == (f"a{' ' * 9}b", 4)
    assert strip_terminal_escapes("a\x1b[2;1Hb") == ("a\nb", 6)
    assert strip_terminal_escapes("10%\r20%\n") == ("20%\n", 4)


def test_a_move_stops_at_the_edge() -> None:
    """So a few characters never become a long line; and what follows is still parted."""
    assert strip_terminal_escapes("a\x1b[99999999999Cb")[0] == f"a{' ' * 199}b"
    assert strip_terminal_escapes("a" * 300 + "\x1b[9Cb")[0] == f"{'a' * 300} b"


@given(st.text(st.sampled_from("\x1b[]0mK2GJCHD\x07\\\b\r\n%_/\x9bab |é")))
def test_twice_is_once_and_no_control_is_left(text: str) -> None:
    """So it makes no difference how many hands a text goes through."""
    shown, count = strip_terminal_escapes(text)
    assert strip_terminal_escapes(shown) == (shown, 0)
    assert not {"\x1b", "\x9b", "\b"} & {*shown}
    assert max(0, len(text) - len(shown)) <= count <= len(text)


@given(st.text(st.characters(exclude_characters="\x1b\x9b\b\r")))
def test_text_without_controls_is_itself(text: str) -> None:
    """Whatever else stands in it."""
    assert strip_terminal_escapes(text) == (text, 0)


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]",
        "\x1b[",
        "\x1b[0",
        "\r",
        "a\b",
        "\b",
        "x\x1b[2K\x1b[G",
        "\x1b]x\n",
        "a\r",
        "_\b",
        "\x9b0",
        "a\x1b[K",
        "a\x1b[9C",
        "\r\x1b[9Ca",
        "a\x1b[9G",
        "a\x1b[H",
        "9%\r8%\r",
    ],
    ids=repr,
)
def test_hostile_text_takes_time_in_proportion(text: str) -> None:
    """Hundreds of thousands of beginnings, and of sequences that never end: a quadratic way would not come back."""
    assert "\x1b" not in strip_terminal_escapes(text * 200_000 + "\n")[0]
    assert "\x1b" not in strip_terminal_escapes("x" * 200_000 + text * 50_000 + "\n")[0]
