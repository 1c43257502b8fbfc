"""What readers make of pages: measured, and nothing else depends on it."""

from glyph_memory.evaluate.alignment import align_characters as align_characters
from glyph_memory.evaluate.check import Checker as Checker
from glyph_memory.evaluate.check import CheckReport as CheckReport
from glyph_memory.evaluate.check import check_pages as check_pages
from glyph_memory.evaluate.errors import CharacterErrors as CharacterErrors
from glyph_memory.evaluate.errors import ReadCounts as ReadCounts
from glyph_memory.evaluate.errors import character_errors as character_errors
from glyph_memory.evaluate.errors import rate_interval as rate_interval
from glyph_memory.evaluate.legibility import SIZES_PT as SIZES_PT
from glyph_memory.evaluate.legibility import Legibility as Legibility
from glyph_memory.evaluate.legibility import LegibilityReport as LegibilityReport
from glyph_memory.evaluate.legibility import measure_legibility as measure_legibility
from glyph_memory.evaluate.legibility import style_grid as style_grid
from glyph_memory.evaluate.readback import LineErrors as LineErrors
from glyph_memory.evaluate.readback import MisreadIdentifier as MisreadIdentifier
from glyph_memory.evaluate.readback import PageCheck as PageCheck
from glyph_memory.evaluate.readback import read_back as read_back
from glyph_memory.evaluate.readers import READERS as READERS
from glyph_memory.evaluate.readers import PageReader as PageReader
from glyph_memory.evaluate.readers import Tesseract as Tesseract
from glyph_memory.evaluate.readers import find_reader as find_reader
from glyph_memory.evaluate.texts import CHARACTERS as CHARACTERS
from glyph_memory.evaluate.texts import KINDS as KINDS
from glyph_memory.evaluate.texts import make_texts as make_texts
from glyph_memory.shares import share_interval as share_interval
