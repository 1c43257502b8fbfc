"""Office files of before 2007, and encrypted ones, which look the same: they are called what they are, not read.

Knows the names of their streams; knows nothing about what these hold.
"""

from __future__ import annotations

from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError

OLE = b"\xd0\xcf\x11\xe0"
"""What all of them begin with."""
_KINDS = (
    ("EncryptedPackage", "is an Office file encrypted with a password; open it and save it without"),
    ("WordDocument", "is a Word document of before 2007 (.doc); save it as .docx"),
    ("PowerPoint Document", "is a presentation of before 2007 (.ppt); save it as .pptx"),
    ("Workbook", "is a workbook of before 2007 (.xls); save it as .xlsx"),
    ("__properties_version1.0", "is a mail of Outlook (.msg); save it as .eml"),
)
_OTHER = "is an old Office file, not text; save it in today's format, such as .docx"


def describe_old_office(source: Source) -> DocumentError:
    """Return the error for such a file: what it is, by the names of its streams, and what to save it as.

    Args:
        source: A file that begins with `OLE`. The names stand at its beginning, or where its header says.
    """
    found = source.head
    if len(found) >= 512:
        with source.open_file() as file:
            file.seek((int.from_bytes(found[48:52], "little") + 1) * 512)
            found += file.read(8192)
    said = (text for name, text in _KINDS if name.encode("utf-16-le") in found)
    return DocumentError(f"{source.shown} {next(said, _OTHER)}")
