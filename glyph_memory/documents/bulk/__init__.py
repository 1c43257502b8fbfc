"""Many documents at once, into one folder: pages named by their pixels, and an index of them.

Knows documents, files and processes; knows nothing about terminals.
"""

from glyph_memory.documents.bulk.report import BulkFailure as BulkFailure
from glyph_memory.documents.bulk.run import BulkReport as BulkReport
from glyph_memory.documents.bulk.run import draw_tree as draw_tree
from glyph_memory.documents.bulk.walk import SourceList as SourceList
from glyph_memory.documents.bulk.walk import find_sources as find_sources
