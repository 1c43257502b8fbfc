"""Draw a document as page images for a client, and keep it to the folders that it may read.

Knows paths, documents and content blocks; knows nothing about sessions.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_types import ContentBlock, ImageContent, TextContent

from glyph_memory.context import TextCleaner
from glyph_memory.document import Defect
from glyph_memory.errors import DocumentError, show_value
from glyph_memory.files import is_file, is_folder
from glyph_memory.serve.mcp import wording
from glyph_memory.serve.mcp.arguments import DocumentArguments
from glyph_memory.serve.mcp.calls import check_wanted
from glyph_memory.serve.spelling import spell_for_readers
from glyph_memory.tokens import ModelProfile

if TYPE_CHECKING:
    from glyph_memory.documents import DocumentPage

_DEFECTS = 8
_LONGEST_NAME = 80
MOST_BYTES = 32 << 20
"""Of content that is given."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders below which documents may be read. Links are followed first: where they lead to counts."""

    paths: tuple[Path, ...] = ()
    """Each as it really is."""

    @classmethod
    def of(cls, given: Iterable[str | Path]) -> Folders:
        """Return the folders that are given.

        Raises:
            DocumentError: One is no folder.
        """
        paths = [*map(Path, given)]
        for path in paths:
            if not is_folder(path):
                raise DocumentError(
                    f"there is no folder {str(path)!r} to read documents in; give one that is"
                )
        return cls(tuple(path.resolve() for path in paths))

    def find(self, asked: str) -> Path:
        """Return the file that is meant.

        Args:
            asked: A path below one of the folders: absolute, or relative to any of them.

        Raises:
            DocumentError: There is none, or it lies elsewhere. Which of the two is not told: what lies elsewhere is
                nobody's business.
        """
        if not self.paths:
            raise DocumentError(
                "no folder may be read; give the content as text or base64, or start with --folder"
            )
        for folder in self.paths:
            try:
                path = (folder / asked).resolve(strict=True)
            except (OSError, ValueError, RuntimeError):  # NUL, or links in a circle
                continue
            if is_file(path) and any(path.is_relative_to(allowed) for allowed in self.paths):
                return path
        shown = ", ".join(repr(str(path)) for path in self.paths)
        raise DocumentError(f"there is no file {show_value(asked)} below {shown}; give a path that is")


def draw_document(asked: DocumentArguments, *, folders: Folders, profile: ModelProfile) -> list[ContentBlock]:
    """Return some pages of a document as images, after a text on what they cost and what was left out.

    Args:
        asked: Which document, and which pages of it.
        folders: Where it may lie.
        profile: The model whose tokens are counted.

    Raises:
        DocumentError: It cannot be read, or has no such page.
        StyleError: It cannot be drawn.
    """
    # A client waits for the server to start, and may never ask for a document.
    from glyph_memory.documents import Limits, LoadOptions, PageRun, load  # noqa: PLC0415

    source, name = _find_source(asked, folders)
    limits = Limits(file_bytes=256 << 20, unpacked_bytes=256 << 20, cells=5_000_000, pages=10_000)
    options = LoadOptions(pages=asked.pages, limits=limits)
    run = PageRun(
        documents=load(source, name=name, options=options),
        style=asked.style,
        profile=profile,
        counts_rest=False,
    )
    pages: list[DocumentPage] = []
    number, last = 0, asked.start + asked.count - 1
    for number, page in enumerate(islice(run.draw(), last + 1), start=1):
        check_wanted()
        if asked.start <= number <= last:
            pages.append(page)
    if not pages:
        raise DocumentError(f"there is no page {asked.start:,}: it has {number:,}; give a start up to that")
    clean = TextCleaner(profile.special_tokens).clean_and_escape
    title = (run.first.title if run.first else "") or name or "the text"
    blocks: list[ContentBlock] = [
        TextContent(text=_describe(title, pages, run.defects, profile, clean=clean, has_more=number > last))
    ]
    for drawn in pages:
        data = b64encode(drawn.page.png()).decode()
        blocks.append(ImageContent(data=data, mime_type="image/png"))
    if number > last:
        blocks.append(TextContent(text=wording.describe_next_pages(last + 1)))
    return blocks


def _find_source(asked: DocumentArguments, folders: Folders) -> tuple[Path | bytes, str]:
    """Return what is to be read, and what to call it."""
    given = {"path": asked.path, "text": asked.text, "base64": asked.base64}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        was = " and ".join(named) if named else "none of them"
        raise DocumentError(f"give one of path, text and base64; {was} came")
    if asked.path is not None:
        path = folders.find(asked.path)
        return path, path.name
    content = _decode(asked.base64) if asked.base64 is not None else (asked.text or "").encode()
    if len(content) > MOST_BYTES:
        raise DocumentError(
            f"{len(content):,} bytes of content are more than {MOST_BYTES:,}; give a path, or a part of it"
        )
    name = "".join(char for char in Path(asked.name).name if char.isprintable())[-_LONGEST_NAME:]
    return content, name or ("text.txt" if asked.text is not None else "")


def _decode(given: str) -> bytes:
    try:
        return b64decode("".join(given.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DocumentError(
            f"base64={show_value(given, at_most=20)} is no base64; encode the file's bytes"
        ) from error


def _describe(
    title: str,
    pages: Sequence[DocumentPage],
    defects: Sequence[Defect],
    profile: ModelProfile,
    *,
    clean: Callable[[str], str],
    has_more: bool,
) -> str:
    """Return the text before the images."""
    counter = profile.text_counter
    line = wording.describe_pages(
        _make_line(title, clean),
        first=pages[0].page.number,
        last=pages[-1].page.number,
        tokens=profile.pages_tokens([drawn.page.size for drawn in pages]),
        text_tokens=sum(counter.count(drawn.page.text) for drawn in pages),
        is_exact=counter.exact,
        has_more=has_more,
    )
    if not defects:
        return line
    told = [
        _make_line(spell_for_readers(defect.message), clean, at_most=300) for defect in defects[:_DEFECTS]
    ]
    return f"{line}\n{wording.describe_left_out(told, others=len(defects) - len(told))}"


def _make_line(text: str, clean: Callable[[str], str], *, at_most: int = _LONGEST_NAME) -> str:
    line = " ".join(text.split())
    cut = line if len(line) <= at_most else f"{line[:at_most]}…"
    return clean(cut).encode(errors="backslashreplace").decode()
