"""Word documents (DOCX) in document order, with what Word shows and text alone loses: markers, notes, links, tables.

Knows WordprocessingML; knows nothing about pages, which Word makes when it opens a file.
"""

from glyph_memory.documents.formats.word.reader import WORD as WORD
