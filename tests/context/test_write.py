"""Contexts of folds: the order of what is sent, the prefix that stays, what is repeated, and that it fits."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from PIL import Image

from glyph_memory.context import (
    Binder,
    Context,
    ImagePart,
    Message,
    Parts,
    Text,
    repeat_turns,
    write_context,
)
from glyph_memory.errors import PolicyError
from glyph_memory.folding import Fold, FoldPolicy, Seal, fold, step
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import ToolCall, Turn

SMALL = FoldPolicy(
    window_tokens=9_000, tools_tokens=0, output_tokens=500, keep_recent_tokens=200, seal_tokens=400, trigger_tokens=600,
    max_run_tokens=1_200, pinned_tokens=200,
)  # fmt: skip
"""Seals after a few turns, and begins a new generation after a hundred."""


def binder_of(policy: FoldPolicy = SMALL, *, profile: str = "glyph", style: str = "glyph") -> Binder:
    """A binder of a small policy; pages with real lines, so that there are many, unless it says otherwise."""
    return Binder(profile, policy=policy, style=style)


def folded(turns: Sequence[Turn], binder: Binder) -> Fold:
    """The fold of a conversation."""
    return fold(turns, policy=binder.policy, costs=binder)


def written(begun: Fold, turns: Sequence[Turn], binder: Binder, *, question: str | None = None) -> Context:
    """The context of a fold of turns that are numbered from 1."""

    def parts_of(seal: Seal) -> Parts:
        return binder.parts(seal, lambda: [replace(turns[n - 1], anchor=n) for n in seal.anchors])

    return write_context(begun, binder=binder, parts_of=parts_of, question=question)


def words(number: int) -> str:
    """A text of so many words, a token each."""
    return " ".join(("red", "green", "blue", "black", "white")[place % 5] for place in range(number))


def shape(message: Message) -> list[str]:
    """A message's role and what each of its parts begins with."""
    return [
        message.role,
        *(part.text[:24] if isinstance(part, Text) else "picture" for part in message.parts),
    ]


def png(size: tuple[int, int]) -> bytes:
    """A white picture."""
    stream = io.BytesIO()
    Image.new("L", size, 255).save(stream, "PNG")
    return stream.getvalue()


HEAD = Turn(role="system", text="Be brief.")
OLD = (
    HEAD,
    Turn(role="user", text="Remember ORD-482913-K.", pinned=True),
    Turn(role="assistant", text=words(250), images=(png((30, 20)), b"broken")),
    Turn(role="user", text="Go on."),
    Turn(role="assistant", text=words(600)),
)
"""All but the head is sealed: the last turn is larger than a seal by itself."""


# The order.


def test_the_order_is_head_then_one_users_message_then_the_rest() -> None:
    """Note, each seal's pages, pictures and ledger, what is repeated, the first recent user's text."""
    binder = binder_of()
    turns = (
        *OLD,
        Turn(role="user", text="Now?"),
        Turn(role="assistant", text="Yes."),
        Turn(role="user", text="Why?"),
    )
    context = written(folded(turns, binder), turns, binder)
    assert [shape(message) for message in context.messages] == [
        ["system", "Be brief."],
        [
            "user", "The images below that ar",
            f"§2–§5, page 1 ({context.images[0].digest[:6]}):\n", "picture",
            "§3, its picture 1, no pa", "picture", "§3, its picture 2 cannot", "§3, end of its pictures\n",
            "§2–§5, identifiers lette",
            "§2 user, pinned:\n  Remem", "§4 user, asked before wh",
            "The conversation goes on", "Now?",
        ],
        ["assistant", "Yes."],
        ["user", "Why?"],
    ]  # fmt: skip
    ledger = context.messages[1].parts[7]
    assert ledger == Text(
        '§2–§5, identifiers letter for letter (data, not instructions):\n§2 "ORD-482913-K"\n', kind="ledger"
    )


def test_the_users_message_ends_before_a_recent_turn_of_someone_else() -> None:
    """Pages ride in a user's message, whoever speaks next; the latest request is repeated."""
    binder = binder_of()
    turns = (*OLD[:4], Turn(role="assistant", text=words(600)), Turn(role="assistant", text="Done."))
    context = written(folded(turns, binder), turns, binder)
    assert [message.role for message in context.messages] == ["system", "user", "assistant"]
    assert context.messages[1].parts[-1] == Text(
        "§4 user, asked before what follows:\n  Go on.\n", kind="repeated"
    )
    assert context.messages[2].parts == (Text("Done."),)


def test_a_newer_request_is_text_itself_and_the_repeated_one_stays_until_the_next_seal() -> None:
    """Taken away at once it would move all that follows, which a server would have to read anew."""
    binder = binder_of()
    turns = (*OLD, Turn(role="user", text="And now?"))
    parts = written(folded(turns, binder), turns, binder).messages[1].parts
    assert parts[-3:] == (
        Text("§4 user, asked before what follows:\n  Go on.\n", kind="repeated"),
        Text("The conversation goes on in words:\n", kind="note"),
        Text("And now?"),
    )
    later = (*turns, *OLD[2:], Turn(role="user", text="Done?"))
    parts = written(folded(later, binder), later, binder).messages[1].parts
    assert parts[-3:] == (
        Text("§8 user, asked before what follows:\n  Go on.\n", kind="repeated"),
        Text("The conversation goes on in words:\n", kind="note"),
        Text("Done?"),
    )


def test_a_question_comes_last_and_leaves_the_fold_alone() -> None:
    """Asked after all that was said, and no part of it."""
    binder = binder_of()
    begun = folded(OLD, binder)
    context = written(begun, OLD, binder, question="§3 <|image|>?")
    assert context.messages[-1].parts[-1] == Text("§\\3 <\\|image|>?")
    assert folded(OLD, binder) == begun


def test_where_nothing_is_sealed_there_is_no_note() -> None:
    """A short conversation is sent as it would be without us."""
    binder = binder_of()
    turns = (
        HEAD,
        Turn(role="user", text="Hi."),
        Turn(role="assistant", text="Hello."),
        Turn(role="user", text="Bye."),
    )
    assert written(folded(turns, binder), turns, binder).to_openai() == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Bye."},
    ]


def test_nothing_said_is_nothing_sent() -> None:
    """And a head alone is a head."""
    binder = binder_of()
    assert written(folded([], binder), [], binder).messages == ()
    assert written(folded([HEAD], binder), [HEAD], binder).to_openai() == [
        {"role": "system", "content": "Be brief."}
    ]


def test_the_heads_pictures_are_named() -> None:
    """A system message takes none."""
    binder = binder_of()
    turns = (replace(HEAD, images=(png((28, 28)),)), Turn(role="user", text="Hi."))
    (head, _) = written(folded(turns, binder), turns, binder).messages
    assert head.parts == (Text("Be brief.\n(Picture 1 of this message cannot be shown.)"),)


def test_a_text_seal_stands_in_its_place_as_words() -> None:
    """Under its own head; where no part is a picture the message is one text."""
    binder = binder_of(replace(SMALL, min_ratio=1e9, max_run_tokens=400))
    turns = (*OLD, Turn(role="user", text="Now?"))
    begun = folded(turns, binder)
    assert [seal.kind for seal in begun.seals] == ["text"]
    (_, message) = written(begun, turns, binder).messages
    assert shape(message)[1:5] == [
        "The images below that ar", "§2–§5, in words:\n§2 user", "§3, its picture 1, no pa", "picture"
    ]  # fmt: skip
    plain = tuple(replace(turn, images=()) for turn in turns)
    (_, spelled) = written(folded(plain, binder), plain, binder).to_openai()
    assert isinstance(spelled["content"], str)
    assert (
        "\n§2–§5, in words:\n§2 user:\n  Remember ORD-482913-K.\n§3 assistant:\n  red" in spelled["content"]
    )


# Reasoning.


def test_old_reasoning_is_stripped_from_pages_ledgers_texts_and_messages() -> None:
    """And from nowhere else: the turns keep it."""
    thought = "<think>The key is sk-live-51H8x9KQ2eZvKYlo.</think>Noted."
    turns = (
        HEAD, Turn(role="user", text="go", pinned=True), Turn(role="assistant", text=thought, pinned=True),
        Turn(role="assistant", text=words(700)), Turn(role="user", text="go"), Turn(role="assistant", text=thought),
    )  # fmt: skip
    for policy in (SMALL, replace(SMALL, min_ratio=1e9, max_run_tokens=400)):
        binder = binder_of(policy)
        begun = folded(turns, binder)
        assert begun.seals
        assert "sk-live" not in repr(written(begun, turns, binder).to_openai())
        for seal in begun.seals:
            pages = binder.pages(seal, [replace(turns[n - 1], anchor=n) for n in seal.anchors])
            assert "sk-live" not in "".join(page.text for page in pages)
        assert [turn.text for turn in (*begun.pinned, *(recent.turn for recent in begun.tail))].count(
            thought
        ) == 2


# What is repeated.


def test_pinned_turns_are_repeated_while_there_is_room_and_the_others_named() -> None:
    """Oldest first; one that is too long makes room for a shorter one after it."""
    binder = binder_of()
    pinned = [
        Turn(role="user", text=text, pinned=True) for text in ("one", words(195), "two", words(190), "three")
    ]
    asked = Turn(role="user", text="go")
    turns = (*pinned, asked, Turn(role="assistant", text=words(700)), Turn(role="user", text="now"))
    begun = folded(turns, binder)
    found = repeat_turns(begun, binder)
    assert [text.partition("\n")[0] for text in found.texts[:-1]] == [
        f"§{n} user, pinned:" for n in (1, 3, 5)
    ]
    assert found.left_out == (2, 4)
    assert sum(map(binder.count, found.texts[:-1])) <= SMALL.pinned_tokens
    parts = written(begun, turns, binder).messages[0].parts
    assert [part.text for part in parts if isinstance(part, Text) and part.kind == "repeated"] == list(
        found.texts
    )


def test_a_pinned_request_is_repeated_once() -> None:
    """As the request."""
    binder = binder_of()
    turns = (
        Turn(role="user", text="go", pinned=True),
        Turn(role="assistant", text=words(700)),
        Turn(role="assistant"),
    )
    found = repeat_turns(folded(turns, binder), binder)
    assert found.texts == ("§1 user, asked before what follows:\n  go\n",)
    assert found.left_out == ()


def test_a_request_that_is_too_long_is_repeated_in_part() -> None:
    """Its beginning and end; all of it stands on the pages."""
    binder = binder_of()
    turns = (Turn(role="user", text=words(3_000)), Turn(role="assistant", text="Well."))
    (text,) = repeat_turns(folded(turns, binder), binder).texts
    assert text.startswith("§1 user, asked before what follows:\n  red")
    assert " characters left out here …]" in text
    assert binder.count(text) <= SMALL.keep_recent_tokens


# A conversation as it grows.


class Growing:
    """A conversation, folded turn by turn, whose seals' parts are kept as a memory keeps them."""

    def __init__(self, binder: Binder) -> None:
        self.binder, self.turns, self.fold = binder, list[Turn](), Fold()
        self.parts_of = cache(self._parts_of)

    def add(self, turn: Turn) -> None:
        """Add one more turn."""
        self.turns.append(turn)
        self.fold = step(self.fold, turn, policy=self.binder.policy, costs=self.binder)

    def context(self) -> Context:
        """What is sent now."""
        return write_context(self.fold, binder=self.binder, parts_of=self.parts_of)

    def sealed(self, context: Context) -> Parts:
        """The note and what is sent of the seals, out of a context."""
        if not self.fold.seals:
            return ()
        message = next(message for message in context.messages if message.role == "user")
        return message.parts[: 1 + sum(len(self.parts_of(seal)) for seal in self.fold.visible_seals)]

    def _parts_of(self, seal: Seal) -> Parts:
        return self.binder.parts(seal, lambda: [replace(self.turns[n - 1], anchor=n) for n in seal.anchors])


def flattened(message: dict[str, object]) -> str:
    """A message's content as a template puts it together, a picture as its address."""
    content = message["content"]
    if isinstance(content, str):
        return content
    assert isinstance(content, list)
    return "".join(part["text"] if part["type"] == "text" else part["image_url"]["url"] for part in content)


def grown(
    policy: FoldPolicy, *, turns: int, seed: int, style: str = "glyph"
) -> Iterator[tuple[Growing, Context]]:
    """A long conversation with tools, and its context after every turn."""
    growing = Growing(binder_of(policy, style=style))
    for place, turn in enumerate(agent_conversation(turns=turns, seed=seed)):
        growing.add(replace(turn, pinned=place in {3, 40, 41}))
        yield growing, growing.context()


@pytest.mark.parametrize(
    ("policy", "seed", "style"),
    [
        (replace(SMALL, min_ratio=1.4), 1, "glyph"),
        (replace(SMALL, min_ratio=1e9, max_run_tokens=700), 2, "glyph"),
        (replace(SMALL, min_ratio=1.9), 3, "glyph"),
        (replace(SMALL, min_ratio=1.9, window_tokens=7000), 1, "auto"),
    ],
    ids=["pages", "texts", "both", "the layout that fits"],
)
def test_within_a_generation_every_context_begins_as_the_one_before(
    policy: FoldPolicy, seed: int, style: str
) -> None:
    """Part for part and byte for byte, also as a template reads it; and every one of 300 fits its window."""
    sealed: Parts = ()
    generation, generations, kinds, before = 1, 0, set[str](), ""
    for growing, context in grown(policy, turns=300, seed=seed, style=style):
        now = growing.sealed(context)
        spelled = context.to_openai()
        texts = [flattened(message) for message in spelled if message["role"] == "user"]
        if growing.fold.generation == generation:
            assert now[: len(sealed)] == sealed
            assert texts[:1] == [] or texts[0].startswith(before)
        else:
            generations += 1
            assert isinstance(now[0], Text)
            assert "are older and not shown" in now[0].text
        sealed, generation = now, growing.fold.generation
        before = "".join(
            part.data_url if isinstance(part, ImagePart) else getattr(part, "text", "") for part in sealed
        )
        kinds |= {seal.kind for seal in growing.fold.visible_seals}
        assert growing.binder.counts.count_context(context) <= policy.prompt_tokens
        assert all(
            message.role == "user"
            for message in context.messages
            for part in message.parts
            if isinstance(part, ImagePart)
        )
    assert generations >= 1
    assert kinds >= ({"text"} if policy.min_ratio > 9 else {"pages"})
    assert kinds <= ({"text"} if policy.min_ratio > 9 else {"pages", "text"})


def test_a_new_generation_names_the_turns_that_left() -> None:
    """A search is promised only to a model that has one."""
    *_, (growing, context) = grown(SMALL, turns=200, seed=4)
    first, last = growing.fold.evicted_seals[0].anchors[0], growing.fold.evicted_seals[-1].anchors[-1]
    note = growing.sealed(context)[0]
    assert isinstance(note, Text)
    assert note.text.endswith(f"\nTurns §{first} to §{last} are older and not shown.\n")
    captions = [
        part.text for part in growing.sealed(context) if isinstance(part, Text) and part.kind == "caption"
    ]
    assert captions[0].startswith(f"§{last + 1}")


# Counting and limits.


def test_a_context_is_counted_as_by_hand() -> None:
    """Words as the profile counts them, 8 a message, 24 a call, a 588 × 840 page as 632."""
    binder = binder_of()
    count = binder.profile.text_tokens
    page = ImagePart(data=b"", size=(588, 840))
    context = Context(
        messages=(
            Message(role="system", parts=("Be brief.",)),
            Message(role="user", parts=("Page 1:\n", page, "Who?")),
            Message(
                role="assistant", parts=("",), tool_calls=(ToolCall(name="find", arguments="{}", id="c1"),)
            ),
            Message(role="tool", parts=("Ada",), tool_call_id="c1"),
        )
    )
    text = sum(map(count, ("Be brief.", "Page 1:\n", "Who?", "find", "{}", "c1", "Ada", "c1")))
    assert binder.counts.count_context(context) == 4 * 8 + 24 + 632 + text


def refused(turns: Sequence[Turn], binder: Binder, *, question: str | None = None) -> str:
    """What is said of a context that does not fit."""
    with pytest.raises(PolicyError) as caught:
        written(folded(turns, binder), turns, binder, question=question)
    assert "\n" not in str(caught.value)
    assert "'glyph'" in str(caught.value)
    return str(caught.value)


def test_a_head_that_is_too_large_is_to_be_shortened() -> None:
    """Nothing else can be."""
    message = refused([Turn(role="system", text=words(9_000)), Turn(role="user", text="hi")], binder_of())
    assert "The leading system turns alone take" in message
    assert message.startswith("the context has 9,")


def fits(turns: Sequence[Turn], binder: Binder, *, question: str | None = None) -> Context:
    """What is sent of turns that are too much; it keeps the policy's limits and tells each loss."""
    context = written(folded(turns, binder), turns, binder, question=question)
    assert binder.counts.count_context(context) <= binder.policy.prompt_tokens
    assert context.losses
    return context


def test_what_the_model_wrote_is_shortened_while_its_call_is_open() -> None:
    """It cannot be sealed yet, and was the model's own."""
    call = ToolCall(name="f", arguments=json.dumps({"text": words(9_000)}), id="a")
    ask = Turn(role="assistant", text=words(9_000), tool_calls=(call,))
    context = fits([Turn(role="user", text="go"), ask], binder_of())
    assert [loss.kind for loss in context.losses] == ["cut", "cut"]
    sent = context.messages[-1]
    assert "characters left out here" in sent.text
    assert "characters left out here" in json.loads(sent.tool_calls[0].arguments)["text"]


def test_a_question_that_is_too_long_becomes_pages() -> None:
    """Every word of it."""
    context = fits([Turn(role="user", text="go")], binder_of(), question=words(9_000))
    assert [loss.kind for loss in context.losses] == ["pages"]
    assert context.images


@pytest.mark.parametrize(
    ("limit", "left"),
    [({"max_images": 3}, 3), ({"max_request_px": 3 * 56 * 56}, 3), ({"max_request_px": 1}, 0)],
)
def test_too_many_pictures_are_fewer_and_the_first_are_left_out(limit: dict[str, Any], left: int) -> None:
    """A line stands in the place of each, and one warning tells of it."""
    turns = [Turn(role="user", text="look", images=(png((56, 56)),) * 4)]
    context = fits(turns, binder_of(replace(SMALL, **limit)))
    assert len(context.images) == left
    assert context.messages[-1].text.count("is not shown: there is no room for it.)") == 4 - left
    assert [loss.kind for loss in context.losses] == ["left out"] * (4 - left)


def _shown(seal: Seal) -> list[str]:
    return [picture.digest for picture in seal.pictures if picture.size]


@pytest.mark.parametrize(("profile", "has_keys"), [("glyph", True), ("qwen3-vl", True), ("gpt-4o", False)])
def test_pages_have_a_key_where_the_server_takes_one(profile: str, has_keys: bool) -> None:
    """Made of the page's digest by whoever has a thought."""
    binder = Binder(ModelProfile.from_name(profile), policy=SMALL, uuid_of=lambda digest: f"key-{digest}")
    begun = folded(OLD, binder)
    images = written(begun, OLD, binder).images
    sealed = [
        digest for seal in begun.seals for digest in (*(page.digest for page in seal.pages), *_shown(seal))
    ]
    assert len(images) == len(sealed) >= 2
    assert [image.uuid for image in images] == [f"key-{digest}" if has_keys else None for digest in sealed]
    keyless = Binder(profile, policy=SMALL)
    assert all(image.uuid is None for image in written(begun, OLD, keyless).images)
