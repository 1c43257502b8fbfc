"""The door of texts: of any characters in any look, every one stands on exactly one page, in order."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import PageStyle, Turn, typeset
from glyph_memory.typesetting.page_text import spell_page

_CHARACTERS = st.characters() | st.sampled_from(
    "\ud800\udfff\uffff\ufffe\U0010ffff\x00\x1b\r\n\t \u00a0\u200b\u200d\u0301\u20dd\u202e\u2066\ufe0f\u3000"
    "\u0600⟦§中あ한नص"
)
_TEXTS = st.text(_CHARACTERS, min_size=1, max_size=300) | st.tuples(
    st.text(_CHARACTERS, min_size=1, max_size=4), st.integers(1, 2000)
).map(lambda pair: pair[0] * pair[1])
_LOOKS = st.sampled_from(
    [
        PageStyle(),
        PageStyle(reference=True),
        PageStyle(reference=True, alignment="right", newline_mark=" ⏎ ", paragraph_lines=7),
        PageStyle.document(),
        PageStyle.pixel(),
        PageStyle.web().dense(),
        PageStyle(columns=4, space_shrink=0.9, letter_spacing_pt=-2, alignment="justify"),
        PageStyle(page_width_pt=120, page_height_pt=60, snap_px=1, first_line_indent_pt=5, border_width_pt=1),
    ]
)


@settings(settings.get_profile("fuzz"))
@example(text="中" * 40 + "ab\u200d\u200d ，。" * 900, style=PageStyle(reference=True))
@given(text=_TEXTS, style=_LOOKS)
def test_every_character_stands_on_exactly_one_page(text: str, style: PageStyle) -> None:
    """As itself or as its escape; each escape is counted once."""
    pages = typeset(text, style=style)
    assert "".join(page.text for page in pages) == text
    for page in pages:
        assert page.array().shape[:2] == page.size[::-1]
        assert len({(one.character, one.reason) for one in page.escaped}) == len(page.escaped)
        if not style.reference:
            spell_page(page)


@settings(settings.get_profile("fuzz"))
@given(text=_TEXTS, name=st.text(_CHARACTERS, max_size=8))
def test_a_turn_of_any_text_and_name_becomes_pages(text: str, name: str) -> None:
    """With its label, whatever it says."""
    pages = typeset([Turn(role="user", text=text, name=name or None)])
    assert "".join(page.text for page in pages).startswith("§1 user")


@pytest.mark.parametrize("style", [PageStyle(), PageStyle(reference=True)], ids=["ours", "reference"])
@pytest.mark.parametrize(
    ("piece", "times"),
    [("a", 300_000), ("\u0301", 10_000), (" ", 300_000), ("\n", 30_000), ("\t", 30_000), ("\r", 10_000),
     ("\u200d", 10_000), ("\ud800", 3_000), ("ب", 20_000), ("\uffff", 3_000)],
)  # fmt: skip
def test_long_runs_of_one_character_become_pages(piece: str, times: int, style: PageStyle) -> None:
    """Without a space to break at, or of nothing else; by rules for CJK, too."""
    for first in "e中":
        pages = typeset(first + piece * times, style=style)
        assert sum(len(page.text) for page in pages) == 1 + len(piece) * times
