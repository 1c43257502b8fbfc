"""What the fold's tests share: costs that can be counted in one's head, and short ways to say things."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, reduce

from hypothesis import strategies as st

from glyph_memory.folding import (
    Costs,
    DrawnRun,
    Fold,
    FoldPolicy,
    PageCapacity,
    SealedAttachment,
    SealedPage,
    SealedPicture,
    run_digest,
    step,
)
from glyph_memory.transcript import Attachment, Role, ToolCall, Turn

HARD = "0x"
"""A turn that begins with this costs as a page what it costs as text, as hashes do."""
PICTURE = b"picture"
"""Takes ten tokens in a message, and five beside a page."""

SMALL = FoldPolicy(
    unseen="pages",
    window_tokens=1000, tools_tokens=0, output_tokens=100, keep_recent_tokens=10, seal_tokens=20, trigger_tokens=50,
    max_run_tokens=60, pinned_tokens=20, min_ratio=1.5,
)  # fmt: skip
"""Seals when more than 50 words are text, so that at least 10 stay."""


@cache
def _words(text: str) -> int:
    return len(text.split())


def words_of(turn: Turn) -> int:
    """How many words a turn has."""
    return _words(turn.text)


@dataclass(kw_only=True)
class WordCosts:
    """A word is a token, and a page holds thirty words for ten tokens; whatever is asked is written down."""

    fingerprint: str = "words"
    page_words: int = 30
    page_tokens: int = 10
    page_bytes: int = 100
    page_characters: int = 10**9
    """So many that nothing is ever skipped, unless a test says otherwise."""
    counted: list[int | None] = field(default_factory=list)
    """Anchors of the turns whose text was counted, in order."""
    bound: list[tuple[int | None, ...]] = field(default_factory=list)
    """Anchors of the runs that were drawn, in order."""

    def count_message_tokens(self, turn: Turn) -> int:
        """A word, a token; calls are free."""
        self.counted.append(turn.anchor)
        return words_of(turn)

    def count_content_tokens(self, turns: Sequence[Turn]) -> int:
        """The same: no template, no ids."""
        return sum(words_of(turn) for turn in turns)

    def count_picture_tokens(self, turn: Turn) -> int:
        """Ten for each, and seven for each attachment."""
        return 10 * len(turn.images) + 7 * len(turn.attachments)

    def measure_page(self) -> PageCapacity:
        """Thirty words."""
        return PageCapacity(
            characters=self.page_characters, tokens=self.page_tokens, pixels=28 * 28, bytes=self.page_bytes
        )

    def draw_run(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> DrawnRun:
        """Fill pages with words; the ledger is one line that says what it was allowed."""
        self.bound.append(tuple(turn.anchor for turn in turns))
        words = sum(words_of(turn) for turn in turns)
        hard = sum(words_of(turn) for turn in turns if turn.text.startswith(HARD))
        said = run_digest(turns)
        pages = tuple(
            SealedPage(
                number=number,
                digest=hashlib.sha256(f"{said} {number} {self.fingerprint}".encode()).hexdigest(),
                size=(28, 28),
                tokens=self.page_tokens,
                bytes=self.page_bytes,
                anchors=(turns[0].anchor or 0, turns[-1].anchor or 0),
            )
            for number in range(first_page, first_page + max(1, -(-words // self.page_words)))
        )
        return DrawnRun(
            pages=pages,
            pictures=self.describe_pictures(turns),
            attachments=self.describe_attachments(turns),
            ledger=(f"at most {ledger_tokens}",),
            ledger_omitted=1,
            tokens=self.page_tokens * len(pages) + hard,
        )

    def count_name_tokens(self, turns: Sequence[Turn]) -> int:
        """One token."""
        return 1

    def count_quote_tokens(self, turns: Sequence[Turn]) -> int:
        """A token more for each turn."""
        return sum(words_of(turn) + 1 for turn in turns)

    def describe_pictures(self, turns: Sequence[Turn]) -> tuple[SealedPicture, ...]:
        """All of them, but for those that are no picture."""
        return tuple(
            SealedPicture(
                anchor=turn.anchor or 0, position=position, size=(14, 14), tokens=5, bytes=len(data)
            )
            if data == PICTURE
            else SealedPicture(anchor=turn.anchor or 0, position=position, size=None, tokens=0)
            for turn in turns
            for position, data in enumerate(turn.images, 1)
        )

    def describe_attachments(self, turns: Sequence[Turn]) -> tuple[SealedAttachment, ...]:
        """The first of each turn, for three tokens; the others are left out."""
        return tuple(
            SealedAttachment(
                anchor=turn.anchor or 0,
                position=position,
                name=one.name,
                is_sent=position == 1,
                tokens=3,
                bytes=2,
            )
            for turn in turns
            for position, one in enumerate(turn.attachments, 1)
        )


def say(
    role: Role,
    words: int,
    *,
    first: str = "w",
    calls: Sequence[str] = (),
    answers: str | None = None,
    images: int = 0,
    pinned: bool = False,
    anchor: int | None = None,
) -> Turn:
    """A turn of so many words; `first` is the first of them."""
    return Turn(
        role=role,
        text=" ".join([first, *["w"] * (words - 1)]) if words else "",
        tool_calls=tuple(ToolCall(name="look", arguments="{}", id=call) for call in calls),
        tool_call_id=answers,
        images=(PICTURE,) * images,
        pinned=pinned,
        anchor=anchor,
    )


def user(words: int, *, first: str = "w", pinned: bool = False, images: int = 0) -> Turn:
    """A user's turn."""
    return say("user", words, first=first, pinned=pinned, images=images)


def assistant(words: int, *calls: str, first: str = "w") -> Turn:
    """An assistant's, with calls of these ids."""
    return say("assistant", words, first=first, calls=calls)


def result(words: int, answers: str | None = None, *, first: str = "w") -> Turn:
    """A tool's, which answers the call of an id."""
    return say("tool", words, first=first, answers=answers)


def system(words: int) -> Turn:
    """A system turn."""
    return say("system", words)


def one_by_one(turns: Sequence[Turn], *, policy: FoldPolicy = SMALL, costs: Costs | None = None) -> Fold:
    """Fold as a memory does: a step for every turn."""
    costs = costs or WordCosts()
    return reduce(lambda begun, turn: step(begun, turn, policy=policy, costs=costs), turns, Fold())


def spelled(folded: Fold) -> str:
    """A fold in short: `1 | 2 3 | 4` is a head, one seal that is pages, a tail.

    A text seal has a `t`, a evicted one brackets, and the repeated request stands behind an `r`.
    """
    parts = [" ".join(str(turn.anchor) for turn in folded.head)]
    for seal in folded.seals:
        run = " ".join(map(str, seal.anchors)) + (" t" if seal.kind == "text" else "")
        parts.append(f"({run})" if seal in folded.evicted_seals else run)
    parts.append(" ".join(str(recent.turn.anchor) for recent in folded.tail))
    return " | ".join(parts) + (f" r{folded.request.anchor}" if folded.request is not None else "")


def places(folded: Fold) -> list[int | None]:
    """The anchors of all that is in a fold, in order."""
    sealed = [anchor for seal in (*folded.evicted_seals, *folded.visible_seals) for anchor in seal.anchors]
    head = [turn.anchor for turn in folded.head]
    return [*head, *sealed, *(recent.turn.anchor for recent in folded.tail)]


def _menu() -> list[Turn]:
    """Any turn, likely and unlikely, the plainest first."""
    sizes = (5, 20, 0, 1, 12, 35, 90, 5, 20, 51, 400, 1500)
    menu = [say(role, words) for words in sizes for role in ("user", "assistant")]
    menu += [
        say("assistant", words, calls=calls) for words in (0, 9, 70) for calls in ("a", "b", "ab", "aa", [""])
    ]
    menu += [result(words, answers) for words in (3, 25, 120) for answers in ("a", "b", "c", "", None)]
    menu += [say(role, words, first=HARD) for words in (15, 60, 500) for role in ("assistant", "tool")]
    menu += [user(words, pinned=True, images=images) for words in (4, 30) for images in (0, 3)]
    menu += [replace(result(4, "a"), images=(PICTURE, b"no picture"))]
    contract, call = Attachment(block="{}", name="a.pdf"), Attachment(block="{}", name="b.mp3")
    menu += [
        replace(user(12), attachments=(contract,)),
        replace(result(4, "a"), attachments=(contract, call)),
    ]
    return [*menu, say("assistant", 10, first="v"), system(8), system(70)]


turns = st.sampled_from(_menu())
heads = st.lists(st.sampled_from([system(0), system(9), system(60)]), max_size=2)
conversations = st.tuples(
    heads, st.integers(0, 40).flatmap(lambda length: st.lists(turns, min_size=length, max_size=40))
).map(lambda parts: [*parts[0], *parts[1]])


@st.composite
def policies(draw: st.DrawFn) -> FoldPolicy:
    """Policies that can work, small enough for a conversation of forty turns to meet all of its limits."""
    keep, seal = draw(st.integers(1, 30)), draw(st.integers(1, 40))
    policy = FoldPolicy(
        window_tokens=10_000,
        output_tokens=0,
        keep_recent_tokens=keep,
        seal_tokens=seal,
        trigger_tokens=keep + seal + draw(st.integers(0, 60)),
        max_run_tokens=seal + draw(st.integers(0, 80)),
        min_ratio=draw(st.sampled_from([1, 1.3, 2, 2.9])),
        late_triggers=draw(
            st.sampled_from([(), (), ((1, 100),), ((8, 400), (30, 5000), (60, 1)), ((9, 9000),)])
        ),
        ledger_share=draw(st.sampled_from([0, 1 / 16])),
        pinned_tokens=10,
        unseen=draw(st.sampled_from(["text", "pages"])),
        max_images=draw(st.sampled_from([None, None, None, 2, 9, 24])),
        max_request_px=draw(st.sampled_from([None, None, None, 16 * 28 * 28])),
        max_request_bytes=draw(st.sampled_from([None, None, None, 1600])),
    )
    room = policy.seal_budget_tokens(head_tokens=0) - draw(
        st.sampled_from([seal, 100 + seal, 400, 1000, 5000])
    )
    return replace(policy, window_tokens=10_000 - max(0, room))
