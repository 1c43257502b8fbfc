"""What stands on pages, in words: for whatever takes a message's text alone and drops its pictures.

So do LlamaIndex's history strings, of which a question is condensed, and LLMs that are sent one prompt. Knows folded
histories and turns; knows nothing about messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from glyph_memory import Binder, Fold, FoldedHistory, Parts, Text, Turn

_OLDER = "(Older messages of this conversation, as pages cannot be shown here{rest}:)\n"
_REST = "; the oldest {left:,} of {total:,} are left out"
_NONE = "({total:,} older messages of this conversation are left out: there is no room for them.)\n"
_CUT = "\n(… {left:,} of {total:,} characters are left out.)"
_LARGE = 8
"""A text is large that takes more than this part of what there is room for."""
_AROUND = 512
"""Tokens that are kept free for what a prompt puts round the messages."""


def tell_pages(
    folded: FoldedHistory[Any], repeated: Sequence[str], drawn: Sequence[Turn], texts: Sequence[str]
) -> str:
    """Return what a request's first message says in words: what is sealed, the newest of it that fits, and more.

    Args:
        folded: The history.
        repeated: Sealed turns that are sent as text, too.
        drawn: Recent turns of which it shows pages, too.
        texts: What else it says.
    """
    sealed = folded.anchors[: len(folded.messages) - len(folded.recent)]
    newest = (turn for anchor in reversed(sealed) if (turn := folded.turn(anchor)) is not None)
    older = _tell_sealed(newest, folded.fold, folded.folding.binder, repeated=repeated, total=len(sealed))
    return "\n".join(text for text in (older, tell_recent(folded, drawn, texts)) if text)


def tell_recent(folded: FoldedHistory[Any], drawn: Sequence[Turn], texts: Sequence[str]) -> str:
    """Return recent turns that stand on pages, and other texts; what is large is cut, so that all of it fits."""
    binder = folded.folding.binder
    room = _find_room(folded.fold, binder)
    tokens = [recent.tokens for recent in folded.fold.tail]
    large = [count for count in tokens if count > room // _LARGE]
    each = (room - sum(tokens) + sum(large)) // max(1, len(large))
    said = [*(_quote(turn, binder) for turn in drawn), *texts]
    return "\n".join(
        _cut_text(text, binder.count, each) if binder.count(text) > room // _LARGE else text for text in said
    )


def tell_stored(
    turns: Iterable[Turn],
    fold: Fold,
    binder: Binder,
    repeated: Sequence[str],
    texts: Sequence[str],
) -> str:
    """Return what `tell_pages` returns, of a conversation of the core's.

    Args:
        turns: All of it.
        fold: Where they stand.
        binder: What binds the model's requests.
        repeated: As for `tell_pages`.
        texts: As for `tell_pages`.
    """
    head = {turn.anchor for turn in fold.head}
    last = fold.seals[-1].anchors[-1] if fold.seals else 0
    sealed = [turn for turn in turns if turn.anchor not in head and (turn.anchor or 0) <= last]
    older = _tell_sealed(reversed(sealed), fold, binder, repeated=repeated, total=len(sealed))
    return "\n".join(text for text in (older, *texts) if text)


def list_repeated(parts: Parts) -> list[str]:
    """Return the texts of sealed turns that are told again."""
    return [part.text for part in parts if isinstance(part, Text) and part.kind == "repeated"]


def _tell_sealed(
    newest: Iterable[Turn], fold: Fold, binder: Binder, *, repeated: Sequence[str], total: int
) -> str:
    """Return turns as text, oldest first: the newest that fit beside what is not on pages."""
    again = "".join(repeated)
    room = _find_room(fold, binder) - fold.tail_tokens - binder.count(again)
    told: list[str] = []
    for turn in newest:
        text = _quote(turn, binder)
        room -= binder.count(text)
        if room < 0:
            break
        told.append(text)
    left = total - len(told)
    if not left:
        return _OLDER.format(rest="") + "".join(reversed(told)) if told else ""
    head = _OLDER.format(rest=_REST.format(left=left, total=total)) if told else _NONE.format(total=total)
    return head + "".join(reversed(told)) + again


def _quote(turn: Turn, binder: Binder) -> str:
    """Return a turn as text, with a line for each picture and file that cannot be shown."""
    beside = [f"  (picture {number} is not shown)\n" for number in range(1, len(turn.images) + 1)]
    for attached in turn.attachments:
        name = binder.cleaner.clean_and_escape(attached.label)
        beside.append(f"  (attachment {name!r} is not shown)\n")
    return binder.cleaner.quote([turn]) + "".join(beside)


def _find_room(fold: Fold, binder: Binder) -> int:
    """Return the tokens of a window that messages may take as text."""
    return binder.policy.prompt_tokens - fold.head_tokens - _AROUND


def _cut_text(text: str, count: Callable[[str], int], room: int) -> str:
    """Return a text, or its beginning where it is more than there is room for, with a line that says so."""
    total, length = len(text), len(text)
    while length > 16 and (tokens := count(text[:length])) > room:
        length = min(length * max(room, 0) // tokens, length * 9 // 10)
    if length == total:
        return text
    return text[:length] + _CUT.format(left=total - length, total=total)
