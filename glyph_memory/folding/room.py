"""Count what a request takes at the most, when text is too much, and how many of the oldest seals leave for new text.

Knows a fold and the policy's limits; seals nothing, and draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.seal import Seal, SealedAttachment, SealedPicture
from glyph_memory.folding.state import Fold
from glyph_memory.folding.tail import TailSums
from glyph_memory.folding.trigger import NOTE_TOKENS, find_trigger_tokens


def count_fixed_tokens(fold: Fold, policy: FoldPolicy) -> int:
    """Count what a request holds at the most besides seals and recent turns.

    The head, our note, pinned turns, the repeated request, and the calls that are told beside it.
    """
    repeated = policy.pinned_tokens if fold.pinned else 0
    if fold.request is not None:
        repeated += policy.keep_recent_tokens + (policy.calls_tokens if fold.answered_calls else 0)
    return fold.head_tokens + NOTE_TOKENS + repeated


def find_trigger(fold: Fold, policy: FoldPolicy, *, sums: TailSums | None = None) -> int:
    """Return above how many tokens of a tail its turns are sealed, beside the seals that are shown now.

    Args:
        fold: The conversation.
        policy: What may be spent.
        sums: What its tail comes to, where that is to be another.
    """
    sums = sums or fold.sums
    if not policy.late_triggers or sums.tokens <= policy.trigger_tokens:
        return policy.trigger_tokens  # asked with every turn
    return find_trigger_tokens(
        policy,
        turn_tokens=sums.tokens / sums.turns,
        head_tokens=fold.head_tokens,
        sealed_tokens=sum(seal.tokens for seal in fold.visible_seals),
    )


def is_crowded(
    fold: Fold, policy: FoldPolicy, *, without_seals: bool = False, sums: TailSums | None = None
) -> bool:
    """Return whether a request would hold more than the model takes, all recent turns shown as they came.

    Args:
        fold: The conversation.
        policy: What may be spent.
        without_seals: Whether none of the seals is counted.
        sums: What its tail comes to, where that is to be another.
    """
    sums = sums or fold.sums
    seals = () if without_seals else fold.visible_seals
    return _exceeds(fold, policy, seals, sums=sums, tail_tokens=sums.tokens)


def count_leaving(fold: Fold, policy: FoldPolicy) -> int:
    """Count the oldest seals that leave so that what is recent has room; mostly none.

    Recent turns are to be shown as they came. Where they would not fit even alone, they become pages or are shown in
    parts; then the seals leave only as far as pages need, by a bound, as nothing is drawn here.
    """
    if not fold.visible_seals or not is_crowded(fold, policy):
        return 0
    tail_tokens = fold.tail_tokens
    if is_crowded(fold, policy, without_seals=True):
        tail_tokens = int(tail_tokens / policy.min_ratio)
    seals = fold.visible_seals
    counts = range(len(seals))
    fits = (
        count
        for count in counts
        if not _exceeds(fold, policy, seals[count:], sums=fold.sums, tail_tokens=tail_tokens)
    )
    return next(fits, len(seals))


def _exceeds(
    fold: Fold, policy: FoldPolicy, seals: Sequence[Seal], *, sums: TailSums, tail_tokens: int
) -> bool:
    """Return whether a request with these seals would hold more than the model takes."""
    tokens = count_fixed_tokens(fold, policy) + tail_tokens + sum(seal.tokens for seal in seals)
    if tokens > policy.prompt_tokens:
        return True
    # Asked with every turn: what has no limit is not counted.
    images, size = policy.max_images, policy.max_request_bytes
    if images is not None and sums.images + sum(seal.images for seal in seals) > images:
        return True
    return size is not None and sums.image_bytes + sum(seal.bytes for seal in seals) > size


def count_beside(pictures: Sequence[SealedPicture], attachments: Sequence[SealedAttachment]) -> int:
    """Return what pictures and attachments cost that are sent beside a seal's pages or text."""
    sent = sum(one.tokens or 0 for one in attachments if one.is_sent)
    return sum(picture.tokens for picture in pictures) + sent
