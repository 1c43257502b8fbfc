"""The `NanoReader`: reads pages from their pixels, on any machine, and answers by quoting what it read.

Knows contexts; how letters are recognised is the transcriber's business.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from glyph_memory.context import Context
from glyph_memory.context.cache import ReuseCache
from glyph_memory.errors import BadReading, DocumentError, ReaderRefused
from glyph_memory.nano.lookup.answer import MODEL, NanoReading, choose_quotes, list_unreadable, write_answer
from glyph_memory.nano.lookup.groups import SentenceGroup, group_sentences
from glyph_memory.nano.lookup.index import Index, find_spellings
from glyph_memory.nano.lookup.inputs import ContextImage, Material, attach_transcription
from glyph_memory.nano.lookup.page_joins import join_pages
from glyph_memory.nano.lookup.picking import rank
from glyph_memory.nano.lookup.question import Question
from glyph_memory.nano.lookup.search_text import ReadImage, parse_text
from glyph_memory.nano.sight.image import Source, load
from glyph_memory.nano.vouch import list_unvouched
from glyph_memory.page import Page, pixel_digest
from glyph_memory.readers.reader import Reader, ReadingDelta, Timing
from glyph_memory.readers.taking import check_context
from glyph_memory.readers.tracing import trace_read
from glyph_memory.transcription import Transcription

Transcriber = Callable[[Source], Transcription]
"""Reads one image."""


class NanoReader(Reader):
    """Looks things up in pages: reads every image of a context from its pixels, and quotes what bears on the question.

    It does not reason: it counts nothing, compares nothing and concludes nothing, and what a question says in other
    words than the pages it does not find. For that, ask a vision-language model. What it gives are the words
    themselves, where they stand, and which of them it is not sure of. It needs no server, no GPU and no network.

    Args:
        transcriber: Reads one image; the network that comes along unless given.
        cached_pages: Of how many images it remembers what it read: a chat shows the same ones again at every turn.
        progress: Called after each image with how many are done, and how many there are in all.

    Example:
        >>> reader = NanoReader()
        >>> reader.read(Context.of("Who signs?", pages=[])).text
        'I found nothing about "signs": there are no pages and no text to look in.'
    """

    def __init__(
        self,
        *,
        transcriber: Transcriber | None = None,
        cached_pages: int = 256,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.progress = progress
        self._transcriber = transcriber
        self._read = ReuseCache[bytes, Transcription](at_most=cached_pages)
        self._digests = ReuseCache[bytes, str](at_most=cached_pages)

    def transcribe(self, page: Source) -> Transcription:
        """Read one image: a page, a file's path or bytes, a Pillow image or an array. Of a page, its pixels alone.

        Raises:
            DocumentError: It is no image.
            ReaderError: It cannot be read on this machine.
        """
        source = page.array() if isinstance(page, Page) else page
        key = _key(source)
        known = self._read.get(key) if key is not None else None
        if known is not None:
            return known
        read = self._transcribe(source)
        if key is not None:
            self._read.put(key, read)
        return read

    @trace_read("glyph_memory", MODEL)
    def read(self, context: Context) -> NanoReading:
        """Read all images of a context, and quote what bears on the question, the last user message's text.

        What stands in the context as text is looked through as well: it is exact.

        Raises:
            ReaderRefused: Nothing is asked, or what is given is no context.
            BadReading: One of the images is no image.
            ReaderError: Images cannot be read on this machine.
        """
        began = time.monotonic()
        material = Material.from_context(check_context(context))
        if not material.question:
            raise ReaderRefused("nothing is asked: the context ends without a user's text. Ask a question")
        question = Question.parse(material.question)
        leaves = self._transcribe_images(material.images) if question.terms else []
        index = Index.build(_collect_groups(leaves, material.texts))
        sought = find_spellings(question, index)
        quoted, is_nearest = choose_quotes(question, rank(question, index, sought))
        text = write_answer(
            question,
            quoted,
            missing=sought.find_missing(question),
            leaves=leaves,
            texts=len(material.texts),
            attachments=material.attachments,
            is_nearest=is_nearest,
        )
        unvouched = list_unvouched((leaf.name, leaf.read) for leaf in leaves)
        return NanoReading(
            text=f"{text}\n{unvouched}" if unvouched else text,
            finish_reason="stop",
            model=MODEL,
            timing=Timing(total_s=time.monotonic() - began),
            quotes=quoted,
            is_nearest=is_nearest,
            pages_read=len(leaves),
            unreadable=list_unreadable(leaves),
        )

    def stream(self, context: Context) -> Iterator[ReadingDelta]:
        """Yield the answer quote by quote; the last piece carries the whole reading."""
        reading = self.read(context)
        rest = reading.text
        for quote in reading.quotes:
            stop = rest.index(str(quote)) + len(str(quote))
            stop += rest[stop : stop + 1] == "\n"
            yield ReadingDelta(text=rest[:stop])
            rest = rest[stop:]
        yield ReadingDelta(text=rest, reading=reading)

    def _transcribe_images(self, images: Sequence[ContextImage]) -> list[ReadImage]:
        leaves = []
        for place, shown in enumerate(images):
            try:
                read = self.transcribe(shown.data)
                is_claimed = shown.is_known and shown.page is not None
                if is_claimed and shown.digest != self._measure_digest(shown.data):
                    shown = shown.as_picture(place)  # noqa: PLW2901 - the same image
                leaves.append(attach_transcription(shown, place, read))
            except DocumentError as error:
                raise BadReading(f"{shown.name} cannot be looked at: {error}") from error
            if self.progress is not None:
                self.progress(place + 1, len(images))
        return leaves

    def _measure_digest(self, data: bytes) -> str:
        """Return the digest of an image's pixels; empty where it cannot be decoded."""
        key = hashlib.sha256(data).digest()
        digest = self._digests.get(key)
        if digest is None:
            digest = _digest_pixels(data)
            self._digests.put(key, digest)
        return digest

    def _transcribe(self, source: Source) -> Transcription:
        if self._transcriber is not None:
            return self._transcriber(source)
        # Loaded with the first page: whoever asks a server never needs the network.
        from glyph_memory.nano.transcribe import transcribe  # noqa: PLC0415

        return transcribe(source)


def _key(source: Source) -> bytes | None:
    """Return a hash of an image's bytes as its cache key; `None` for a path, since the file may change."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).digest()
    if isinstance(source, Image.Image | Path | str | Page):
        return None
    head = f"{source.dtype.name} {source.shape}\n".encode()
    return hashlib.sha256(head + np.ascontiguousarray(source).tobytes()).digest()


def _digest_pixels(data: bytes) -> str:
    try:
        return pixel_digest(Image.fromarray(load(data)))
    except DocumentError:  # read by a transcriber that is given, which opens more
        return ""


def _collect_groups(
    leaves: Sequence[ReadImage], texts: Sequence[tuple[str | None, str]]
) -> Iterator[SentenceGroup]:
    """Yield all that can be quoted: pages as one text; pictures that are no page, and texts, each alone."""
    yield from group_sentences(join_pages([leaf for leaf in leaves if leaf.page is not None]))
    for one in leaves:
        if one.page is None:
            yield from group_sentences(join_pages([one]))
    for role, text in texts:
        yield from group_sentences(parse_text(text, anchor=role))
