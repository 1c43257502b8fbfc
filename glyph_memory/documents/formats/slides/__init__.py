"""Presentations (PPTX), slide by slide: titles, text with its bullets, tables, charts, pictures, notes.

Knows PresentationML; knows nothing about how a slide looks.
"""

from glyph_memory.documents.formats.slides.reader import SLIDES as SLIDES
