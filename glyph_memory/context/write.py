"""Write the context of a fold: everything the model is shown, in stable order, counted and within its limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from glyph_memory.context.assemble import Parts, assemble
from glyph_memory.context.binder import CALL_TOKENS, MESSAGE_TOKENS, Binder
from glyph_memory.context.messages import Context
from glyph_memory.context.quote import excerpt, message_text, quote_turns
from glyph_memory.context.tail import MessageBuilder
from glyph_memory.errors import PolicyError
from glyph_memory.folding import Fold, Seal, has_open_call
from glyph_memory.transcript import Turn


def write_context(
    fold: Fold, *, binder: Binder, parts_of: Callable[[Seal], Parts], question: str | None = None
) -> Context:
    """Return the context of a fold: all messages that are sent.

    Args:
        fold: The conversation.
        binder: The model's.
        parts_of: Gives what is sent of a seal; `Binder.parts`, kept by whoever has the turns.
        question: Asked after all that was said, and no part of it.

    Raises:
        PolicyError: The head, or recent turns that cannot be sealed, are more than the model takes.
    """
    turns = [recent.turn for recent in fold.tail]
    if question is not None:
        turns.append(Turn(role="user", text=question))
    speller = MessageBuilder(
        clean=binder.clean, clean_and_escape=binder.clean_and_escape, accepts_image=binder.accepts_image
    )
    messages = assemble(
        fold,
        head=binder.clean("\n\n".join(map(_head_text, fold.head))),
        sealed=[parts_of(seal) for seal in fold.visible_seals],
        repeated=repeat_turns(fold, binder).texts,
        recent=speller.build_messages(turns),
    )
    context = Context(messages=tuple(messages), defused=True)
    _check(context, fold, binder)
    return context


def context_from_turns(
    fold: Fold, turns: Sequence[Turn], *, binder: Binder, question: str | None = None
) -> Context:
    """Return the context of a conversation whose turns are all in memory, as where a framework keeps them.

    Args:
        fold: The conversation's fold.
        turns: All of it, as it was folded.
        binder: The model's.
        question: Asked after all that was said, and no part of it.

    Raises:
        PolicyError: The head, or recent turns that cannot be sealed, are more than the model takes.
    """
    runs: dict[int, tuple[Turn, ...]] = {}
    at = len(fold.head) + sum(last - first + 1 for first, last in fold.compacted_anchors)
    for seal in fold.seals:
        run = turns[at : at + len(seal.anchors)]
        runs[seal.number] = tuple(
            replace(turn, anchor=anchor) for turn, anchor in zip(run, seal.anchors, strict=True)
        )
        at += len(seal.anchors)

    def parts_of(seal: Seal) -> Parts:
        return binder.parts(seal, lambda: runs[seal.number])

    return write_context(fold, binder=binder, parts_of=parts_of, question=question)


def _head_text(turn: Turn) -> str:
    lost = (
        f"\n(Picture {number} of this message cannot be shown.)" for number in range(1, len(turn.images) + 1)
    )
    return "".join([message_text(turn), *lost])


def context_tokens(context: Context, binder: Binder) -> int:
    """Count a context's tokens as the model's profile does, with the most that a template adds to messages."""
    tokens = binder.profile.pages_tokens(image.size for image in context.images)
    for message in context.messages:
        tokens += MESSAGE_TOKENS + sum(binder.count(part) for part in message.parts if isinstance(part, str))
        for call in message.tool_calls:
            tokens += (
                CALL_TOKENS + binder.count(call.name) + binder.count(call.arguments) + binder.count(call.id)
            )
        tokens += binder.count(message.tool_call_id or "")
    return tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatedTurns:
    """The sealed turns that are repeated as text."""

    texts: tuple[str, ...]
    """How they are spelled."""
    left_out: tuple[int, ...]
    """Anchors of pinned turns there was no room for."""


def repeat_turns(fold: Fold, binder: Binder) -> RepeatedTurns:
    """Return as text the sealed turns that are pinned, oldest first while there is room, and the latest request."""
    policy, texts, left_out, spent = binder.policy, list[str](), list[int](), 0
    for turn in fold.pinned:
        if fold.request is not None and turn.anchor == fold.request.anchor:
            continue
        text = binder.clean(quote_turns([turn], remark="pinned"))
        tokens = binder.count(text)
        if spent + tokens > policy.pinned_tokens:
            left_out.append(turn.anchor or 0)
            continue
        texts.append(text)
        spent += tokens
    if fold.request is not None:
        limit = policy.keep_recent_tokens
        whole = binder.clean(quote_turns([fold.request], remark="asked before what follows"))
        texts.append(excerpt(whole, at_most_tokens=limit, count=binder.count))
    return RepeatedTurns(texts=tuple(texts), left_out=tuple(left_out))


def _check(context: Context, fold: Fold, binder: Binder) -> None:
    policy, images = binder.policy, context.images
    spent = (
        ("tokens", policy.prompt_tokens, context_tokens(context, binder)),
        ("images", policy.max_images, len(images)),
        ("pixels", policy.max_request_px, sum(image.size[0] * image.size[1] for image in images)),
        ("image bytes", policy.max_request_bytes, sum(len(image.data) for image in images)),
    )
    for unit, limit, used in spent:
        if limit is not None and used > limit:
            raise PolicyError(
                f"the context has {used:,} {unit}, {used - limit:,} more than {binder.profile.name!r} takes under this "
                f"policy. {_advice(fold, binder) if unit == 'tokens' else _PICTURES}"
            )


_PICTURES = "Send fewer or smaller pictures at a time, or raise the policy's limit if the server takes more"


def _advice(fold: Fold, binder: Binder) -> str:
    if fold.head_tokens > binder.policy.prompt_tokens // 2:
        return f"The leading system turns alone take {fold.head_tokens:,} tokens; shorten them"
    if has_open_call([recent.turn for recent in fold.tail]):
        return "A tool call is still open, so nothing is sealed; add its result, or a user's turn"
    return "Raise window_tokens if the server takes more, or ask a shorter question"
