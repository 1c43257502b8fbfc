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
    "a shorter state": ("Reading: 100 of 100\rReading: done\n", "Reading: doneof 100\n"),
    "an erased line": ("step 1 of 2\r\x1b[Kdone\n", "done\n"),
    "one erased without a return": ("\x1b[2K\x1b[1G[1/2] a\x1b[2K\x1b[1G[2/2] b", "[2/2] b"),
    "Windows line ends": ("a\r\nb\r\r\nc", "a\r\nb\r\r\nc"),
    "old Mac line ends": ("10% one\r20% two", "10% one\r20% two"),
    "cells with line breaks": ("name\rof it,2\nx", "name\rof it,2\nx"),
    "colours without their sign": ("[31m is red, [0m is not", "[31m is red, [0m is not"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_a_terminal_would_show_stays(name: str) -> None:
    """And the count is how many characters went."""
    said, shown = KNOWN[name]
    assert strip_terminal_escapes(said) == (shown, len(said) - len(shown))


@given(st.text(st.sampled_from("\x1b[]0mK2GJ\x07\\\b\r\n%_\x9bab |é")))
def test_twice_is_once_and_no_control_is_left(text: str) -> None:
    """So it makes no difference how many hands a text goes through."""
    shown, count = strip_terminal_escapes(text)
    assert strip_terminal_escapes(shown) == (shown, 0)
    assert not {"\x1b", "\x9b", "\b"} & {*shown}
    assert count == len(text) - len(shown) >= 0


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
    ],
    ids=repr,
)
def test_hostile_text_takes_time_in_proportion(text: str) -> None:
    """Hundreds of thousands of beginnings, and of sequences that never end: a quadratic way would not come back."""
    assert "\x1b" not in strip_terminal_escapes(text * 200_000 + "\n")[0]
    assert "\x1b" not in strip_terminal_escapes("x" * 200_000 + text * 50_000 + "\n")[0]
