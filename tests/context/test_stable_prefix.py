"""What stays of a context from question to question: its tokens are the beginning of the next request's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glyph_memory import FoldPolicy, GlyphMemory, PageOptions
from glyph_memory.context import Context, ImagePart, Message, Text
from glyph_memory.context.losses import Loss
from glyph_memory.page import Page
from glyph_memory.testing import agent_conversation
from glyph_memory.typesetting import typeset


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    """Two pages."""
    return typeset("word\n" * 82)


def test_all_but_the_question_stays(pages: list[Page]) -> None:
    """The note, the captions and the pages, as they stand."""
    context = Context.of("Who signed?", pages=pages)
    kept = context.stable_prefix()
    assert kept is not None
    assert kept.messages[0].parts == context.messages[0].parts[:-1]
    assert kept == Context.of("When?", pages=pages).stable_prefix()
    assert kept.stable_prefix() == kept


def test_without_pages_nothing_stays() -> None:
    """A head alone is no document, and no context at all has none."""
    assert Context.of("Who?", pages=[]).stable_prefix() is None
    head = Message(role="system", parts="Be short.")
    assert Context(messages=(head,)).stable_prefix() is None
    assert Context(messages=(head, Message(role="user", parts="Who?"))).stable_prefix() is None
    assert Context(messages=()).stable_prefix() is None


def test_the_head_is_kept_and_losses_are_not(pages: list[Page]) -> None:
    """The losses are about what is new; that special tokens are broken already is true of the beginning, too."""
    lost = Loss(kind="cut", anchor=7, message="§7 is shown in parts")
    asked = replace(Context.of("Who?", pages=pages), defused=True, losses=(lost,))
    head = Message(role="system", parts="Be short.")
    kept = replace(asked, messages=(head, *asked.messages)).stable_prefix()
    assert kept is not None
    assert (kept.messages[0], kept.defused, kept.losses) == (head, True, ())


@pytest.mark.parametrize("end", [Text("§3 said", kind="repeated"), Text("On.", kind="note"), Text("Who?")])
def test_the_beginning_ends_before_what_may_change(end: Text, pages: list[Page]) -> None:
    """A repeated turn, a second note, someone's words: also where a page follows them."""
    first, second = map(ImagePart.of, pages)
    sealed = Text("§1 in words", kind="sealed")
    user = Message(role="user", parts=[Text("Pages.", kind="note"), first, sealed, end, second])
    kept = Context(messages=(user, Message(role="assistant", parts="Ada."))).stable_prefix()
    assert kept == Context(messages=(Message(role="user", parts=user.parts[:3]),))


def test_pictures_before_a_question_stay_and_after_it_do_not(pages: list[Page]) -> None:
    """A scan is a document, too."""
    scan = replace(ImagePart.of(pages[0]), kind="picture")
    kept = Context(messages=(Message(role="user", parts=[scan, "Who?"]),)).stable_prefix()
    assert kept == Context(messages=(Message(role="user", parts=[scan]),))
    assert Context(messages=(Message(role="user", parts=["Who?", scan]),)).stable_prefix() is None


def test_what_stays_of_a_conversation_begins_the_next_request() -> None:
    """Each turn of a long one, new seals or not, until old pages leave: part for part, in the order they are sent."""
    options = PageOptions(policy=FoldPolicy(window_tokens=16_384, keep_recent_tokens=800))
    grown = 0
    with GlyphMemory.open(options=options) as memory:
        before: Context | None = None
        for turn in agent_conversation(turns=90, seed=4, tool_lines=60).turns:
            memory.add(turn)
            context, evicted = memory.context(), memory.fold().evicted_span
            if before is not None and evicted is None:
                *heads, shown = before.messages
                assert context.messages[: len(heads)] == tuple(heads)
                assert context.messages[len(heads)].parts[: len(shown.parts)] == shown.parts
            kept = context.stable_prefix()
            assert (kept is None) == (not memory.fold().seals)
            grown += kept is not None and before is not None and kept != before
            before = kept
    assert grown > 2
