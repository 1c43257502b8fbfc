"""Draw documents that have a structure: headings, lists, tables, code and pictures, block after block.

Blocks are broken into pieces (`pieces`), pieces fill columns (`flow`), and what stands on a page is gathered on a
`Plate` and painted. All lengths are in 2**-20 px, as in the rest of the typesetter.
"""

from glyph_memory.typesetting.blocks.pages import stream_document as stream_document
