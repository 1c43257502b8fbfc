"""The nano reader: reads pages from their pixels, on any machine, and quotes what it read. It does not reason."""

from glyph_memory.nano.lookup.answer import NanoReading as NanoReading
from glyph_memory.nano.lookup.answer import Quote as Quote
from glyph_memory.nano.reader import NanoReader as NanoReader
from glyph_memory.transcription import ReadAnchor as ReadAnchor
from glyph_memory.transcription import ReadLine as ReadLine
from glyph_memory.transcription import Transcription as Transcription
