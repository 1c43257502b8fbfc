"""Fold messages that somebody else keeps, as a framework does: only the seals are kept, small and plain JSON.

python examples/05_fold_without_a_store.py
"""

from __future__ import annotations

import json

from glyph_memory import Binder, Context, Fold, FoldPolicy, ModelProfile, Seal, Turn, context_of, fold
from glyph_memory.testing import agent_conversation


class Agent:
    """Somebody who keeps the messages, and one small state beside them."""

    def __init__(self) -> None:
        self.messages: list[Turn] = []
        self.state = json.dumps({"seals": [], "spent": 0, "epoch": 1})


def prompt_of(agent: Agent, binder: Binder) -> tuple[Fold, Context]:
    """Fold what there is now, keep the seals, and give what to send."""
    state = json.loads(agent.state)
    seals = [Seal.from_json(seal) for seal in state.pop("seals")]
    folded = fold(agent.messages, seals=seals, policy=binder.policy, costs=binder, **state)
    kept = [seal.to_json() for seal in folded.seals]
    agent.state = json.dumps({"seals": kept, "spent": folded.spent, "epoch": folded.epoch})
    return folded, context_of(folded, agent.messages, binder=binder)


def main() -> None:
    """Let a conversation grow, then answer one turn anew: what was sealed before it stays as it is."""
    profile = ModelProfile.named("qwen3-vl")
    binder = Binder(profile, policy=FoldPolicy.for_profile(profile))
    agent, talk = Agent(), agent_conversation(turns=900)

    for length in (300, 600, 900):
        agent.messages = list(talk)[:length]
        folded, context = prompt_of(agent, binder)
        print(
            f"{length} messages: {len(folded.live)} seals, {len(context.images)} pages, {len(folded.tail)} recent "
            f"turns; the state has {len(agent.state):,} characters"
        )

    before = folded.seals
    agent.messages[700] = Turn(role="assistant", text="On second thought: roll it back.")
    folded, _ = prompt_of(agent, binder)
    unchanged = sum(one == other for one, other in zip(before, folded.seals, strict=False))
    print(f"after an edit of message 700: {unchanged} of {len(before)} seals are as they were")


if __name__ == "__main__":
    main()
