"""What a LlamaIndex document keeps of a loaded one, beside its text: headings, tables, places, a PDF's file.

Of a PDF that is no file of this machine, that is its bytes. All lies in the document's text resource: LlamaIndex copies
metadata into each node of each parser, and a long document's structure a thousand times is no metadata. Bytes go
through pickles and copies, but not through JSON; a digest in the metadata says that there was some. Knows documents;
knows nothing about pages.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

from llama_index.core.schema import BaseNode, MediaResource, MetadataMode
from llama_index.core.schema import Document as LoadedDocument

from glyph_memory import Document, DocumentError, warn

STRUCTURE = "glyph_structure"
"""Key of the digest in a document's metadata."""
ORIGINAL = "glyph_original"
"""Key of the path of a PDF, whose own pages can be drawn."""


STRUCTURE_KEYS = frozenset((STRUCTURE, ORIGINAL))
"""Keys that are a document's alone: its pages have their own."""


def is_structured(node: BaseNode) -> bool:
    """Return whether a node is a document that was more than plain text when it was read; chunks of one are text."""
    return isinstance(node, LoadedDocument) and STRUCTURE in node.metadata


def dump_structure(document: Document) -> tuple[MediaResource, dict[str, str]]:
    """Return a document as a text resource, and what its metadata holds of it; nothing for plain text."""
    is_plain = all(block.kind == "text" and not block.spans for block in document.blocks)
    if is_plain and document.original is None:
        return MediaResource(text=document.text), {}
    spelled = document.to_json(text=False, pictures=True).encode()
    # The file, too: another scan has the same text, and an ingestion pipeline would take it for unchanged.
    metadata = {STRUCTURE: hashlib.sha256(spelled + _digest_file(document)).hexdigest()[:16]}
    if isinstance(document.original, Path):
        metadata[ORIGINAL] = str(document.original.absolute())
    elif document.original is not None:
        spelled += b"\n" + document.original
    return MediaResource(text=document.text, data=base64.b64encode(spelled)), metadata


def load_structure(node: BaseNode) -> Document:
    """Return the document that a node holds; its text alone, with a warning, where the structure did not come along."""
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    if not isinstance(node, LoadedDocument) or STRUCTURE not in node.metadata:
        return Document(text=text)
    data = node.text_resource.data if node.text_resource else None
    if data is None:
        warn(
            f"node {node.node_id!r} has lost its headings, tables and pictures on the way, as bytes do in JSON; its "
            "pages are plain text. Read and parse documents in one pipeline"
        )
        return Document(text=text)
    spelled, _, held = base64.b64decode(data).partition(b"\n")
    try:
        document = Document.from_json(spelled.decode("ascii", "replace"), text=text)
    except (DocumentError, ValueError) as error:
        warn(f"node {node.node_id!r} becomes plain text: {error}")
        return Document(text=text)
    original = node.metadata.get(ORIGINAL)
    return replace(document, original=Path(original) if isinstance(original, str) else held or None)


def _digest_file(document: Document) -> bytes:
    original = document.original
    if not isinstance(original, Path):
        return hashlib.sha256(original or b"").digest()
    try:
        with original.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:  # gone since it was read
        return b""
