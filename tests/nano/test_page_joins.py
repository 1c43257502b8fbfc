"""Pages with marks come back as the text that was typeset: its lines, its turns, and nothing of the page's own."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from glyph_memory.context import Context
from glyph_memory.nano import NanoReader, NanoReading
from glyph_memory.nano.lookup.groups import group_sentences
from glyph_memory.nano.lookup.index import Index
from glyph_memory.nano.lookup.page_joins import join_pages
from glyph_memory.nano.lookup.search_text import ReadImage, SearchText
from glyph_memory.style import PageStyle
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.transcription import SURE, ReadLine, spell_line
from glyph_memory.typesetting import typeset
from tests.nano.fakes import KnownPages, draw_marks, read_page

MARKS = [PageStyle.glyph().dense(mark) for mark in (" \\n ", "⏎")]
DENSE = MARKS[0]
CODE = """import os


def join(parts: list[str]) -> str:
    if not parts:
        return ""
    for part in parts:
            print(part,     end="")  # ========================
\treturn os.sep.join(parts)
"""


def join(source: str | Transcript, *, style: PageStyle = DENSE) -> SearchText:
    """Typeset and read."""
    pages = typeset(source, style=style)
    return join_pages(
        [
            ReadImage(read=read_page(page), image=place, page=page.number, is_ours=True)
            for place, page in enumerate(pages)
        ]
    )


def ask(question: str, source: str | Transcript, *, style: PageStyle = DENSE) -> NanoReading:
    """Ask about dense pages that are read perfectly."""
    pages = typeset(source, style=style)
    return NanoReader(transcriber=KnownPages(pages)).read(Context.of(question, pages=pages))


@pytest.mark.parametrize("style", MARKS, ids=["glyph", "bare"])
def test_code_on_a_dense_page_is_the_code_that_was_typeset(style: PageStyle) -> None:
    """Line breaks, indentation, tabs, blank lines and rules; the page's own lines leave no trace."""
    assert join(CODE, style=style).text == CODE
    assert join(CODE * 40, style=replace(style, page_width_pt=180)).text == CODE * 40


@pytest.mark.parametrize("style", MARKS, ids=["glyph", "bare"])
def test_an_agents_turns_on_dense_pages_begin_where_their_labels_do(style: PageStyle) -> None:
    """In the middle of a line, and broken over two: each turn is found, without its label."""
    talk = agent_conversation(turns=120)
    for width in (440, 150):
        source = join(talk, style=replace(style, page_width_pt=width))
        turns = [cut for cut in source.cuts if cut.is_turn]
        assert [cut.anchor for cut in turns] == [
            f"§{number} {turn.role}" for number, turn in enumerate(talk.turns, 1)
        ]
        begun = [source.text[cut.content :].lstrip() for cut in turns]
        assert not [text for text in begun if text.startswith(("system ", "user ", "assistant ", "tool "))]


def test_a_broken_label_is_no_part_of_what_was_said() -> None:
    """Its number ends a line; its word, and the blank behind it, are left out of the next."""
    for extra in range(40):
        talk = Transcript(
            (Turn(role="user", text="x" * (60 + extra)), Turn(role="user", text="The gate is 7."))
        )
        reading = ask("Which gate?", talk, style=replace(DENSE, page_width_pt=150))
        assert [(quote.anchor, quote.text) for quote in reading.quotes] == [("§2 user", "The gate is 7.")]


def test_the_turn_that_answers_is_quoted_and_not_the_question_before_it() -> None:
    """All of it stands in one line of the page."""
    said = ("The deploy key of shop is 5c2a.", "What is the deploy key of shop?", "It is on the board.")
    reading = ask(
        "What is the deploy key of shop?", Transcript(tuple(Turn(role="user", text=one) for one in said))
    )
    assert (reading.quotes[0].anchor, reading.quotes[0].text) == ("§1 user", said[0])


def test_a_quote_stands_where_its_words_do_and_shows_no_mark() -> None:
    """Its box is a part of its line; the counted blanks before it and the mark behind it are not in it."""
    lines = [f"        item_{number} = {number * 37}" for number in range(40)]
    pages = typeset("\n".join(lines), style=DENSE)
    known = KnownPages(pages)
    quote = NanoReader(transcriber=known).read(Context.of("item_17", pages=pages)).quotes[0]
    assert quote.text == "item_17 = 629"
    (read,) = known.known.values()
    line = read.lines[quote.lines[0]]
    at = line.text.index("item_17")
    assert quote.box is not None
    assert quote.box[0] == int(line.left[at])
    assert line.left[at + len(quote.text) - 1] < quote.box[2] <= line.left[at + len(quote.text) + 1]
    assert quote.box[1::2] == line.box[1::2]


def test_what_a_mark_stands_for_is_as_sure_as_its_least_sure_sign() -> None:
    """Of eighty signs that one count stands for, none is surer than the count; letters keep their own confidence."""
    text, is_mark = draw_marks("a\n    b" + "=" * 80, DENSE)
    plain = ReadLine(
        text=text,
        box=(0, 0, len(text), 9),
        confidence=np.linspace(0.5, 0.99, len(text)).astype(np.float32),
        left=np.arange(len(text), dtype=np.float32),
        is_mark=np.array(is_mark),
    )
    spelled = spell_line(plain)
    assert spelled.text == "a\n    b" + "=" * 80
    assert (
        spelled.confidence[[0, 6, 7]].tolist()
        == plain.confidence[[0, text.index("b"), text.index("=")]].tolist()
    )
    assert set(spelled.confidence[8:].tolist()) == {float(plain.confidence[text.index("×")])}
    assert set(spelled.left[1:6].tolist()) == {float(text.index("\\"))}
    assert spelled.confidence.min() < SURE
    unmarked = replace(plain, is_mark=np.zeros(len(text), np.bool_))
    assert spell_line(unmarked) is unmarked


@pytest.mark.parametrize(
    "source",
    [
        json.dumps(
            {f"key{n}": {"path": f"/srv/data/{n}", "n": [n, n * 7]} for n in range(200)},
            separators=(",", ":"),
        ),
        json.dumps({f"key{n}": {"path": f"/srv/data/{n}", "n": [n, n * 7]} for n in range(200)}),
        " ".join(f"https://shop.example/a/{n}/b?x={n}&y=2" for n in range(150)) + "\n",
        ", ".join(f"word{n} (and {n})" for n in range(300)) + "\n",
        "base64 " + "QUJD" * 400 + "\nend\n",
    ],
    ids=["compact JSON", "JSON", "addresses", "prose", "overlong"],
)
def test_a_line_that_ends_behind_a_sign_goes_on_as_its_pages_are_written(source: str) -> None:
    """No blank is invented in compact JSON or an address, and none is lost in prose."""
    text = f"first\n{source}"
    assert join(text).text.rstrip() == text.rstrip()


def test_a_path_whose_joint_nobody_can_tell_is_found_in_both_spellings() -> None:
    """`and/ or` and `and/or` look the same where a line ends between them."""
    for before in ("and/ or", "and/or"):
        for filler in range(90, 130):
            source = join(f"one / two\n{'x' * filler} {before} more\n")
            index = Index.build(group_sentences(source))
            words = {word for found in index.groups for each in found.sentences for word in index.words(each)}
            assert "and/or" in words or before == "and/ or"
            assert {"and", "or"} <= words


def test_blank_lines_on_dense_pages_part_paragraphs() -> None:
    """Gaps between lines say nothing there."""
    source = join("One is red.\n\nTwo is green.\n\n\n\n\nThree.")
    assert [source.text[cut.start :].split()[0] for cut in source.cuts] == ["One", "Two", "Three."]


def test_a_value_is_quoted_with_the_line_that_names_its_block() -> None:
    """Pretty JSON: the name ends with a bracket, and the value stands a few lines below."""
    record = {
        "database": {"host": "db-7", "region": "eu", "port": 5433},
        "owners": ["ada@example.org", "lin@example.org"],
    }
    text = json.dumps(record, indent=2)
    assert ask("What is the database port?", text).quotes[0].text == '"database": {\n…\n"port": 5433'
    assert "ada@example.org" in ask("Who are the owners?", text).quotes[0].text


def test_compact_data_is_quoted_by_the_line_and_not_by_the_page() -> None:
    """One sentence without a blank would be quoted as a whole."""
    record = {f"service{n}": {"host": f"db-{n}.internal", "port": 5000 + n} for n in range(60)}
    quote = ask("service41", json.dumps(record, separators=(",", ":")) + "\n").quotes[0]
    assert "service41" in quote.text
    assert len(quote.text) < 240


def test_lines_of_code_are_no_wrapped_sentence() -> None:
    """Imports and assignments begin with small letters, and are lines of their own."""
    text = (
        "from package.subpackage.module import first_name\nfrom package.subpackage.module import second_name\n"
        "self.first = make_something_of(the_first, the_second)\nself.second = other\n"
    )
    assert ask("second_name", text).quotes[0].text == "from package.subpackage.module import second_name"
    assert ask("the_second", text).quotes[0].text == text.splitlines()[2]
