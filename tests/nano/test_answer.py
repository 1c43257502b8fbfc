"""What is found first, what is quoted of it, and how it is said."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pydoc_data import topics

import pytest

from glyph_memory.context import Context
from glyph_memory.nano import NanoReader, NanoReading
from glyph_memory.page import Page
from glyph_memory.style import PageStyle
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Transcript, Turn
from glyph_memory.typesetting import typeset
from tests.nano.fakes import KnownPages

STYLE = PageStyle.from_name("glyph").with_snap_px(28)
HAYSTACK = "\n".join(topics.topics.values())


def ask(question: str, pages: Sequence[Page], **doubtful: str) -> NanoReading:
    """Ask about pages that are read perfectly, but for words that are not."""
    return NanoReader(transcriber=KnownPages(pages, doubtful=doubtful)).read(
        Context.of(question, pages=pages)
    )


@pytest.fixture(scope="module")
def work() -> list[Page]:
    """Return an agent's work on pages."""
    return typeset(agent_conversation(turns=400), style=STYLE)


@pytest.fixture(scope="module")
def needles() -> tuple[list[Page], dict[str, str]]:
    """Return 32 pages of Python's reference in which sentences, keys, values and ids are hidden, and what is asked."""
    draw = random.Random(3)
    lines = HAYSTACK.splitlines()
    names = [
        "amber-crater",
        "amber-canyon",
        "jolly-owl",
        "jolly-otter",
        "quiet-river",
        "brass-kettle",
        "lone-pine",
    ]
    hidden: dict[str, tuple[str, str]] = {}
    for name in names:
        magic, key, port = (str(draw.randrange(10**6, 10**7)) for _ in range(3))
        owner = f"{draw.randrange(16**8):08x}-{draw.randrange(16**4):04x}-4{draw.randrange(16**3):03x}"
        hidden |= {
            f"What is the special magic number for {name} mentioned in the text?": (
                magic, f"The special magic number for {name} is {magic}."
            ),
            f"What is the api_key for {name}?": (key, f"api_key for {name}: 9aF{key}"),
            f"Which port has {name}?": (port, f'{{"service": "{name}", "port": {port}}}'),
            f"Whose id is {owner}?": (f"Owner of {name}", f"Owner of {name}: {owner}"),
        }  # fmt: skip
    for _, line in hidden.values():
        lines.insert(draw.randrange(2200), line)
    pages = typeset("\n".join(lines), style=STYLE)[:32]
    text = "".join(page.text for page in pages)
    assert all(line in text for _, line in hidden.values())
    return pages, {question: value for question, (value, _) in hidden.items()}


def test_a_needle_comes_out_first_among_thousands_of_lines(
    needles: tuple[list[Page], dict[str, str]],
) -> None:
    """A sentence, a key, a value of JSON, whose an id is: each is in the first quote, which is short."""
    pages, asked = needles
    known = NanoReader(transcriber=KnownPages(pages))
    readings = {question: known.read(Context.of(question, pages=pages)) for question in asked}
    assert [q for q, reading in readings.items() if asked[q] not in reading.quotes[0].text] == []
    assert max(len(reading.quotes[0].text.splitlines()) for reading in readings.values()) <= 3


@pytest.mark.parametrize(
    ("question", "anchor", "said"),
    [
        ("What is the deploy key of checkout?", "§22 user", "is 5c2a3ce7a5d69f871f8ba3a10d9488a021c735a7."),
        ("Which order is to test search with?", "§116 user", "is ORD-411978-H."),
        ("What is the status of ORD-809586-A?", "§114 tool", '"status": "returned"'),
        ("sha256 of ORD-908937-F", "§130 tool", '"sha256": "a82f48bfc78774545d443f1817349615f7d4ffff82f0d'),
        ("What became of 16b86dd2-e011-4550-9385-e4107c4141e0?", "§124 tool", "timeout after 3626 ms"),
        ("What does §8 say?", "§8 user", "the person who signs off importer is the night shift."),
    ],
)
def test_what_was_said_is_quoted_with_its_anchor(
    work: list[Page], question: str, anchor: str, said: str
) -> None:
    """Facts, records, log lines; not the question that asked for it, nor the call that looked for it."""
    quote = ask(question, work).quotes[0]
    assert (quote.anchor, said in quote.text) == (anchor, True)
    assert quote.page is not None
    assert quote.text.splitlines()[0][:20] in " ".join(work[quote.page - 1].text.split("\n"))


def test_a_quote_says_on_which_lines_and_where(work: list[Page]) -> None:
    """Its box is the line's, as far as the sentence stands on it."""
    quote = ask("What is the deploy key of checkout?", work).quotes[0]
    line = work[0].lines[quote.lines[0]]
    assert quote.lines[0] == quote.lines[1]
    assert "deploy key of checkout" in line.text
    assert quote.box is not None
    assert quote.box[1::2] == line.box[1::2]
    assert line.box[0] < quote.box[0] < quote.box[2] <= line.box[2]
    assert quote.image == 0


def test_a_reading_says_quote_anchor_page_and_doubt() -> None:
    """Only the words that hold a character that is not sure are named."""
    pages = typeset(Transcript((Turn(role="tool", text="deploy key for catalogue: 9fA7c21d"),)), style=STYLE)
    reading = ask("What is the deploy key for catalogue?", pages, **{"9fA7c21d": "9fA7e21d"})
    assert reading.text == (
        "§1 tool, page 1:\n"
        "  deploy key for catalogue: 9fA7e21d\n"
        '  (not sure of: "9fA7e21d" – look at the page)'
    )
    quote = reading.quotes[0]
    assert quote.unsure == ((30, 31),)
    assert (quote.is_sure, quote.doubts) == (False, ("9fA7e21d",))
    assert "not sure" not in ask("What is the deploy key for catalogue?", pages).text


def test_a_misread_word_is_found_all_the_same() -> None:
    """One letter off, where it stands nowhere as it was asked: as a word, or as a key that was not sure."""
    pages = typeset("The gate of amber-crater is 4711-B.\nNothing else is.", style=STYLE)
    assert ask("amber-crater", pages, **{"amber-crater": "amber-cratcr"}).quotes
    assert ask("Which gate?", pages, gate="gale").quotes == ()  # too short to guess at
    pages = typeset("The checkout gate is 4711-B.", style=STYLE)
    assert ask("Which chekcout?", pages).quotes == ()
    assert ask("Which checkouts?", pages).quotes
    assert ask("Which chackout?", pages).quotes


def test_another_key_is_not_taken_for_the_one_that_is_asked_for() -> None:
    """What is surely another number is no misreading."""
    pages = typeset("Invoice INV-482913 is paid.\nInvoice INV-482914 is not.", style=STYLE)
    reading = ask("Is invoice INV-482915 paid?", pages)
    assert reading.quotes == ()
    assert 'I found nothing about "INV-482915" on 1 page' in reading.text


def test_what_a_question_asks_beside_and_stands_nowhere_is_told() -> None:
    """The rest is quoted."""
    reading = ask("Does the deploy key of checkout expire?", typeset("The deploy key of checkout is 9fA7."))
    assert "The deploy key of checkout is 9fA7." in reading.text
    assert reading.text.endswith('("expire" stands nowhere that I can read.)')


def test_the_same_words_are_quoted_once() -> None:
    """And a question is no answer to itself."""
    said = [
        Turn(role="user", text=text)
        for text in ("The port is 8443.", "What is the port?", "The port is 8443.")
    ]
    reading = ask("What is the port?", typeset(Transcript(tuple(said)), style=STYLE))
    assert [(quote.anchor, quote.text) for quote in reading.quotes] == [("§1 user", "The port is 8443.")]


def test_what_was_not_found_earlier_is_no_answer_later() -> None:
    """An old answer without a quote names the words that are looked for, too."""
    said = [
        Turn(role="assistant", text='I found nothing about "gate", "code" on 8 pages.'),
        Turn(role="user", text="The gate code is 4711-B."),
    ]
    reading = ask("What is the gate code?", typeset(Transcript(tuple(said)), style=STYLE))
    assert [quote.anchor for quote in reading.quotes] == ["§2 user"]


def test_quotation_marks_keep_words_together() -> None:
    """What holds the phrase goes before what holds its words."""
    pages = typeset(
        "The gate is red, its code is old.\n\nThe code gate is 1.\n\nThe gate code is 2.", style=STYLE
    )
    assert ask('"gate code"', pages).quotes[0].text == "The gate code is 2."


def test_the_same_question_gets_the_same_answer(work: list[Page]) -> None:
    """Ties are broken by the order of the pages."""
    assert len({ask("Which service has been failing?", work).text for _ in range(3)}) == 1


def test_the_humps_of_a_name_do_not_make_it() -> None:
    """What is said of one error is no answer about another."""
    pages = typeset("An IndexError is raised where the value is out of range.", style=STYLE)
    assert ask("When is a ValueError raised?", pages).quotes == ()
    assert ask("When is an IndexError raised?", pages).quotes


def test_blanks_need_not_be_sure() -> None:
    """How wide one is, is no doubt that anybody is told of; a sign that stands by itself is."""
    pages = typeset("The gate is 4711 ( B.", style=STYLE)
    assert ask("Which gate?", pages, **{" gate": " gate"}).quotes[0].is_sure
    assert ask("Which gate?", pages, **{"(": "["}).quotes[0].doubts == ("[",)


def test_what_holds_half_a_question_is_the_nearest_passage_and_no_answer() -> None:
    """A word that stands on every page is not told as missing; only the one that is."""
    pages = typeset("The license covers the program.\n\nThe license ends by itself.", style=STYLE)
    reading = ask("What if I violate the license?", pages)
    assert reading.is_nearest
    assert reading.text.startswith(
        "Nearest passages, which hold no more than some words of what was asked:\npage 1:"
    )
    assert reading.text.endswith('("violate" stands nowhere that I can read.)')
    assert not ask("What does the license cover?", pages).is_nearest


def test_an_inflected_word_is_found() -> None:
    """`violate` stands there where `violates` does, as in a search."""
    pages = typeset("Whoever violates the license pays.", style=STYLE)
    reading = ask("What if I violate the license?", pages)
    assert (reading.is_nearest, "nowhere" in reading.text) == (False, False)


def test_streamed_or_not_the_nearest_passages_are_headed(work: list[Page]) -> None:
    """The pieces are the whole, with the head before the first."""
    reader, asked = NanoReader(transcriber=KnownPages(work)), Context.of("Is checkout haunted?", pages=work)
    pieces = [piece.text for piece in reader.stream(asked)]
    assert "".join(pieces) == reader.read(asked).text
    assert pieces[0].startswith("Nearest passages")


@pytest.mark.parametrize("said", ["I like tea", "Thanks!", "We ship on Friday.", "hello"])
def test_a_statement_is_told_from_a_question(said: str) -> None:
    """Nobody asked, so nothing was not found."""
    reading = ask(said, typeset("The gate is green.", style=STYLE))
    assert (reading.quotes, reading.text.startswith("That is no question")) == ((), True)


def test_a_statement_whose_words_stand_there_is_answered_all_the_same() -> None:
    """Who writes `I need the gate code` wants it."""
    assert ask("I need the gate code", typeset("What you need: the gate code is 7.", style=STYLE)).quotes


def test_only_what_is_missing_is_said_to_be() -> None:
    """An identifier that stands nowhere, not the words around it."""
    reading = ask("Is the license of INV-482915 paid?", typeset("The license is paid.", style=STYLE))
    assert 'I found nothing about "INV-482915" on 1 page' in reading.text
