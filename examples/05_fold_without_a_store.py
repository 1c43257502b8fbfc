"""Fold messages that somebody else keeps, as a framework does: only a bookmark is kept beside them, small plain JSON.

python examples/05_fold_without_a_store.py
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from glyph_memory import (
    Bookmark,
    FoldedHistory,
    Folding,
    KeptMessage,
    PlannedMessage,
    PlannedTurn,
    RequestPlan,
    Text,
    TextCleaner,
    TokenCounts,
    Turn,
)
from glyph_memory.testing import agent_conversation


@dataclass(frozen=True)
class Said:
    """Somebody's own message."""

    id: str
    turn: Turn


@dataclass
class Agent:
    """Somebody who keeps the messages, and one small state beside them."""

    messages: list[Said] = field(default_factory=list)
    state: str = field(default_factory=lambda: json.dumps(Bookmark().to_json()))


FOLDING = Folding[Said](
    "qwen3-vl",
    turn_of=lambda said: said.turn,
    key_of=lambda said: (
        said.id,
        said.turn.text,
    ),  # cheap: compared for every message that is shown, on each call
    name_of=lambda said: said.id,  # stands for a message that has left the prompt
)


def prompt_of(agent: Agent) -> FoldedHistory[Said]:
    """Fold what there is now, and keep the bookmark."""
    folded = FOLDING.fold(agent.messages, Bookmark.from_json(json.loads(agent.state)))
    agent.state = json.dumps(folded.bookmark.to_json())
    if folded.notice:
        print(f"  {folded.notice}")
    return folded


def show(plan: RequestPlan, cleaner: TextCleaner, counts: TokenCounts) -> None:
    """A request is written from its plan: parts of ours, then turns, in the form that a server wants them."""
    for planned in plan.messages[:3]:
        texts = [part.text for part in planned.before if isinstance(part, Text)]
        texts += [f"{told.heading}{cleaner.clean_message(told.turn)}" for told in planned.turns]
        print(f"  {outline(planned)}: {sum(map(counts.count, texts)):,} tokens of text")


def outline(planned: PlannedMessage) -> str:
    """What a message holds, in words."""
    pages = sum(not isinstance(part, Text) for part in planned.before)
    return ", ".join([planned.role, *([f"{pages} pages"] if pages else []), *map(name, planned.turns)])


def name(told: PlannedTurn) -> str:
    """What is said of a recent message: all of it, or the result or the pictures that a user has to tell."""
    return f"{told.shows} {told.place + 1}"


def sent(kept: KeptMessage[Said]) -> str:
    """A recent message goes out as it came, but for what servers do not take."""
    return FOLDING.binder.cleaner.clean_message(kept.turn)


def main() -> None:
    """Let a conversation grow, then answer one turn anew: what was sealed before it stays as it is."""
    agent = Agent()
    talk = [Said(f"message-{number}", turn) for number, turn in enumerate(agent_conversation(turns=900))]

    for length in (300, 600, 900):
        agent.messages = talk[:length]
        folded = prompt_of(agent)
        print(
            f"{length} messages: {len(folded.images)} pages, {len(folded.recent)} messages as text; "
            f"the bookmark has {len(agent.state):,} characters"
        )
    show(folded.plan_request(), FOLDING.binder.cleaner, FOLDING.binder.counts)
    print(f"the last one: {sent(folded.recent[-1])!r}")

    before = folded.fold.seals
    agent.messages = [*talk]
    agent.messages[700] = Said("another", Turn(role="assistant", text="On second thought: roll it back."))
    folded = prompt_of(agent)
    unchanged = sum(one == other for one, other in zip(before, folded.fold.seals, strict=False))
    print(f"after an edit of message 700: {unchanged} of {len(before)} seals are as they were")
    print(f"found again: {folded.recall('roll it back', k=1)[0].text!r}")


if __name__ == "__main__":
    main()
