"""Arms show a sample within a budget of tokens: what fits, the newest of it, and never more than the budget."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from glyph_memory.context import Text
from glyph_memory.errors import BadReading, GlyphMemoryError, PolicyError, ReaderRefused, StyleError
from glyph_memory.evaluate.arms import ARMS, INSTRUCTION, PagesArm, Prompt, find_arm
from glyph_memory.evaluate.arms.prompt import count_context
from glyph_memory.evaluate.arms.text import adjust_count, cut_pieces, write_text
from glyph_memory.evaluate.tasks import Sample
from glyph_memory.readers import Reading
from glyph_memory.style import PageStyle
from glyph_memory.testing import ScriptedReader, agent_conversation
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn
from tests.evaluate.shop_keys import all_text, find_question, first_sample

GLYPH = ModelProfile.from_name("glyph")
DOCUMENT, TALK = first_sample(), first_sample(is_talk=True)
TEXT_TOKENS = dict[str, int]()
NOTES = "Shop 100 has a key. " * 30


def build(arm: str, sample: Sample, share: float = 1.0, *, budget: int | None = None) -> Prompt:
    """Build a prompt within a share of what the whole text costs."""
    budget = budget or int(share * count_text(sample))
    prompt = find_arm(arm).build(
        sample, budget_tokens=budget, profile=GLYPH, reader=ScriptedReader(lambda _: NOTES)
    )
    assert prompt.tokens == count_context(prompt.context, GLYPH) <= budget
    return prompt


def count_text(sample: Sample) -> int:
    """Count what a sample costs as text."""
    if sample.id not in TEXT_TOKENS:
        TEXT_TOKENS[sample.id] = count_context(write_text(sample, GLYPH), GLYPH)
    return TEXT_TOKENS[sample.id]


@pytest.mark.parametrize("arm", [*ARMS, "pages@style=dense", "pages@dpi=96"])
@pytest.mark.parametrize("sample", [DOCUMENT, TALK], ids=["document", "talk"])
def test_every_arm_asks_the_question_at_the_end_and_instructs_at_the_beginning(
    arm: str, sample: Sample
) -> None:
    """The same words for all, so that only what is shown differs."""
    context = build(arm, sample).context
    assert find_question(context) == sample.question
    assert context.messages[0].role == "system"
    assert context.messages[0].text.startswith(INSTRUCTION)


@pytest.mark.parametrize("share", [1.0, 0.6, 0.4])
@pytest.mark.parametrize("sample", [DOCUMENT, TALK], ids=["document", "talk"])
def test_equal_budgets_are_really_equal(sample: Sample, share: float) -> None:
    """No arm spends more than the budget, by the count of what is really sent; what could be used is used."""
    budget = int(share * count_text(sample))
    spent = {arm: build(arm, sample, share).tokens for arm in ARMS if share == 1 or arm != "text"}
    assert all(tokens <= budget for tokens in spent.values())
    one_piece = 30  # tokens of a line, or of a turn with what a template puts round it
    assert budget - spent["window"] < one_piece
    assert budget - spent["summary"] < one_piece


@pytest.mark.parametrize("sample", [DOCUMENT, TALK], ids=["document", "talk"])
def test_the_whole_text_is_sent_where_it_fits_and_refused_in_a_word_where_not(sample: Sample) -> None:
    """Never a part of it under the name of the whole."""
    text = build("text", sample)
    shown = all_text(text.context)
    assert all(line in shown for line in (sample.document or "").splitlines())
    assert all(turn.text in shown for turn in sample.turns)
    assert text.left_out == ""
    with pytest.raises(PolicyError, match=r"the whole text of '.* prompt tokens, and the budget is"):
        build("text", sample, 0.99)


def test_a_window_keeps_the_newest_lines_and_says_what_is_left_out() -> None:
    """Whole lines, down to the last one."""
    lines = DOCUMENT.document.splitlines()
    prompt = build("window", DOCUMENT, 0.5)
    shown = [line for line in lines if line in all_text(prompt.context)]
    assert shown == lines[-len(shown) :]
    assert len(lines) * 0.4 < len(shown) < len(lines) * 0.5
    cut = sum(len(line) + 1 for line in lines[: -len(shown)])
    assert prompt.left_out == f"the first {cut:,} of {len(DOCUMENT.document):,} characters"


def test_a_window_over_turns_keeps_the_newest_and_the_systems_own() -> None:
    """The system's words lead any conversation; they are never what is cut."""
    told = Turn(role="system", text="You keep the keys.")
    talk = Sample(id="led", question="Which?", answers=(), turns=(told, *TALK.turns))
    prompt = build("window", talk, 0.5)
    shown = [turn for turn in TALK.turns if turn.text in all_text(prompt.context)]
    assert shown == list(TALK.turns[-len(shown) :])
    assert told.text in prompt.context.messages[0].text
    assert prompt.left_out == f"the oldest {len(TALK.turns) - len(shown)} of {len(TALK.turns)} turns"


def test_a_window_with_room_for_all_is_the_whole_text() -> None:
    """Nothing is lost to rounding."""
    for sample in (DOCUMENT, TALK):
        assert build("window", sample).digest == build("text", sample).digest
        assert build("summary", sample).digest == build("text", sample).digest


def test_no_arm_shows_a_question_alone_as_if_it_were_the_sample() -> None:
    """A budget that takes nothing of it is refused, with what it would take."""
    for arm in ARMS:
        with pytest.raises(PolicyError, match="prompt tokens, and the budget is"):
            build(arm, DOCUMENT, budget=20)
    with pytest.raises(PolicyError, match="a single page"):
        build("pages", DOCUMENT, budget=90)
    with pytest.raises(PolicyError, match="the recent text"):
        build("pages", TALK, budget=150)


def test_pages_show_all_for_less_and_the_newest_where_not_all_fit() -> None:
    """What they leave out is the oldest, as with a window."""
    whole = build("pages", DOCUMENT)
    assert (whole.left_out, whole.images) == ("", 2)
    assert whole.tokens < count_text(DOCUMENT) / 2
    long = first_sample(tokens=8_000)
    pages = build("pages", long)
    cut = build("pages", long, budget=pages.tokens - 1)
    assert cut.images == pages.images - 1
    assert cut.left_out == f"the first 1 of {pages.images} pages"
    assert cut.context.images == pages.context.images[1:]


def test_pages_of_a_conversation_are_its_folds() -> None:
    """Old turns as pages, the newest as text; where not all fit, the oldest seals are left out."""
    whole = build("pages", TALK)
    assert whole.images > 1
    assert TALK.turns[-1].text in all_text(whole.context)
    assert TALK.turns[0].text not in all_text(whole.context)
    less = build("pages", TALK, budget=whole.tokens - 1)
    assert less.images == whole.images - 1
    assert less.left_out.startswith("turns §1 to §")
    assert less.context.images == whole.context.images[1:]


@pytest.mark.parametrize("sample", [DOCUMENT, TALK], ids=["document", "talk"])
def test_a_ledger_quotes_identifiers_beside_the_pages(sample: Sample) -> None:
    """As text, and without it none of them."""
    tail = {turn.text for turn in sample.turns[-12:]}
    told = {"pages": "", "pages+ledger": ""}
    for arm in told:
        parts = [part for message in build(arm, sample).context.messages for part in message.parts]
        told[arm] = "".join(part.text for part in parts if isinstance(part, Text) and part.kind == "ledger")
    assert tail or sample.document
    assert told["pages"] == ""
    assert told["pages+ledger"].count("-") >= 3


@pytest.mark.parametrize("arm", ["pages+focus", "pages+ledger+focus", "pages+ledger+recall"])
@pytest.mark.parametrize("sample", [DOCUMENT, TALK], ids=["document", "talk"])
def test_focus_puts_the_line_that_answers_right_before_the_question(arm: str, sample: Sample) -> None:
    """Found by the words of the question; within the budget."""
    context = build(arm, sample, 0.8).context
    *_, found, asked = context.messages[-1].parts
    assert isinstance(found, Text) and found.kind == "repeated"
    assert sample.answers[0] in found.text
    assert asked == Text(sample.question)


def test_focus_leaves_out_older_pages_rather_than_lines_and_finds_what_stands_on_them() -> None:
    """An eighth of the budget is kept free for them."""
    long = first_sample(tokens=8_000)
    budget = build("pages+ledger", long).tokens
    prompt = build("pages+ledger+focus", long, budget=budget)
    assert prompt.left_out
    assert long.answers[0] in all_text(prompt.context)


def test_focus_gives_way_where_there_is_room_for_pages_alone() -> None:
    """An arm that adds lines is refused nowhere where the one without them is not."""
    least = build("pages", DOCUMENT).tokens
    cut = build("pages", DOCUMENT, budget=least - 1)
    again = build("pages+focus", DOCUMENT, budget=cut.tokens)
    assert again.context.images == cut.context.images


def test_a_summary_is_written_by_the_reader_before_it_knows_the_question() -> None:
    """Piece by piece, no prompt above the budget, all of the old part, and what it cost is told."""
    reader = ScriptedReader(lambda _: "Shop 100 has the key 1111-A.")
    budget = count_text(DOCUMENT) // 3
    prompt = find_arm("summary").build(DOCUMENT, budget_tokens=budget, profile=GLYPH, reader=reader)
    costs = [count_context(context, GLYPH) for context in reader.contexts]
    assert len(costs) > 1
    assert max(costs) <= budget
    assert prompt.making_tokens == sum(costs)
    asked = "".join(map(all_text, reader.contexts))
    assert DOCUMENT.question not in asked
    assert "Notes until here:\nShop 100 has the key 1111-A." in asked
    lines = DOCUMENT.document.splitlines()
    assert all((line in asked) != (line in all_text(prompt.context)) or line in asked for line in lines)
    assert all(line in asked or line in all_text(prompt.context) for line in lines)
    assert "Shop 100 has the key 1111-A." in all_text(prompt.context)
    assert prompt.left_out.endswith("characters, but for a summary")


def test_a_summary_that_is_too_long_is_cut_and_takes_no_more_than_its_share() -> None:
    """A model that was told a length may exceed it."""
    reader = ScriptedReader(lambda _: "word after word " * 4_000)
    budget = count_text(TALK) // 2
    prompt = find_arm("summary").build(TALK, budget_tokens=budget, profile=GLYPH, reader=reader)
    assert prompt.tokens <= budget
    assert all(count_context(context, GLYPH) <= budget for context in reader.contexts)


def test_a_summary_that_was_cut_off_behind_what_is_kept_of_it_is_kept() -> None:
    """Small models go on and on; what was asked for is there."""
    endless = Reading(text="The key of shop 100 is 1111-A. " * 400, finish_reason="length")
    budget = count_text(TALK) // 2
    reader = ScriptedReader(lambda _: endless)
    prompt = find_arm("summary").build(TALK, budget_tokens=budget, profile=GLYPH, reader=reader)
    assert "The key of shop 100 is 1111-A." in all_text(prompt.context)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(Reading(text="half", finish_reason="length"), "was cut off"), (Reading(text=" "), "is empty")],
)
def test_a_summary_that_is_none_is_an_error(answer: Reading, said: str) -> None:
    """And never an empty memory that is measured as one."""
    with pytest.raises(BadReading, match=said):
        find_arm("summary").build(
            DOCUMENT, budget_tokens=800, profile=GLYPH, reader=ScriptedReader(lambda _: answer)
        )
    with pytest.raises(ReaderRefused, match="none is given"):
        find_arm("summary").build(DOCUMENT, budget_tokens=800, profile=GLYPH)


def test_the_same_prompt_has_the_same_digest_and_another_one_another() -> None:
    """Pictures count by their bytes, texts by their words."""
    arms = [*ARMS, "pages@dpi=96", "pages@style=dark"]
    digests = [build(arm, DOCUMENT, 1.0).digest for arm in arms]
    assert digests == [build(arm, DOCUMENT, 1.0).digest for arm in arms]
    # The window and the summary are the whole text here, recall is focus, and the planner has pages with their ledger.
    assert len(set(digests)) == len(arms) - 4


def test_a_sweep_is_a_list_of_arms() -> None:
    """Each draws as its name says."""
    tokens = [build(f"pages@style=glyph@dpi={dpi}", DOCUMENT).tokens for dpi in (72, 96, 120)]
    assert tokens == sorted(tokens) and len(set(tokens)) == 3
    style = find_arm("pages@style=code@size=12").build_style(GLYPH)  # type: ignore[attr-defined]  # of pages
    assert (style.font_size_pt, style.font) == (12, "mono")
    dense = find_arm("pages@style=dense").build_style(GLYPH)  # type: ignore[attr-defined]  # of pages
    assert dense.newline_mark == GLYPH.newline_mark
    assert PagesArm("dark", dpi=96, has_ledger=True).name == "pages+ledger@style=dark@dpi=96"
    assert (
        PagesArm(PageStyle.glyph()).name
        == PagesArm(PageStyle.glyph()).name
        != PagesArm(PageStyle.dark()).name
    )


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("page", PolicyError, "no arm 'page'; did you mean 'pages'"),
        ("text@dpi=72", PolicyError, "'text' takes no setting"),
        ("pages@dots=72", PolicyError, "'dots=72' of the arm 'pages@dots=72' is no setting"),
        ("pages@dpi", PolicyError, "'dpi' of the arm"),
        ("pages@dpi=96@dpi=120", PolicyError, "'dpi' of the arm 'pages@dpi=96@dpi=120' is given twice"),
        ("pages@dpi=many", StyleError, "dpi='many' of the arm 'pages@dpi=many' is no number"),
        ("pages@style=fancy", StyleError, "no page style 'fancy' for an arm"),
        ("pages@size=900", StyleError, "no wider than one letter"),
        ("", PolicyError, "no arm ''"),
    ],
)
def test_an_arm_that_is_none_is_refused_by_name(name: str, error: type[GlyphMemoryError], said: str) -> None:
    """Before anything is asked, in one line."""
    with pytest.raises(error, match=said):
        find_arm(name)


def test_a_conversation_of_tool_calls_is_shown_by_every_arm() -> None:
    """Cut wherever the budget has it."""
    talk = Sample(
        id="agent",
        question="What is the shop's own number?",
        answers=("0049-30-5550100",),
        turns=agent_conversation(turns=40).turns,
    )
    for arm in ARMS:
        prompt = build(arm, talk, 1.0 if arm == "text" else 0.6)
        assert find_question(prompt.context) == talk.question


def test_pieces_joined_are_the_text() -> None:
    """No character is lost or doubled, whatever ends a line."""
    for text in ("", "one", "a\r\nb\x0bc\n\n", "x" * 1_000, "word " * 500, "ä\u2028b " * 300):
        assert "".join(cut_pieces(text)) == text
        assert max(map(len, cut_pieces(text)), default=0) <= 400


@pytest.mark.parametrize("first", [0, 1, 7, 19, 20])
@pytest.mark.parametrize("guess", [0, 3, 7, 12, 20])
def test_a_guess_is_adjusted_to_the_first_that_fits(first: int, guess: int) -> None:
    """From above and from below."""
    fits: Callable[[int], bool] = lambda number: number >= first  # noqa: E731
    assert adjust_count(guess, of=20, fits=fits) == first
