"""Readers look at a context and answer: `Reader` is the contract, `OpenAIReader` asks a server."""

from glyph_memory.readers.failures import refuses_images as refuses_images
from glyph_memory.readers.openai import OpenAIReader as OpenAIReader
from glyph_memory.readers.reading import BrokenStream as BrokenStream
from glyph_memory.readers.reading import Reader as Reader
from glyph_memory.readers.reading import Reading as Reading
from glyph_memory.readers.reading import ReadingDelta as ReadingDelta
from glyph_memory.readers.reading import ServerBusy as ServerBusy
from glyph_memory.readers.reading import Timing as Timing
from glyph_memory.readers.reading import Usage as Usage
