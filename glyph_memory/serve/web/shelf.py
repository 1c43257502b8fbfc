"""Documents that were uploaded: held in memory, each under an id that nobody guesses, for who uploaded it.

What was used least recently goes first, where a caller or all of them have no more room. Knows documents; knows nothing
about pages.
"""

from __future__ import annotations

import secrets
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from glyph_memory.documents import Document, Limits, LoadOptions, load
from glyph_memory.errors import DocumentError
from glyph_memory.locks import ForkSafeLock
from glyph_memory.serve.spelling import spell_for_readers
from glyph_memory.serve.web.bodies import LARGEST_TEXT, Look
from glyph_memory.serve.web.faults import WebFault
from glyph_memory.serve.web.shared_files import SharedFiles
from glyph_memory.tokens import ModelProfile

_CALLER_BYTES = 256 << 20
_ALL_BYTES = 1 << 30
_EXCERPT = 600
_LOOKS = 256
"""Of how many looks a document remembers what they were, to draw their pages again."""
_PART_BYTES = 600
"""What a block or a place of a document takes in memory, about."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A document that was uploaded."""

    id: str
    """What it is asked for by."""
    title: str
    """What to call it."""
    kind: str
    """Its MIME type, as it was recognised."""
    documents: tuple[Document, ...] = field(repr=False)
    """Its parts."""
    text_tokens: int
    """What it costs as text."""
    looks: OrderedDict[str, tuple[Look, ModelProfile, bool]] = field(default_factory=OrderedDict, repr=False)
    """What the keys of its pages stand for."""

    @property
    def characters(self) -> int:
        """Length of the text."""
        return sum(len(document.text) for document in self.documents)

    @property
    def bytes(self) -> int:
        """What it takes in memory, about."""
        held = 0
        for document in self.documents:
            held += sys.getsizeof(document.text)
            held += _PART_BYTES * (len(document.blocks) + len(document.source_map))
            held += len(document.original) if isinstance(document.original, bytes) else 0
            held += sum(len(block.picture.data) for block in document.blocks if block.picture is not None)
        return held

    def remember(self, key: str, look: Look, profile: ModelProfile, *, is_plain: bool) -> None:
        """Remember what a key of its pages stands for."""
        self.looks[key] = (look, profile, is_plain)
        while len(self.looks) > _LOOKS:
            self.looks.popitem(last=False)

    def to_json(self) -> dict[str, object]:
        """Return what is told of it."""
        defects = dict.fromkeys(
            f"{one.kind}: {spell_for_readers(one.message)}"
            for document in self.documents
            for one in document.defects
        )
        return {
            "id": self.id,
            "title": self.title,
            "kind": self.kind,
            "characters": self.characters,
            "text_tokens": self.text_tokens,
            "defects": list(defects),
            "excerpt": self.documents[0].text[:_EXCERPT],
        }


def read_upload(
    data: bytes, *, name: str, profile: ModelProfile, at_most_bytes: int, check: Callable[[], None]
) -> Upload:
    """Read a document of any format that is known; from its bytes alone, nothing is fetched.

    Args:
        data: The file.
        name: What it is called; its end tells the format where the content does not.
        profile: Counts its tokens.
        at_most_bytes: The longest file.
        check: Called between its parts; raises where nobody waits any more.

    Raises:
        DocumentError: It cannot be read, is too long, or there is nothing to read in it.
    """
    limits = Limits(
        file_bytes=max(1, at_most_bytes),
        unpacked_bytes=256 << 20,
        cells=5_000_000,
        pages=5_000,
        timeout_s=1.0,
    )
    documents, characters = list[Document](), 0
    for document in load(data, name=name, options=LoadOptions(limits=limits)):
        check()
        characters += len(document.text)
        if characters > LARGEST_TEXT:
            raise DocumentError(
                f"{name!r} has more than {LARGEST_TEXT:,} characters, more than any model reads; give a part of it"
            )
        documents.append(document)
    tokens = 0
    for document in documents:
        check()
        tokens += profile.text_tokens(document.text)
    first = documents[0]
    return Upload(
        id=secrets.token_urlsafe(18),
        title=first.title or name or "Pasted text",
        kind=first.media_type or "text/plain",
        documents=tuple(documents),
        text_tokens=tokens,
    )


class Shelf:
    """The documents that were uploaded, by caller and id.

    Args:
        caller_bytes: What those of one caller may take.
        all_bytes: What all of them may take.
        shared: Where other workers find them.
    """

    def __init__(
        self,
        *,
        caller_bytes: int = _CALLER_BYTES,
        all_bytes: int = _ALL_BYTES,
        shared: SharedFiles | None = None,
    ) -> None:
        self._caller_bytes, self._all_bytes = caller_bytes, all_bytes
        self._shared = shared or SharedFiles(None)
        self._held: OrderedDict[tuple[str, str], tuple[Upload, int]] = OrderedDict()
        self._lock = ForkSafeLock(is_brief=True)

    def put(self, caller: str, upload: Upload) -> None:
        """Keep a document, and drop others where there is no room.

        Raises:
            WebFault: It is larger than all that a caller may keep.
        """
        size = upload.bytes
        if size > self._caller_bytes:
            raise WebFault(
                f"the document takes {size >> 20:,} MiB of memory, more than the {self._caller_bytes >> 20:,} MiB that "
                "are kept; give a part of it",
                status=413,
                field="file",
            )
        self._hold(caller, upload, size)
        self._shared.put(upload, caller, upload.id)

    def get(self, caller: str, id: str) -> Upload:
        """Return a document.

        Raises:
            WebFault: It is not here, or another caller's.
        """
        with self._lock:
            found = self._held.get((caller, id))
            if found is not None:
                self._held.move_to_end((caller, id))
                return found[0]
        shared = self._shared.get(caller, id)
        if not isinstance(shared, Upload):
            raise WebFault("this document is no longer here; load it again", status=404, field="id")
        self._hold(caller, shared, shared.bytes)
        return shared

    def _hold(self, caller: str, upload: Upload, size: int) -> None:
        with self._lock:
            self._held[caller, upload.id] = upload, size
            self._drop(lambda key: key[0] == caller, self._caller_bytes)
            self._drop(lambda _: True, self._all_bytes)

    def _drop(self, is_counted: Callable[[tuple[str, str]], bool], at_most: int) -> None:
        counted: Mapping[tuple[str, str], int] = {
            key: size for key, (_, size) in self._held.items() if is_counted(key)
        }
        total = sum(counted.values())
        for key, size in counted.items():
            if total <= at_most:
                return
            del self._held[key]
            total -= size
