"""Documents: files and pipes as text, whole or in pieces, with a word on where they break."""

from glyph_memory.documents.files import STDIN as STDIN
from glyph_memory.documents.files import open_text as open_text
from glyph_memory.documents.files import read_document as read_document
