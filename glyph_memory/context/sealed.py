"""What a request holds of what is sealed, what is left for recent turns, and which new turns were sealed or left.

Knows folds and what their parts cost; knows nothing about messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from glyph_memory.context.binder import Binder
from glyph_memory.context.cleaning import excerpt
from glyph_memory.context.counting import MESSAGE_TOKENS
from glyph_memory.context.fitting import FittedTail, Room, fit_tail
from glyph_memory.context.losses import Loss, LossKind
from glyph_memory.context.messages import AttachmentPart, ImagePart, Parts, Text
from glyph_memory.context.page_wording import PAGE_CODES_NOTE, explain_marks
from glyph_memory.context.wording import (
    LAST_REQUEST,
    LATEST_REQUEST,
    PAGES_NOTE,
    PINNED,
    head_answered_calls,
    name_evicted,
    tell_answered_call,
)
from glyph_memory.folding import Fold, RecentTurn, Seal
from glyph_memory.transcript import Turn

_OPENING_TOKENS = 48
"""What stands between what is sealed and what is recent, and round the messages of ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatedTurns:
    """The sealed turns that are repeated as text."""

    texts: tuple[str, ...]
    """How they are spelled."""
    left_out: tuple[int, ...]
    """Anchors of pinned turns there was no room for."""


def repeat_turns(fold: Fold, binder: Binder, *, is_last: bool = False) -> RepeatedTurns:
    """Return as text the sealed turns that are pinned, oldest first while there is room, and the latest request.

    Args:
        fold: The conversation.
        binder: The model's.
        is_last: Whether nothing is sent after them.
    """
    policy, texts, left_out, spent = binder.policy, list[str](), list[int](), 0
    for turn in fold.pinned:
        if fold.request is not None and turn.anchor == fold.request.anchor:
            continue
        text = binder.cleaner.quote([turn], remark=PINNED)
        tokens = binder.counts.count(text)
        if spent + tokens > policy.pinned_tokens:
            left_out.append(turn.anchor or 0)
            continue
        texts.append(text)
        spent += tokens
    if fold.request is not None:
        whole = binder.cleaner.quote([fold.request], remark=LAST_REQUEST if is_last else LATEST_REQUEST)
        texts.append(excerpt(whole, at_most_tokens=policy.keep_recent_tokens, count=binder.counts.count))
        if fold.request.pinned and texts[-1] != whole:
            left_out.append(fold.request.anchor or 0)
        texts += _tell_answered_calls(fold, binder)
    return RepeatedTurns(texts=tuple(texts), left_out=tuple(left_out))


def _tell_answered_calls(fold: Fold, binder: Binder) -> list[str]:
    """Return as one text the calls for the latest request whose results left, the newest that there is room for."""
    clean, count, calls = binder.cleaner.clean_and_escape, binder.counts.count, fold.answered_calls
    lines, spent = list[str](), count(head_answered_calls(len(calls)))
    for call in reversed(calls):
        line = tell_answered_call(call.anchor, clean(call.name), " ".join(clean(call.arguments).split()))
        spent += count(f"{line}\n")
        if spent > binder.policy.calls_tokens:
            break
        lines.append(line)
    if not lines:
        return []
    return ["\n".join([head_answered_calls(len(calls) - len(lines)), *reversed(lines)]) + "\n"]


def collect_sealed(
    fold: Fold, binder: Binder, parts_of: Callable[[Seal], Parts], *, can_recall: bool, is_last: bool
) -> Parts:
    """Return all that is sent of what is sealed: the note, each seal's parts, the repeated turns; or nothing.

    Args:
        fold: The conversation.
        binder: The model's.
        parts_of: Gives what is sent of a seal.
        can_recall: Whether the model has tools that find what is not shown.
        is_last: Whether nothing is sent after it.
    """
    if not fold.seals:
        return ()
    note = PAGES_NOTE
    if marks := explain_marks(binder.marked_style):
        note += f"{marks}\n"
    if binder.options.canaries:
        note += PAGE_CODES_NOTE
    if (span := fold.evicted_span) is not None:
        note += name_evicted(*span, can_recall=can_recall)
    sealed = [part for seal in fold.visible_seals for part in parts_of(seal)]
    repeated = [Text(text, kind="repeated") for text in repeat_turns(fold, binder, is_last=is_last).texts]
    return (Text(note, kind="note"), *sealed, *repeated)


def fit_recent(
    fold: Fold,
    binder: Binder,
    *,
    before: Parts,
    question: str | None,
    can_recall: bool,
) -> FittedTail:
    """Return the recent turns, and a question, as they fit into what the head and what is sealed leave free.

    Args:
        fold: The conversation.
        binder: The model's.
        before: What is sent of what is sealed.
        question: Asked after all that was said.
        can_recall: Whether the model has tools that find what is not shown.
    """
    tail, counts, policy = list(fold.tail), binder.counts, binder.policy
    if question is not None:
        asked = Turn(role="user", text=question)
        tail.append(RecentTurn(turn=asked, tokens=counts.count_message(asked)))
    # Parts of a turn are chosen from what is sent of it: what is taken out of it takes no room.
    tail = [replace(recent, turn=binder.cleaner.strip_escapes(recent.turn)) for recent in tail]
    images = [part for part in before if isinstance(part, ImagePart)]
    attached = [part for part in before if isinstance(part, AttachmentPart)]
    spent = fold.head_tokens + counts.count_parts(before) + _OPENING_TOKENS + 2 * MESSAGE_TOKENS
    room = Room(
        tokens=policy.prompt_tokens - spent,
        images=None
        if policy.max_images is None
        else policy.max_images - len(images) - sum(part.is_image for part in attached),
        pixels=None
        if policy.max_request_px is None
        else policy.max_request_px - sum(image.size[0] * image.size[1] for image in images),
        bytes=None
        if policy.max_request_bytes is None
        else policy.max_request_bytes
        - sum(len(image.data) for image in images)
        - sum(len(part.block) for part in attached),
    )
    pages = [seal.pages[-1].number for seal in fold.seals if seal.pages]
    return fit_tail(
        tail,
        room,
        binder=binder,
        request=fold.request.text if fold.request else "",
        first_page=pages[-1] + 1 if pages else 1,
        can_recall=can_recall,
    )


def describe_lost_seals(fold: Fold, binder: Binder) -> Iterator[Loss]:
    """Yield what became pages, or left, before the model had answered it; and that no page fits, where none does."""
    page, policy = binder.measure_page().tokens, binder.policy
    window = f"window_tokens={binder.options.known_window_tokens}"
    shown = any(seal.pages for seal in fold.visible_seals)  # small ones may fit
    if fold.seals and not shown and policy.seal_budget_tokens(head_tokens=fold.head_tokens) < page:
        yield Loss(
            kind="left out",
            anchor=None,
            message=f"no page of {page:,} tokens fits under {window}: the head and tools beyond tools_tokens take "
            f"{fold.head_tokens:,}, tools_tokens={policy.tools_tokens:,}, output_tokens={policy.output_tokens:,}. "
            "Shorten system turns, give fewer tools, or a larger window",
            once=f"no page fits {binder.fingerprint} {fold.head_tokens}",
        )
    if binder.policy.unseen == "pages" or any(recent.turn.role == "assistant" for recent in fold.tail):
        return
    unseen = [*takewhile(lambda seal: seal.is_unseen, reversed(fold.seals))]
    kinds: tuple[tuple[LossKind, str, list[Seal]], ...] = (
        (
            "left out",
            "left unread",
            [seal for seal in unseen if seal.number < fold.oldest or seal.kind == "named"],
        ),
        (
            "pages",
            "became pages before they were read as text",
            [seal for seal in unseen if seal.number >= fold.oldest and seal.kind != "named"],
        ),
    )
    for kind, how, seals in kinds:
        if seals:
            first, last = seals[-1].anchors[0], seals[0].anchors[-1]
            yield Loss(
                kind=kind,
                anchor=first,
                message=f"turns §{first} to §{last} {how}: there is no room for them under {window}. Have the model "
                "answer more often, or take a larger window",
            )
