"""Documents: files and pipes as text, whole or in pieces, with a word on where they break.

To add a format, see `formats`: one module and one entry.
"""

from glyph_memory.documents.files import open_text as open_text
from glyph_memory.documents.files import read_document as read_document
from glyph_memory.documents.source import STDIN as STDIN
