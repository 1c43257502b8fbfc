"""The `Seal`: a finished run of old turns, as small JSON that never changes; and `Costs`, who draws and counts a run.

Knows turns by their digests; knows nothing about pixels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Literal, Self

from glyph_memory.transcript import Turn

_CALL_CHARS = 80
"""Of a call's arguments are kept beside its seal."""

SealKind = Literal["pages", "text", "named", "skipped"]
"""How a seal is sent: as pages; as text where pages do not pay; named in a line, where its turns are larger than all
that there is room for; or never, where a long history was folded at once and its beginning could not have been shown
anyway."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedPage:
    """One page of a seal: what it was when it was drawn."""

    number: int
    """Counted through all seals, from 1."""
    digest: str
    """SHA-256 of its pixels, in hex."""
    size: tuple[int, int]
    """Width and height in pixels."""
    tokens: int
    """What it costs the model, wrapping included."""
    bytes: int
    """Length of its PNG file, at the most."""
    anchors: tuple[int, int]
    """The first and the last turn that stand on it."""
    escapes: int = 0
    """Characters that stand on it as their number."""
    kind: str = ""
    """In the style of which kind of text it is drawn; empty for the one of all pages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedPicture:
    """A picture that came with a sealed turn, as it is shown beside the pages."""

    anchor: int
    """Of its turn."""
    position: int
    """Which of the turn's pictures, from 1."""
    size: tuple[int, int] | None
    """Width and height in pixels as shown; None where it cannot be decoded and is not shown."""
    tokens: int
    """What it costs the model."""
    bytes: int = 0
    """Length of its file as shown."""
    digest: str = ""
    """SHA-256 of its file as shown, in hex."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedAttachment:
    """What came with a sealed turn and cannot be drawn: sent beside the pages as it came, or only named."""

    anchor: int
    """Of its turn."""
    position: int
    """Which of the turn's attachments, from 1."""
    name: str
    """What its caption calls it."""
    is_sent: bool
    """Whether it is still sent; if not, a line in its place says so."""
    tokens: int | None
    """What it is estimated to cost the model; None where that cannot be told, and it counts as nothing."""
    bytes: int = 0
    """Length of its block, as JSON."""
    is_image: bool = False
    """Whether it is a picture by its address, which is one more image of a request."""
    digest: str = ""
    """SHA-256 of its block, in hex."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedCall:
    """A tool call of a sealed turn, in few words: told once its seal is no longer shown."""

    anchor: int
    """Of the turn that made it."""
    name: str
    """The tool's name."""
    arguments: str
    """The beginning of its arguments."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """Several turns in a row that have become pages, or fixed text; it never changes.

    Example:
        >>> seal = Seal(number=1, kind="text", anchors=(1, 2), turns="ab", sealed_at=2, tokens=9, text_tokens=9)
        >>> Seal.from_json(seal.to_json()) == seal
        True
    """

    number: int
    """1 for the first of a chain."""
    generation: int = 1
    """In which generation it was sealed."""
    oldest: int = 1
    """Number of the oldest seal that is still shown once this one stands; `number` + 1 if not even this one is."""
    kind: SealKind
    """Whether its turns are shown as pages or, where pages did not pay, as text; or were skipped."""
    anchors: tuple[int, ...]
    """The anchors of its turns, in order."""
    turns: str
    """Digest of what its turns say; see `run_digest`. Empty where a store skipped them unread."""
    sealed_at: int
    """Anchor of the newest turn when it was sealed."""
    pages: tuple[SealedPage, ...] = ()
    """Its pages, in order."""
    layout: str = ""
    """How the text of its pages is laid out, such as "lines", "2 columns", "marks" or "mixed"; empty where it was not
    noted."""
    pictures: tuple[SealedPicture, ...] = ()
    """Its turns' own pictures."""
    attachments: tuple[SealedAttachment, ...] = ()
    """What else came with its turns."""
    calls: tuple[SealedCall, ...] = ()
    """The tool calls after its last user turn, which belong to a request that may still be worked on."""
    is_unseen: bool = False
    """Whether the model had not answered its last turn when it was sealed, since there was no room for it as text."""
    ledger: tuple[str, ...] = ()
    """Its identifiers, a line each."""
    ledger_omitted: int = 0
    """How many identifiers there was no room for."""
    text_tokens: int
    """What its turns say, as text: without pictures, ids, and what a chat template puts round messages. Of a skipped
    run an estimate, from a sample of its turns."""
    tokens: int
    """What it costs as it is shown, captions, ledger, pictures and attachments included."""
    characters: int = 0
    """Characters from the conversation's beginning to its end, as `count_characters` counts them."""
    previous: str = ""
    """Digest of the seal before it; empty for the first."""
    fingerprint: str = ""
    """Of everything but the turns that it depends on: policy, style, fonts, profile, versions."""

    @property
    def digest(self) -> str:
        """SHA-256 of its JSON, in hex; so of its turns, its pages and all seals before it."""
        return hashlib.sha256(_encode_json(self.to_json())).hexdigest()

    @property
    def stretches(self) -> tuple[tuple[int, int], ...]:
        """Its anchors as ranges without a gap, each the first and the last."""
        breaks = [place for place, (one, other) in enumerate(pairwise(self.anchors), 1) if other != one + 1]
        begins, ends = [0, *breaks], [*breaks, len(self.anchors)]
        return tuple(
            (self.anchors[begin], self.anchors[end - 1]) for begin, end in zip(begins, ends, strict=True)
        )

    @property
    def digests(self) -> tuple[str, ...]:
        """Of all its images."""
        return (
            *(page.digest for page in self.pages),
            *(picture.digest for picture in self.pictures if picture.digest),
        )

    @property
    def images(self) -> int:
        """How many images it puts into a request, those by their address included."""
        pictures = sum(picture.size is not None for picture in self.pictures)
        return len(self.pages) + pictures + sum(one.is_sent and one.is_image for one in self.attachments)

    @property
    def pixels(self) -> int:
        """Of all its images whose size is known."""
        shown = [page.size for page in self.pages]
        shown += [picture.size for picture in self.pictures if picture.size is not None]
        return sum(width * height for width, height in shown)

    @property
    def bytes(self) -> int:
        """Of all its images, as files, and of the attachments that are sent."""
        images = sum(page.bytes for page in self.pages) + sum(picture.bytes for picture in self.pictures)
        return images + sum(one.bytes for one in self.attachments if one.is_sent)

    def to_json(self) -> dict[str, Any]:
        """Return the seal as plain values, which `from_json` takes."""
        # Not `asdict`: it copies everything deeply, and a framework asks for dozens of seals at every call.
        held = {name: getattr(self, name) for name in _FIELDS[Seal]}
        for name in ("attachments", "layout"):
            if not held[name]:
                del held[name]  # seals that have none are spelled as before there were any
        lists = ("pages", "pictures", "calls", *(["attachments"] if self.attachments else []))
        return held | {name: tuple(map(_to_dict, held[name])) for name in lists}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return a seal from the plain values of `to_json`; lists may stand for tuples.

        Raises:
            TypeError: They are no seal's.
        """
        try:
            pages = tuple(
                SealedPage(**{**page, "size": tuple(page["size"]), "anchors": tuple(page["anchors"])})
                for page in fields["pages"]
            )
            pictures = tuple(
                SealedPicture(**{**picture, "size": picture["size"] and tuple(picture["size"])})
                for picture in fields["pictures"]
            )
            calls = tuple(SealedCall(**call) for call in fields.get("calls", ()))
            attachments = tuple(SealedAttachment(**one) for one in fields.get("attachments", ()))
            anchors, ledger = tuple(fields["anchors"]), tuple(fields["ledger"])
        except KeyError as error:
            raise TypeError(f"no seal: {error.args[0]!r} is missing") from error
        lists = {"pages": pages, "pictures": pictures, "attachments": attachments, "calls": calls}
        return cls(**{**fields, **lists, "anchors": anchors, "ledger": ledger})


def _to_dict(value: SealedPage | SealedPicture | SealedAttachment | SealedCall) -> dict[str, Any]:
    held = {name: getattr(value, name) for name in _FIELDS[type(value)]}
    if "kind" in held and not held["kind"]:
        del held["kind"]  # pages that have none are spelled as before there were any
    return held


_FIELDS = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (SealedPage, SealedPicture, SealedAttachment, SealedCall, Seal)
}


def run_digest(turns: Iterable[Turn]) -> str:
    """Return the SHA-256, in hex, of the content of turns: all but ids, times, origins and pins."""
    digest = hashlib.sha256()
    for turn in turns:
        calls = [[call.name, call.arguments, call.id] for call in turn.tool_calls]
        images = [hashlib.sha256(image).hexdigest() for image in turn.images]
        said = [turn.anchor, turn.role, turn.text, turn.name, calls, turn.tool_call_id, images]
        # Others keep the digest that they had before there were any.
        attached = [[one.block, one.name, one.media_type] for one in turn.attachments]
        said += [attached] if attached else []
        digest.update(_encode_json(said) + b"\n")
    return digest.hexdigest()


def describe_calls(turns: Sequence[Turn]) -> tuple[SealedCall, ...]:
    """Return the calls after a run's last user turn, each with the beginning of its arguments."""
    last = max((place for place, turn in enumerate(turns) if turn.role == "user"), default=-1)
    return tuple(
        SealedCall(
            anchor=turn.anchor or 0, name=call.name[:_CALL_CHARS], arguments=call.arguments[:_CALL_CHARS]
        )
        for turn in turns[last + 1 :]
        for call in turn.tool_calls
    )


def _encode_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
