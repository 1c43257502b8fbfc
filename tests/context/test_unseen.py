"""What the model has not answered is shown as it came, or its loss is told: in the request, and to the user."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from io import BytesIO
from string import ascii_letters

import pytest
from PIL import Image

from glyph_memory.context import Binder, Context, ImagePart, Text, context_from_turns, repeat_turns
from glyph_memory.folding import Fold, FoldPolicy, step
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import ToolCall, Turn

WINDOWS = (2_048, 4_096, 8_192, 16_384, 32_768)
PROFILES = ("glyph", "qwen2.5-vl", "gemma-3", "internvl3", "pixtral")
_WORDS = [
    "the",
    "parcel",
    "left",
    "by",
    "noon",
    "order",
    "ship",
    "gate",
    "code",
    "4711-B",
    "0x7ffd",
    "§",
    "433",
    "config.yaml",
    "True",
    "None",
    "{}",
    "[1,",
    "2]",
    "café",
    "中文",
]


@cache
def _corpus() -> str:
    dice = random.Random(5)
    lines = (" ".join(dice.choices(_WORDS, k=dice.randint(1, 30))) for _ in range(30_000))
    return "\n".join(lines)


def _text(dice: random.Random, largest: int) -> str:
    size = int(largest ** dice.random())
    start = dice.randrange(len(_corpus()))
    return (_corpus()[start:] + _corpus())[:size]


@cache
def picture(width: int, height: int) -> bytes:
    """A picture of a size; plain, so that it is small."""
    stream = BytesIO()
    Image.new("RGB", (width, height), (width % 256, height % 256, 7)).save(stream, "PNG")
    return stream.getvalue()


def _pictures(dice: random.Random) -> tuple[bytes, ...]:
    sizes = ((56, 56), (640, 480), (1600, 1200), (2400, 1800), (9000, 20))
    count = dice.choice((0, 0, 0, 1, 2, 12))
    return tuple(picture(*dice.choice(sizes)) for _ in range(count))


def conversation(seed: int, *, largest: int) -> Iterator[Turn]:
    """A conversation of all that there is: long results in batches, pictures, several users in a row, open calls."""
    dice = random.Random(seed)
    if dice.random() < 0.5:
        yield Turn(role="system", text="Be brief.")
    for place in range(dice.randint(2, 8)):
        for _ in range(dice.choice((1, 1, 1, 2, 5))):
            yield Turn(
                role="user", text=_text(dice, largest), images=_pictures(dice), pinned=dice.random() < 0.1
            )
        for turn in range(dice.randint(0, 3)):
            calls = tuple(
                ToolCall(name="read", arguments=f'{{"path": "{_text(dice, 30).split()[:1]}"}}'.replace("'", ""),
                         id=f"{place}-{turn}-{number}")
                for number in range(dice.choice((1, 1, 2, 6)))
            )  # fmt: skip
            yield Turn(role="assistant", text=_text(dice, 300), tool_calls=calls)
            for call in calls:
                yield Turn(role="tool", name="read", tool_call_id=call.id, text=_text(dice, largest) or "ok",
                           images=_pictures(dice) if dice.random() < 0.2 else ())  # fmt: skip
        yield Turn(role="assistant", text=_text(dice, 500))


def requests(turns: Sequence[Turn], binder: Binder) -> Iterator[tuple[Fold, list[Turn], Context]]:
    """Each request before an assistant's turn: the fold, what was said so far, and what is sent."""
    folded, said = Fold(), list[Turn]()
    for turn in turns:
        if turn.role == "assistant":
            yield folded, said, context_from_turns(folded, said, binder=binder)
        folded = step(folded, turn, policy=binder.policy, costs=binder)
        said.append(turn)


def check(folded: Fold, said: Sequence[Turn], context: Context, binder: Binder) -> None:
    """Raise where a request breaks a rule."""
    policy = binder.policy
    assert binder.counts.count_context(context) <= policy.prompt_tokens
    assert policy.max_images is None or len(context.images) <= policy.max_images
    texts = [part.text for message in context.messages for part in message.parts if isinstance(part, Text)]
    whole, lost = "\n".join(texts), {loss.anchor for loss in context.losses}
    are_hidden = any(" calls of §" in loss.message for loss in context.losses)
    answered = max((at for at, turn in enumerate(said, 1) if turn.role == "assistant"), default=0)
    sent = [(part.anchors, part.number) for part in context.images if part.kind == "picture"]
    for anchor, turn in enumerate(said, 1):
        if anchor <= answered or turn.role == "system" or (are_hidden and turn.role == "tool"):
            continue
        pictures = [((anchor, anchor), number) for number in range(1, len(turn.images) + 1)]
        is_whole = binder.cleaner.clean_message(turn) in whole and all(one in sent for one in pictures)
        assert is_whole or anchor in lost or any(seal.is_unseen for seal in folded.seals), anchor
        is_sealed = any(anchor in seal.anchors for seal in folded.seals)
        if not is_sealed and anchor in lost and turn.text and binder.cleaner.clean_message(turn) not in whole:
            assert f"(§{anchor})" in whole
    results = {message.tool_call_id: message for message in context.messages if message.role == "tool"}
    sealed = {anchor for seal in folded.visible_seals for anchor in seal.anchors}
    for anchor, turn in enumerate(said, 1):
        if anchor > answered and turn.role == "tool" and turn.text.strip():
            is_sealed = policy.unseen == "pages" and anchor in sealed
            is_told = are_hidden and turn.tool_call_id not in results
            assert is_sealed or is_told or results[turn.tool_call_id].text


@pytest.mark.parametrize("seed", range(10))
def test_every_unanswered_turn_is_shown_whole_or_its_loss_is_told(seed: int) -> None:
    """At every request of a random conversation, within the window by the profile's own count."""
    check_conversation(seed, largest=20_000)


def check_conversation(seed: int, *, largest: int) -> None:
    """Check every request of a conversation that a number stands for."""
    dice = random.Random(seed)
    profile = replace(ModelProfile.from_name(dice.choice(PROFILES)), window_tokens=dice.choice(WINDOWS))
    policy = FoldPolicy.for_profile(profile)
    policy = replace(
        policy,
        unseen=dice.choice(("text", "text", "pages")),
        max_images=dice.choice((policy.max_images, policy.max_images, 2, 8)),
    )
    binder = Binder(profile, policy=policy, captions=dice.choice(("text", "page")))
    for folded, said, context in requests([*conversation(seed, largest=largest)], binder):
        check(folded, said, context, binder)


def test_a_photo_in_the_newest_message_is_sent_as_it_came() -> None:
    """At its full size, byte for byte; once it was answered and sealed, it is scaled."""
    photos = (picture(4032, 3024), picture(4032, 3000))
    ask = Turn(role="user", text="Compare the small print.", images=photos)
    binder = Binder("glyph")
    folded = step(Fold(), ask, policy=binder.policy, costs=binder)
    context = context_from_turns(folded, [ask], binder=binder)
    assert tuple(image.data for image in context.images) == photos
    assert context.losses == ()


def test_a_page_of_ours_is_never_scaled() -> None:
    """Recognized by what its file says; what is left out is left out whole."""
    from glyph_memory.typesetting import typeset

    page, *_ = typeset("Clause 17 binds both parties. " * 400)
    files = tuple(page.png() for _ in range(40))
    binder = Binder(replace(ModelProfile.from_name("glyph"), window_tokens=8_192))
    ask = Turn(role="user", text="What does clause 17 say?", images=files)
    folded = step(Fold(), ask, policy=binder.policy, costs=binder)
    context = context_from_turns(folded, [ask], binder=binder)
    assert {image.size for image in context.images} == {page.size}
    assert {loss.kind for loss in context.losses} == {"left out"}
    assert 0 < len(context.images) < 40


def pages_of(context: Context, anchor: int) -> list[ImagePart]:
    """The pages that show one turn."""
    return [image for image in context.images if image.kind == "page" and image.anchors == (anchor, anchor)]


@pytest.mark.parametrize("window_tokens", [1_024, 4_096, 16_384])
def test_more_calls_than_there_is_room_for_are_told_in_a_line(window_tokens: int) -> None:
    """The newest are shown with their results; none is without a word, and no result is without its call."""
    calls = tuple(
        ToolCall(name="read", arguments=f'{{"path": "{number}.py"}}', id=f"c{number}")
        for number in range(300)
    )
    said = [Turn(role="user", text="Read all."), Turn(role="assistant", tool_calls=calls)]
    said += [Turn(role="tool", name="read", tool_call_id=call.id, text="x = 1\n" * 9) for call in calls]
    binder = Binder("glyph", window_tokens=window_tokens)
    folded = Fold()
    for turn in said:
        folded = step(folded, turn, policy=binder.policy, costs=binder)
    context = context_from_turns(folded, said, binder=binder)
    assert binder.counts.count_context(context) <= binder.policy.prompt_tokens
    asks = next(message for message in context.messages if message.tool_calls)
    results = [message.tool_call_id for message in context.messages if message.role == "tool"]
    assert (
        [call.id for call in asks.tool_calls]
        == results
        == [f"c{at}" for at in range(300 - len(results), 300)]
    )
    assert f"{300 - len(results)} more calls were made before these" in asks.text
    assert context.losses[-1].message.startswith(f"{300 - len(results)} of 300 calls of §2")


@pytest.mark.parametrize("window_tokens", [2_048, 8_192, 32_768])
def test_many_messages_without_an_answer_become_pages_or_leave_and_both_are_told(window_tokens: int) -> None:
    """The newest is text; two losses at the most say which became pages, and which left."""
    dice = random.Random(3)
    said = [
        Turn(role="user", text=f"{number}: " + "".join(dice.choices(ascii_letters, k=100)))
        for number in range(600)
    ]
    binder = Binder("glyph", window_tokens=window_tokens)
    folded = Fold()
    for turn in said:
        folded = step(folded, turn, policy=binder.policy, costs=binder)
    context = context_from_turns(folded, said, binder=binder)
    assert binder.counts.count_context(context) <= binder.policy.prompt_tokens
    assert said[-1].text in context.messages[-1].text
    assert context.images
    assert {loss.kind for loss in context.losses} <= {"pages", "left out"}
    assert 1 <= len(context.losses) <= 2


def test_nothing_is_said_to_follow_where_nothing_follows() -> None:
    """A request that is sealed at once, since its policy wants that, is the last thing that is sent."""
    policy = FoldPolicy(
        window_tokens=8_192, unseen="pages", trigger_tokens=600, keep_recent_tokens=64, seal_tokens=128
    )
    ask = Turn(role="user", text="Who signed it off? " * 300)
    binder = Binder("glyph", policy=policy)
    folded = step(Fold(), ask, policy=policy, costs=binder)
    assert folded.tail == ()
    (message,) = context_from_turns(folded, [ask], binder=binder).messages
    assert "§1 user, asked last:" in message.text
    asked = context_from_turns(folded, [ask], binder=binder, question="And when?")
    assert "§1 user, asked before what follows:" in asked.messages[0].text


def test_a_head_that_leaves_no_room_for_a_page_is_told_once() -> None:
    """With what takes the room."""
    binder = Binder("glyph", window_tokens=4_096)
    said = [Turn(role="system", text="Be brief. " * 700)]
    for number in range(40):
        said += [
            Turn(role="user", text=f"Where is {number}? " * 20),
            Turn(role="assistant", text="On its way. " * 20),
        ]
    folded = Fold()
    for turn in said:
        folded = step(folded, turn, policy=binder.policy, costs=binder)
    context = context_from_turns(folded, said, binder=binder)
    told = [loss for loss in context.losses if loss.message.startswith("no page of")]
    assert len(told) == 1
    assert told[0].once


def test_that_no_page_fits_is_not_told_where_small_ones_are_shown() -> None:
    """A window of 1,024 tokens has no room for a full page, and shows those of a few turns."""
    binder = Binder("glyph", window_tokens=1_024)
    said = [Turn(role="user" if n % 2 else "assistant", text="On its way. " * 20) for n in range(1, 40)]
    folded = Fold()
    for turn in said:
        folded = step(folded, turn, policy=binder.policy, costs=binder)
    context = context_from_turns(folded, said, binder=binder)
    assert context.images
    assert [loss.message for loss in context.losses if "no page" in loss.message] == []


def test_a_pinned_request_that_is_shortened_is_listed() -> None:
    """It is not shown whole, though somebody wanted it to be."""
    binder = Binder("glyph", window_tokens=16_384)
    said = [Turn(role="user", text="word " * 20_000, pinned=True), Turn(role="assistant", text="Yes.")]
    folded = Fold()
    for turn in said:
        folded = step(folded, turn, policy=binder.policy, costs=binder)
    assert folded.request is not None
    assert repeat_turns(folded, binder).left_out == (1,)
