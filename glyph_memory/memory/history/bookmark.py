"""The `Bookmark`: what is kept beside a history that somebody else keeps, so that folding goes on where it was.

Small and plain JSON: no text but the ledgers', no pixels. Knows seals; knows nothing about messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from glyph_memory.folding import Fold, Seal, SealedCall, Stretches


@dataclass(frozen=True, kw_only=True, slots=True)
class Bookmark:
    """Where the folding of a history stands.

    It holds the seals that are shown, and of those that left only which turns they were: it stays small however long
    the history becomes.

    Example:
        >>> Bookmark.from_json(Bookmark().to_json()) == Bookmark()
        True
    """

    seals: tuple[Seal, ...] = ()
    """Those that are shown, and what is needed to number the next one."""
    evicted: Stretches = ()
    """Anchors of the turns before them, as stretches without a gap, each the first and the last."""
    evicted_names: str = ""
    """How many messages were evicted, and digests of the first and the last of them; see `MessageNames`."""
    pinned: tuple[int, ...] = ()
    """Anchors of those among them that are pinned."""
    oldest: int = 1
    """Number of the oldest seal that is shown."""
    calls: tuple[SealedCall, ...] = ()
    """Tool calls of evicted turns that belong to the latest request."""
    highest_sealed_anchor: int = 0
    """The highest anchor that was ever shown."""
    generation: int = 1
    """Goes up when seals leave, and when everything is drawn anew."""

    @classmethod
    def of(cls, fold: Fold, *, evicted_names: str) -> Self:
        """Return the bookmark of a fold after `Fold.drop_evicted`."""
        return cls(
            seals=fold.seals,
            evicted=fold.compacted_anchors,
            evicted_names=evicted_names,
            pinned=_list_pinned(fold),
            oldest=fold.oldest,
            calls=fold.compacted_calls,
            highest_sealed_anchor=fold.highest_sealed_anchor,
            generation=fold.generation,
        )

    @property
    def evicted_count(self) -> int:
        """How many messages were evicted."""
        return sum(last - first + 1 for first, last in self.evicted)

    @property
    def digests(self) -> frozenset[str]:
        """What names the files of all pages and pictures that it shows."""
        return frozenset(digest for seal in self.seals for digest in seal.digests)

    def is_reached_by(self, fold: Fold) -> bool:
        """Return whether a history was as long, when it was folded, as when the last seal here was made.

        One that had been cut back before lacks seals that a longer one has again, or asks what that one does not.
        """
        last = self.seals[-1] if self.seals else None
        return last is None or (fold.last_anchor >= last.sealed_at and last in reversed(fold.seals))

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values: strings, numbers, lists, dictionaries."""
        return {
            "seals": [_to_lists(seal.to_json()) for seal in self.seals],
            "evicted": [list(stretch) for stretch in self.evicted],
            "evicted_names": self.evicted_names,
            **({"pinned": [*self.pinned]} if self.pinned else {}),
            "oldest": self.oldest,
            "calls": [asdict(call) for call in self.calls],
            "highest_sealed_anchor": self.highest_sealed_anchor,
            "generation": self.generation,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return a bookmark from what `to_json` returned.

        Raises:
            TypeError: It is no bookmark.
        """
        try:
            evicted = tuple((int(first), int(last)) for first, last in fields["evicted"])
            return cls(
                seals=tuple(map(Seal.from_json, fields["seals"])),
                evicted=evicted,
                evicted_names=str(fields["evicted_names"]),
                pinned=tuple(map(int, fields.get("pinned", ()))),
                oldest=int(fields.get("oldest", 1)),
                calls=tuple(SealedCall(**call) for call in fields.get("calls", ())),
                highest_sealed_anchor=int(fields["highest_sealed_anchor"]),
                generation=int(fields["generation"]),
            )
        except (KeyError, ValueError, AttributeError) as error:
            raise TypeError(f"no bookmark: {error!r}") from error


def _list_pinned(fold: Fold) -> tuple[int, ...]:
    last = fold.compacted_anchors[-1][1] if fold.compacted_anchors else 0
    return tuple(turn.anchor for turn in fold.pinned if turn.anchor is not None and turn.anchor <= last)


def _to_lists(seal: dict[str, Any]) -> dict[str, Any]:
    """Turn a seal's tuples into lists: frameworks' checkpoints return lists, and both have to compare equal."""
    pages = [{**page, "size": [*page["size"]], "anchors": [*page["anchors"]]} for page in seal["pages"]]
    pictures = [{**one, "size": one["size"] and [*one["size"]]} for one in seal["pictures"]]
    lists = {"anchors": [*seal["anchors"]], "ledger": [*seal["ledger"]], "calls": [*seal["calls"]]}
    return {**seal, **lists, "pages": pages, "pictures": pictures}
