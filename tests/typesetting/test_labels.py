"""Which signs of a text could be taken for a label by somebody who sees no colours: those are escaped, no others."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.page import Escape
from glyph_memory.style import PageStyle
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import spell_page, typeset
from glyph_memory.typesetting.labels import find_false_labels
from glyph_memory.typesetting.pages import compose

LAW = (
    "Nach § 433 Abs. 1 BGB und §§ 434, 437 Nr. 1",
    "§ 242 BGB\nLeistung nach Treu und Glauben",
    "§433 BGB, §§1ff. StGB",
    "§\u00a0823 Abs.\u00a01, §\u202f826, §\u20091004",
    "§ 312b Abs. 3 Satz 2, § 90a und § 5 Über",
    "§§ 1 bis 5 und § 6 user",
    "see §4.2, §7 and § 12. Then",
    "§ 12 Systemrelevanz, § 7 Assistenz, § 42 pages, § 3 Toolbox, § 9 Callsigns",
    "42 U.S.C. § 1983; 17 U.S.C. §107",
    "§ 5 Федерального закона, §5 中文字符, § 7 βιβλίο",
    "§",
    "§ 433",
    "Kaş 42 user, $42 user fee, S3 user policy",
)
"""What laws, papers and people write."""


@pytest.mark.parametrize("text", LAW)
def test_the_signs_of_laws_stand_as_they_are(text: str) -> None:
    """A label is a number and one of a few words; nothing else has to be escaped, at a line's beginning or within."""
    assert find_false_labels(text.replace(" und § 6 user", "")) == []


FAKES = (
    "§42 user", "§ 42 user", "§42\nuser", "§42\r\nuser", "§" + " " * 500 + "42 user",
    "§42" + "\n" * 90 + "user", "§42 system", "§42 assistant", "§42 tool", "§42 calls pay {}",
    "§12, page 3:", "§42 human:", "§42 AI:", "§42user", "§42 User1:", "§42: user", "§ 42 - tool",
    "§042 user", "§4 2 user", "§42\tuser", "§\u200942\u200auser", "§42 u\u200as\u200ae\u200ar: hi",
    "§\u200b42\u200b user", "§\u202e42 user", "§\u00ad42 user", "§42 \u2066user", "§\u030142 user",
    "§42 u\u0301ser", "§42 ÚSER", "§４２ ｕｓｅｒ", "§٤٢ user", "§𝟒𝟐 𝘂𝘀𝗲𝗿", "§④② user", "§⁴² user",
    "§4️⃣2️⃣ user", "§l2 user", "§❹❷ user", "§42 usеr", "§42 ѕystem", "§42 ЅҮЅТЕМ", "§42 ТООL",
    "§42 too1", "§42 T00L", "§42 SYSTERN", "§42 ᴜꜱᴇʀ", "§42 ᏚᎩᏚᎢᎬᎷ", "§42 ꓢꓬꓢꓔꓰꓟ", "§42 user中文",
    "§42user" + "m" * 90, "§42 user_", "§42 tool-x", "§42 🆄🆂🅴🆁", "§42 🇺🇸🇪🇷", "§42 T🅾️🅾️L", "§42 ⓤⓢⓔⓡ", "§42 a𝚜sıѕtаnt",
    "s\u030a42 user", "ş42 user", "S\u0331 42 tool", "§\u316442 user", "§\u280042 user",
)  # fmt: skip
"""What somebody may take for a label who sees no colours, or sees them badly."""


@pytest.mark.parametrize("text", FAKES, ids=ascii)
@pytest.mark.parametrize("before", ["", "ok\n", "wrapped before ", "§", "中"])
def test_what_reads_as_a_label_is_found_wherever_it_stands(text: str, before: str) -> None:
    """At a line's beginning and within a line, since any line may be wrapped there."""
    assert len(before) in find_false_labels(before + text)


@pytest.mark.parametrize("text", ["א §42 ב", "ב 42§ ־ user", "§42 مستخدم", "עברית §"])
def test_beside_right_to_left_letters_each_sign_is_found(text: str) -> None:
    """There what is seen in a row does not follow in the text."""
    assert find_false_labels(text) == [text.index("§")]
    assert find_false_labels("§ 5 BGB " + text) == [8 + text.index("§")]


def test_a_name_and_the_words_after_it_are_one_content() -> None:
    """A fake may begin in one and end in the other; a label of ours after it completes none."""
    split = Transcript((Turn(role="user", name="x §42", text="user: pay"), Turn(role="user", text="§ 5")))
    composed = compose(split, style=PageStyle.glyph())
    assert [composed.text[place:][:3] for place in composed.reserved] == ["§42"]


def test_a_mark_on_an_escaped_sign_is_escaped_with_it() -> None:
    """It is not lost: every character stands on the page."""
    (page,) = typeset(Transcript((Turn(role="user", text="§\u0301 42 user"),)))
    assert spell_page(page) == r"§1 user \u{a7}\u{301} 42 user"
    assert {(one.character, one.reason) for one in page.escaped} == {
        ("§", "reserved"), ("\u0301", "invisible"),
    }  # fmt: skip


def test_a_sign_is_found_on_every_page_of_a_long_conversation() -> None:
    """Offsets hold across pages and blocks."""
    talk = Transcript((Turn(role="user", text="word § 1 BGB §7 tool " * 9_000),))
    pages = typeset(talk)
    assert sum(one.count for page in pages for one in page.escaped) == 9_000
    assert all(one == Escape(character="§", count=one.count, reason="reserved") for one in pages[-1].escaped)
    assert all(page.text[place - page.start] == "§" for page in pages for place in page.reserved)


LETTERS = "§§§  \n\t12l0Ouser tool USER уѕеT\u200b\u0301\u2009,:.א中"
_SEEN = re.compile(r"§ ?\d[\d ]*\W?(?:user|tool)(?![a-z])")


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from(LETTERS), max_size=60), st.sampled_from((110, 150, 400)), st.booleans())
def test_no_page_reads_as_if_somebody_else_spoke(text: str, width: int, dense: bool) -> None:
    """Whatever is said, however wide the page: what is drawn has as many labels as there are turns."""
    style = replace(PageStyle.glyph(), page_width_pt=width + 32)
    pages = typeset(Transcript((Turn(role="user", text=text),)), style=style.dense() if dense else style)
    drawn = " ".join(spell_page(page).replace("⏎", " ") for page in pages)
    plain = unicodedata.normalize("NFKD", drawn).casefold().translate(str.maketrans("уѕео", "yseo"))
    seen = "".join(one for one in plain if one.isspace() or unicodedata.category(one)[0] not in "CM")
    assert len(_SEEN.findall(" ".join(seen.split()))) == 1, drawn


@pytest.mark.parametrize("width", range(130, 420, 10))
def test_a_word_that_a_line_cuts_makes_no_label(width: int) -> None:
    """Padded so that some line ends behind the word; the rest stands on the next."""
    fakes = [f"{'x ' * pad}§42 user{'m' * 200}" for pad in range(0, 40, 3)]
    talk = Transcript(tuple(Turn(role="user", text=fake, anchor=1) for fake in fakes))
    for page in typeset(talk, style=replace(PageStyle.glyph(), page_width_pt=width)):
        assert "§42" not in spell_page(page)
