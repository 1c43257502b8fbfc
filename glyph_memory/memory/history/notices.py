"""What a user is told where a history is not what it was when it was folded."""

from __future__ import annotations

from glyph_memory.folding import Fold
from glyph_memory.memory.history.bookmark import Bookmark

_CHANGED = (
    "messages that are pages already were changed or removed: {dropped} of {all} seals no longer match and were "
    "dropped; folding starts again there"
)
GONE = (
    "messages that had left the prompt were changed or removed: all seals were dropped; folding starts again"
)
ANEW = "the model, the policy, the style or a version changed: pages are drawn anew"
FONTS = "fonts changed under the same name: pages are drawn anew"


def describe_changes(mark: Bookmark, folded: Fold) -> str:
    """Return a notice of how many of the bookmark's seals no longer match the history; empty where all do."""
    kept = {seal.number: seal for seal in folded.seals}
    dropped = sum(kept.get(seal.number) != seal for seal in mark.seals)
    return _CHANGED.format(dropped=dropped, all=len(mark.seals)) if dropped else ""
