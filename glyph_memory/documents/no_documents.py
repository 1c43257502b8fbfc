"""Files that lie among documents and are none: pictures, fonts, sound, films, archives, programs, databases.

Knows beginnings and ends of names; a file that says that it is a document is never one of these.
"""

from __future__ import annotations

import re
from pathlib import Path

from glyph_memory.documents.encodings import is_binary
from glyph_memory.documents.formats import FORMATS
from glyph_memory.documents.formats.refused import CONTAINERS, REFUSED
from glyph_memory.documents.formats.unknown import name_kind
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

_HEAD = 1 << 16
_KINDS = {
    "a picture": ".png .jpg .jpeg .gif .bmp .ico .icns .tif .tiff .webp .heic .avif .psd .jp2 .xcf",
    "a font": ".ttf .otf .ttc .woff .woff2 .eot .pfb",
    "sound": ".mp3 .wav .ogg .oga .opus .flac .m4a .aac .wma .aiff .mid",
    "a film": ".mp4 .m4v .mkv .mov .avi .webm .mpg .mpeg .wmv .flv .ogv",
    "an archive": ".zip .gz .tgz .tar .bz2 .xz .zst .lz4 .7z .rar .jar .whl .apk .dmg .iso .deb .rpm .cab",
    "a program": ".exe .dll .so .dylib .o .obj .a .lib .pyc .pyd .class .wasm .msi",
    "a database": ".db .sqlite .sqlite3 .db3 .mdb .accdb",
}
_SUFFIXES = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}
_NAMES = re.compile(
    r"\b(?:image|picture|icon|bitmap|graphics?|font|audio|sound|music|video|movie|archive|compressed|program|executable"
    r"|bytecode|database)\b",
    re.IGNORECASE,
)
"""Words in the names of such kinds..."""
_DOCUMENTS = re.compile(r"\b(?:document|text|office)\b", re.IGNORECASE)
"""...and in those of documents that nobody reads here, which are faults."""


def name_no_document(path: Path) -> str:
    """Return what a file is, with its article, where it is none that holds text; empty for all that may be read.

    Args:
        path: The file; one that cannot be opened is left to whoever reads it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return ""
    source = Source(path=str(path), head=head, rest=iter(()), encoding="", is_on_disk=True)
    refused = next((one for one in REFUSED if one.takes(source)), None)
    if refused is None and not is_binary(head):
        return ""
    try:
        if any(one.has_name(source) or (one not in REFUSED and one.takes(source)) for one in FORMATS):
            return ""
    except DocumentError:
        return ""
    name = refused.name if refused is not None and refused not in CONTAINERS else ""
    name = name or _SUFFIXES.get(source.suffix) or name_kind(source)
    is_other = name in _KINDS or (_NAMES.search(name) and not _DOCUMENTS.search(name))
    return name if is_other else ""
