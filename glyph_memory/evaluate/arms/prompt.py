"""What is sent for a sample: `Prompt`, and the `Arm` that writes one within a budget of tokens.

Knows contexts and token counts; knows nothing about styles, about who answers, or whether the answer is right.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from glyph_memory.context import Binder, Context, ImagePart, Message, Text, context_from_turns
from glyph_memory.errors import PolicyError
from glyph_memory.evaluate.tasks.sample import NOT_STATED, Sample
from glyph_memory.folding import FoldPolicy, fold
from glyph_memory.readers import Reader
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn

INSTRUCTION = (
    "Answer the last question from what is shown here alone. "
    f"Where it is not told here, or cannot be read, answer: {NOT_STATED}."
)
"""Leads every prompt, the same for all arms."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """What is sent for one sample, and what it costs."""

    context: Context = field(repr=False)
    """For any reader."""
    tokens: int
    """What it costs by the model's own count: text, pages, and the most that a chat template adds."""
    left_out: str = ""
    """What of the sample is not shown in any form, in words; empty where all of it is."""
    making_tokens: int = 0
    """What prompts cost that were needed to make it, as those that a summary is written from."""

    @property
    def images(self) -> int:
        """How many pictures it shows."""
        return len(self.context.images)

    @property
    def digest(self) -> str:
        """SHA-256 of all that is sent, in hex: the same prompt has the same one anywhere."""
        hashed = hashlib.sha256()
        for message in self.context.messages:
            parts = [
                part.text if isinstance(part, Text)
                else [hashlib.sha256(part.data).hexdigest()] if isinstance(part, ImagePart)
                else [part.block]
                for part in message.parts
            ]  # fmt: skip
            calls = [[call.name, call.arguments, call.id] for call in message.tool_calls]
            spelled = json.dumps([message.role, parts, calls, message.tool_call_id])
            hashed.update(spelled.encode("utf-8", "surrogatepass") + b"\n")
        return hashed.hexdigest()


class Arm(ABC):
    """One way to show a sample. Arms are compared at equal budgets of prompt tokens, on the same samples.

    Safe to share among threads.
    """

    name: str
    """What it is called on the command line and in results."""

    @abstractmethod
    def build(
        self, sample: Sample, *, budget_tokens: int, profile: ModelProfile, reader: Reader | None = None
    ) -> Prompt:
        """Return what is sent for a sample; it never costs more than the budget.

        Args:
            sample: What is asked, and about what.
            budget_tokens: The most that the whole prompt may cost.
            profile: The model that counts.
            reader: Who is asked, for arms whose prompt the model itself helps to write.

        Raises:
            PolicyError: It cannot be shown within the budget; the message says what it would take.
            ReaderError: The reader was needed, and gave nothing usable.
        """


def ask_about(sample: Sample, parts: Sequence[Text | ImagePart]) -> Context:
    """Return a context that shows parts, and asks a sample's question behind them."""
    asked = Message(role="user", parts=(*parts, Text(sample.question)))
    return instruct(Context(messages=(asked,)))


def instruct(context: Context) -> Context:
    """Return a context with the instruction in front, in one system message with what the sample has there."""
    told, messages = Text(INSTRUCTION, kind="note"), context.messages
    if messages and messages[0].role == "system":
        first = replace_parts(messages[0], (told, *messages[0].parts))
        return replace(context, messages=(first, *messages[1:]))
    return replace(context, messages=(Message(role="system", parts=(told,)), *messages))


def replace_parts(message: Message, parts: Sequence[Text | ImagePart | object]) -> Message:
    """Return a message with other parts."""
    return replace(message, parts=tuple(parts))  # type: ignore[arg-type]  # parts of a message, some of them new


_ENDLESS = 1 << 30
"""More tokens than any sample has."""


@lru_cache(maxsize=8)
def plain_binder(profile: ModelProfile) -> Binder:
    """Return a binder under whose policy no turns are ever sealed; it counts, and remembers what it counted."""
    policy = FoldPolicy(
        window_tokens=8 * _ENDLESS, output_tokens=0, tools_tokens=0, trigger_tokens=2 * _ENDLESS
    )
    return Binder(replace(profile, window_tokens=8 * _ENDLESS), policy=policy)


def ask_about_turns(sample: Sample, turns: Sequence[Turn], profile: ModelProfile) -> Context:
    """Return a context of turns as messages, and the sample's question behind them."""
    binder = plain_binder(profile)
    folded = fold(turns, policy=binder.policy, costs=binder)
    return instruct(context_from_turns(folded, turns, binder=binder, question=sample.question))


def count_context(context: Context, profile: ModelProfile) -> int:
    """Count a context as the model's profile does, with the most that a chat template adds."""
    return plain_binder(profile).counts.count_context(context)


def refuse_budget(what: str, tokens: int, budget_tokens: int) -> PolicyError:
    """Return the error for what cannot be shown within a budget."""
    return PolicyError(
        f"{what} takes {tokens:,} prompt tokens, and the budget is {budget_tokens:,}; raise the budget, or leave the "
        "arm out there"
    )
