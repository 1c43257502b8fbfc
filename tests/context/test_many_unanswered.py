"""However many turns nobody answered: a request is made, it fits, its room is used, and what it leaves out is told."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory.context import Binder, Context, context_from_turns, plan_request
from glyph_memory.folding import Fold, FoldPolicy, step
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import ToolCall, Turn

GLYPH = ModelProfile.from_name("glyph")


def fold_all(said: list[Turn], binder: Binder) -> Fold:
    """The fold of all turns."""
    folded = Fold()
    for turn in said:
        folded = step(folded, turn, policy=binder.policy, costs=binder)
    return folded


def write(said: list[Turn], binder: Binder, question: str | None = None) -> tuple[Fold, Context]:
    """The fold, and what is sent."""
    folded = fold_all(said, binder)
    return folded, context_from_turns(folded, said, binder=binder, question=question)


def users(count: int, words: int) -> list[Turn]:
    """Messages in a row."""
    return [Turn(role="user", text=f"note {number} the queue was full. " * words) for number in range(count)]


@pytest.mark.parametrize(
    ("window_tokens", "count", "words"), [(1_024, 60, 34), (2_048, 60, 34), (8_192, 300, 300)]
)
@pytest.mark.parametrize("question", [None, "What is full?"])
def test_the_oldest_are_told_in_one_line_and_one_loss(
    window_tokens: int, count: int, words: int, question: str | None
) -> None:
    """The newest are shown, and most of the room is used."""
    binder = Binder("glyph", window_tokens=window_tokens)
    _, context = write(users(count, words), binder, question)
    spent = binder.counts.count_context(context)
    assert 0.5 * binder.policy.prompt_tokens < spent <= binder.policy.prompt_tokens
    (line,) = re.findall(r"^§1–§(\d+): (\d+) turns are not shown, as there is no room for them\.$",
                         "\n".join(message.text for message in context.messages), re.MULTILINE)  # fmt: skip
    assert line[0] == line[1]
    (left,) = [loss for loss in context.losses if loss.kind == "left out"]
    assert left.message.startswith(f"§1 to §{line[0]} ({line[0]} turns) are not shown")
    told = {loss.anchor for loss in context.losses if loss.kind != "left out"}
    text = "\n".join(message.text for message in context.messages)
    whole = {at for at, turn in enumerate(users(count, words), 1) if turn.text.strip() in text}
    assert told | whole == set(range(int(line[0]) + 1, count + 1))
    assert f"note {count - 1} the queue" in "\n".join(message.text for message in context.messages) or any(
        image.anchors == (count, count) for image in context.images
    )


def test_pinned_turns_and_instructions_stay_between_the_hidden_ones() -> None:
    """Each run of hidden turns has its own line, in its place."""
    said = users(40, 200)
    said[7] = replace(said[7], text="Never deploy on Fridays.", pinned=True)
    said[9] = Turn(role="system", text="Answer in French.")
    _, context = write(said, Binder("glyph", window_tokens=4_096))
    text = "\n".join(message.text for message in context.messages)
    places = [
        text.index(one)
        for one in ("§1–§7: 7 turns", "Never deploy on", "§9: 1 turn is", "in French", "§11–§")
    ]
    assert places == sorted(places)


def test_recall_is_named_only_where_the_model_has_it() -> None:
    """As on all other lines."""
    binder = Binder("glyph", window_tokens=2_048)
    folded = fold_all(users(60, 34), binder)
    for can_recall in (False, True):
        plan = plan_request(folded, binder=binder, parts_of=lambda _: (), can_recall=can_recall)
        (line,) = [one for message in plan.messages for one in message.turns if one.shows == "line"]
        assert line.place == 0
        assert line.hidden == tuple(range(1, line.hidden[-1] + 1))
        assert line.parts is not None
        assert ("recall finds them, zoom reads them" in str(line.parts[0])) == can_recall


def mixture(seed: int, count: int, words: int) -> Iterator[Turn]:
    """Turns of all roles, mostly unanswered; a user's comes last, or results without a call."""
    dice = random.Random(seed)
    roles = dice.choice(("u", "uut", "uta", "t"))
    for number in range(count):
        role, size = dice.choice(roles), max(1, int(words * dice.uniform(0.5, 1)))
        text = " ".join([f"w{number}", *dice.choices(("alpha", "beta", "0x7ffd", "order"), k=size)])
        if role == "u":
            yield Turn(role="user", text=text, pinned=dice.random() < 0.03)
        elif role == "t":
            yield Turn(role="tool", name="read", tool_call_id=f"lost-{number}", text=text)
        else:
            calls = tuple(
                ToolCall(name="read", arguments="{}", id=f"{number}-{place}")
                for place in range(dice.choice((0, 1, 20)))
            )
            yield Turn(role="assistant", text=text[:400], tool_calls=calls)
            yield from (Turn(role="tool", name="read", tool_call_id=call.id, text=text) for call in calls)
    yield Turn(role="user", text=" ".join(["last", *dice.choices(("one", "two"), k=words)]))
    yield from [Turn(role="tool", name="read", text="late " * words)] * dice.choice((0, 0, 0, 12))


@settings(settings.get_profile("fuzz"), max_examples=12)
@given(
    seed=st.integers(0, 10**6),
    window_tokens=st.sampled_from((1_024, 1_300, 2_048, 4_096, 8_192, 20_000, 65_536)),
    count=st.sampled_from((1, 3, 20, 90, 300)),
    words=st.sampled_from((1, 20, 200, 1_000)),
)
@example(seed=0, window_tokens=1_024, count=20, words=20)
@example(seed=1, window_tokens=1_024, count=500, words=1_000)
@example(seed=2, window_tokens=2_048, count=20, words=5_000)
def test_a_request_is_made_of_whatever_waits(seed: int, window_tokens: int, count: int, words: int) -> None:
    """Within the window, most of it used where turns are cut, and each that is not whole is told."""
    profile = replace(GLYPH, window_tokens=window_tokens)
    policy = replace(FoldPolicy.for_profile(profile), unseen="pages" if seed % 2 else "text")
    said = [*mixture(seed, count, words)]
    binder = Binder(profile, policy=policy)
    folded, context = write(said, binder, "And now?" if seed % 3 == 0 else None)
    spent = binder.counts.count_context(context)
    assert spent <= policy.prompt_tokens
    text = "\n".join(message.text for message in context.messages)
    last = max(at for at, turn in enumerate(said, 1) if turn.role == "user")
    images = {image.anchors for image in context.images}
    assert "last" in text or (last, last) in images or folded.visible_seals
    told = {loss.anchor for loss in context.losses}
    for loss in context.losses:
        if span := re.match(r"(?:turns )?§(\d+) to §(\d+) ", loss.message):
            told |= set(range(int(span[1]), int(span[2]) + 1))
    answered = max((at for at, turn in enumerate(said, 1) if turn.role == "assistant"), default=0)
    is_called = any(" calls of §" in loss.message for loss in context.losses)
    for recent in folded.tail:
        anchor = recent.turn.anchor or 0
        if anchor > answered and not (is_called and recent.turn.role == "tool"):
            assert anchor in told or binder.cleaner.clean_message(recent.turn) in text
    if any(loss.kind == "cut" for loss in context.losses):
        assert spent >= 0.5 * policy.prompt_tokens
