"""What is sent of a conversation of the core as LlamaIndex's messages, and the turns behind each of them.

Knows plans, parts and blocks; knows nothing about chat stores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock, ToolCallBlock
from llama_index.memory.glyph.attached import warn_of_files
from llama_index.memory.glyph.messages import PageImageBlock, make_call_blocks
from llama_index.memory.glyph.origin import Origin, PagesMessage, list_texts
from llama_index.memory.glyph.spelling import to_block
from llama_index.memory.glyph.stored_messages import message_of, to_stored_turn
from llama_index.memory.glyph.told import list_repeated

from glyph_memory import (
    AttachmentPart,
    Binder,
    Context,
    Fold,
    Message,
    ModelProfile,
    Part,
    RequestPlan,
    Seal,
    Text,
    Turn,
    write_plan,
)


def write_session(
    plan: RequestPlan,
    binder: Binder,
    *,
    read_turns: Callable[[], Iterable[Turn]],
    tell: Callable[[Fold, Sequence[str], Sequence[str]], str],
) -> list[ChatMessage]:
    """Return what is sent of a conversation of the core as LlamaIndex's messages; each knows the turns behind it.

    Args:
        plan: What is sent.
        binder: The model's.
        read_turns: Reads all of the conversation again, once what stands on pages is asked for.
        tell: Gives what is sealed in words; for the turns that are repeated, and what the user says after the pages.

    Raises:
        PolicyError: The leading system messages alone are more than the model takes.
    """
    if plan.fold is None:
        raise ValueError("a plan without a fold is nobody's; take one of GlyphMemory.plan_request")
    context = write_plan(plan, binder=binder)
    files = [
        part for message in context.messages for part in message.parts if isinstance(part, AttachmentPart)
    ]
    warn_of_files([(part.name, part.block, part.tokens) for part in files])
    writer = _Writer(fold=plan.fold, profile=binder.profile, read_turns=read_turns, tell=tell)
    return [*writer.write(context, plan)]


@dataclass(frozen=True, kw_only=True)
class _Writer:
    """Writes a context's messages, each with the turns of its plan."""

    fold: Fold
    profile: ModelProfile
    read_turns: Callable[[], Iterable[Turn]]
    tell: Callable[[Fold, Sequence[str], Sequence[str]], str]

    def write(self, context: Context, plan: RequestPlan) -> Iterator[ChatMessage]:
        """Yield the messages."""
        heads = len(context.messages) - len(plan.messages)
        for message in context.messages[:heads]:
            yield self._write_message(message, plan.head, ())
        for place, message in enumerate(context.messages[heads:]):
            told = [
                self.fold.tail[at].turn
                for one in plan.messages[place].turns
                if one.shows != "pictures"
                for at in (one.place, *one.hidden)
            ]
            yield self._write_message(message, told, self.fold.seals if place == 0 else ())

    def _write_message(self, message: Message, told: Sequence[Turn], seals: Sequence[Seal]) -> ChatMessage:
        last = self.fold.seals[-1].anchors[-1] if self.fold.seals else 0
        blocks = [
            to_block(part, self.profile, last_anchor=last)
            for part in message.parts
            if part != Text("") or not message.tool_calls
        ]
        said = [*blocks, *make_call_blocks(message.tool_calls)]
        more = {} if message.tool_call_id is None else {"tool_call_id": message.tool_call_id}
        plain = ChatMessage.model_construct(
            role=MessageRole(message.role), blocks=said, additional_kwargs=more
        )
        if not seals and len(told) == 1 and _is_stored(plain, told[0]):
            return plain
        own, tell = 0, None
        if any(isinstance(block, PageImageBlock) for block in blocks) or seals:
            is_first = any(isinstance(part, Text) and part.kind == "note" for part in message.parts)
            own = next((at for at, part in enumerate(message.parts) if _is_said(part)), len(blocks))
            tell = partial(self.tell, self.fold, list_repeated(message.parts)) if is_first else None
        return PagesMessage.of(
            said,
            role=plain.role,
            more=more,
            origin=Origin(
                own=own,
                tell=tell,
                texts=list_texts(blocks[own:]),
                stored=partial(self._read_stored, last if seals else 0, told),
            ),
        )

    def _read_stored(
        self, last: int, told: Sequence[Turn]
    ) -> tuple[list[ChatMessage], tuple[ChatMessage, ...]]:
        head = {turn.anchor for turn in self.fold.head}
        turns = self.read_turns() if last else ()
        sealed = [turn for turn in turns if turn.anchor not in head and (turn.anchor or 0) <= last]
        return [*map(message_of, sealed)], tuple(map(message_of, told))


def _is_stored(message: ChatMessage, turn: Turn) -> bool:
    """Return whether a message is the one that was stored, and nothing else."""
    is_text = all(isinstance(block, TextBlock | ToolCallBlock) for block in message.blocks)
    return is_text and to_stored_turn(message).origin == turn.origin


def _is_said(part: Part) -> bool:
    return isinstance(part, Text) and part.kind == "said"
