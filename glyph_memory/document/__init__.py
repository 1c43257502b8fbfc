"""The `Document`: a long text, what its parts are, and where they come from.

Knows text and structure; knows nothing about file formats, nor about how a page looks.
"""

from glyph_memory.document.blocks import Block as Block
from glyph_memory.document.blocks import BlockKind as BlockKind
from glyph_memory.document.blocks import Merge as Merge
from glyph_memory.document.blocks import Picture as Picture
from glyph_memory.document.blocks import Span as Span
from glyph_memory.document.blocks import SpanKind as SpanKind
from glyph_memory.document.blocks import Table as Table
from glyph_memory.document.defect import Defect as Defect
from glyph_memory.document.defect import DefectKind as DefectKind
from glyph_memory.document.document import Document as Document
from glyph_memory.document.source_map import SourceSpan as SourceSpan
