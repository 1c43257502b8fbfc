"""Write the context of a fold: spell its plan as messages, and check that they keep the model's limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from glyph_memory.context.binder import Binder
from glyph_memory.context.cleaning import message_text
from glyph_memory.context.messages import Context, Message, Part, Parts, Text
from glyph_memory.context.plan import PlannedMessage, PlannedTurn, RequestPlan, plan_request, plan_turns
from glyph_memory.context.sealed import collect_sealed
from glyph_memory.context.wording import tell_lost_attachment, tell_lost_picture
from glyph_memory.errors import PolicyError
from glyph_memory.folding import Fold, Seal, has_open_call
from glyph_memory.messages import AnyMessages, read_messages
from glyph_memory.transcript import ToolCall, Turn


def write_context(
    fold: Fold,
    *,
    binder: Binder,
    parts_of: Callable[[Seal], Parts],
    question: str | None = None,
    can_recall: bool = False,
) -> Context:
    """Return the context of a fold: all messages that are sent.

    Args:
        fold: The conversation.
        binder: The model's.
        parts_of: Gives what is sent of a seal; `Binder.parts`, kept by whoever has the turns.
        question: Asked after all that was said, and no part of it.
        can_recall: Whether the model has tools that find what is not shown.

    Raises:
        PolicyError: The head alone is more than the model takes.
    """
    plan = plan_request(fold, binder=binder, parts_of=parts_of, question=question, can_recall=can_recall)
    return write_plan(plan, binder=binder)


def write_plan(plan: RequestPlan, *, binder: Binder) -> Context:
    """Return the context of a plan: the leading system turns as one message, then a message for each planned one.

    Args:
        plan: What is sent.
        binder: The model's.

    Raises:
        PolicyError: The head alone is more than the model takes.
    """
    head = binder.cleaner.clean("\n\n".join(_spell_head(turn, binder) for turn in plan.head))
    messages = [Message(role="system", parts=[head])] if head else []
    messages += [_spell_message(planned, binder) for planned in plan.messages]
    context = Context(messages=tuple(messages), defused=True, losses=plan.losses)
    if plan.fold is not None:
        _check(context, plan.fold, binder)
    return context


def write_prefix(
    fold: Fold,
    *,
    binder: Binder,
    parts_of: Callable[[Seal], Parts],
    head: Sequence[str] | None = None,
    can_recall: bool = False,
) -> Context | None:
    """Return what stays of the contexts of a fold until its next seal, `Context.stable_prefix`; None without seals.

    Args:
        fold: The conversation.
        binder: The model's.
        parts_of: Gives what is sent of a seal.
        head: The system messages, as whoever spells requests sends them; the fold's own as one message unless given.
        can_recall: Whether the model has tools that find what is not shown.
    """
    if head is None:
        head = [binder.cleaner.clean("\n\n".join(_spell_head(turn, binder) for turn in fold.head))]
    shown = collect_sealed(fold, binder, parts_of, can_recall=can_recall, is_last=False)
    messages = [Message(role="system", parts=[text]) for text in head if text]
    messages.append(Message(role="user", parts=shown))
    return Context(messages=tuple(messages), defused=True).stable_prefix()


def context_from_turns(
    fold: Fold,
    turns: AnyMessages,
    *,
    binder: Binder,
    question: str | None = None,
    can_recall: bool = False,
) -> Context:
    """Return the context of a conversation whose turns are all in memory, as where a framework keeps them.

    Args:
        fold: The conversation's fold.
        turns: All of it, as it was folded.
        binder: The model's.
        question: Asked after all that was said, and no part of it.
        can_recall: Whether the model has tools that find what is not shown.

    Raises:
        PolicyError: The head alone is more than the model takes.
    """
    runs: dict[int, tuple[Turn, ...]] = {}
    given = read_messages(turns).turns
    at = len(fold.head) + sum(last - first + 1 for first, last in fold.compacted_anchors)
    for seal in fold.seals:
        run = given[at : at + len(seal.anchors)]
        runs[seal.number] = tuple(
            replace(turn, anchor=anchor) for turn, anchor in zip(run, seal.anchors, strict=True)
        )
        at += len(seal.anchors)

    def parts_of(seal: Seal) -> Parts:
        return binder.parts(seal, lambda: runs[seal.number])

    return write_context(fold, binder=binder, parts_of=parts_of, question=question, can_recall=can_recall)


def write_turns(turns: Sequence[Turn], binder: Binder) -> list[Message]:
    """Return turns that stay text as messages; the first may not be a user's."""
    return [_spell_message(planned, binder) for planned in plan_turns(turns, cleaner=binder.cleaner)]


def _spell_head(turn: Turn, binder: Binder) -> str:
    lost = [tell_lost_picture(number) for number in range(1, len(turn.images) + 1)]
    lost += [
        tell_lost_attachment(number, binder.cleaner.clean_and_escape(attached.label))
        for number, attached in enumerate(turn.attachments, 1)
    ]
    return "\n".join([message_text(binder.cleaner.strip_escapes(turn)), *lost])


def _spell_message(planned: PlannedMessage, binder: Binder) -> Message:
    if planned.role == "user":
        parts = [part for one in planned.turns for part in write_turn_parts(one, binder)]
        return Message(role="user", parts=(*planned.before, *_separate_texts(parts)))
    (one,) = planned.turns
    escape = binder.cleaner.clean_and_escape
    calls = [(one.turn.tool_calls[number], name) for number, name in one.calls]
    return Message(
        role=planned.role,
        parts=[*_spell_parts(one)] if one.parts is not None else [_spell_text(one, binder)],
        tool_calls=tuple(
            ToolCall(
                name=escape(call.name), arguments=binder.cleaner.clean_arguments(call.arguments), id=name
            )
            for call, name in calls
        ),
        tool_call_id=one.call_id,
    )


def write_turn_parts(planned: PlannedTurn, binder: Binder) -> Iterator[Part]:
    """Yield what a user's message holds of a turn."""
    if planned.parts is not None:
        yield from _spell_parts(planned)
        return
    if planned.shows == "message":
        yield Text(_spell_text(planned, binder))
    elif planned.shows == "result":
        yield Text(f"{planned.heading}\n{_spell_text(planned, binder)}")
        return
    is_shown = False
    for position, data in enumerate(planned.turn.images, 1):
        caption, anchor = planned.caption_picture(position), planned.turn.anchor
        picture = binder.show_picture(data, caption.text)
        if picture is None:
            yield Text(tell_lost_picture(position), kind="caption")
            continue
        yield caption
        yield replace(picture, number=position, anchors=None if anchor is None else (anchor, anchor))
        is_shown = True
    if is_shown:
        yield planned.end_pictures()
    for position, attached in enumerate(planned.turn.attachments, 1):
        yield planned.caption_attachment(position, binder.cleaner)
        yield binder.counts.make_attachment_part(attached)
        yield planned.end_attachment(position)


def _spell_parts(planned: PlannedTurn) -> Iterator[Part]:
    """Yield what is sent in place of a turn's content."""
    parts, lines = planned.parts or (), "\n".join(line for _, line in planned.unanswered if line)
    if planned.shows == "result":
        yield Text(f"{planned.heading}\n")
    yield from parts
    if lines:
        yield Text(f"\n{lines}")


def _spell_text(planned: PlannedTurn, binder: Binder) -> str:
    return "\n".join(
        [binder.cleaner.clean_message(planned.turn), *(line for _, line in planned.unanswered if line)]
    )


def _separate_texts(parts: Sequence[Part]) -> Iterator[Part]:
    """End each text that another text follows with a blank line: some templates put nothing between parts."""
    filled = [part for part in parts if not isinstance(part, Text) or part.text] or parts
    for place, part in enumerate(filled):
        after = filled[place + 1] if place + 1 < len(filled) else None
        if isinstance(part, Text) and isinstance(after, Text) and not part.text.endswith("\n"):
            yield replace(part, text=f"{part.text}\n\n")
        else:
            yield part


def _check(context: Context, fold: Fold, binder: Binder) -> None:
    policy, images, attached = binder.policy, context.images, context.attachments
    spent = (
        ("tokens", policy.prompt_tokens, binder.counts.count_context(context)),
        ("images", policy.max_images, len(images) + sum(one.is_image for one in attached)),
        ("pixels", policy.max_request_px, sum(image.size[0] * image.size[1] for image in images)),
        (
            "image bytes",
            policy.max_request_bytes,
            sum(len(image.data) for image in images) + sum(len(one.block) for one in attached),
        ),
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
