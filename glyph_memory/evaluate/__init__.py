"""What readers make of pages: measured, and nothing else depends on it."""

from glyph_memory.evaluate.check import Checker as Checker
from glyph_memory.evaluate.check import CheckReport as CheckReport
from glyph_memory.evaluate.check import check as check
from glyph_memory.evaluate.errors import CharacterErrors as CharacterErrors
from glyph_memory.evaluate.errors import character_errors as character_errors
from glyph_memory.evaluate.errors import rate_interval as rate_interval
from glyph_memory.evaluate.readback import LineErrors as LineErrors
from glyph_memory.evaluate.readback import MisreadIdentifier as MisreadIdentifier
from glyph_memory.evaluate.readback import PageCheck as PageCheck
from glyph_memory.evaluate.readback import read_back as read_back
from glyph_memory.evaluate.readers import READERS as READERS
from glyph_memory.evaluate.readers import PageReader as PageReader
from glyph_memory.evaluate.readers import reader_named as reader_named
from glyph_memory.evaluate.tesseract import Tesseract as Tesseract
