"""What is told to LlamaIndex's instrumentation: how a history was folded, in numbers, never in text or pixels."""

from __future__ import annotations

from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent

from glyph_memory import Fold

dispatcher = get_dispatcher(__name__)


class GlyphFoldEvent(BaseEvent):
    """A history was folded, to be sent."""

    seals: int
    """Runs of old turns that are shown, as pages or as text."""
    pages: int
    """Their pages."""
    recent: int
    """Turns that stay text."""
    tokens: int
    """What all of it comes to, the head included."""
    generation: int
    """Goes up when the oldest seals leave, and when everything is drawn anew."""

    @classmethod
    def class_name(cls) -> str:
        """Return the event's name for handlers."""
        return "GlyphFoldEvent"


def send_fold_event(fold: Fold) -> None:
    """Send a `GlyphFoldEvent` about a fold to LlamaIndex's handlers."""
    visible = fold.visible_seals
    dispatcher.event(
        GlyphFoldEvent(
            seals=len(visible),
            pages=sum(len(seal.pages) for seal in visible),
            recent=len(fold.tail),
            tokens=fold.head_tokens + sum(seal.tokens for seal in visible) + fold.tail_tokens,
            generation=fold.generation,
        )
    )
