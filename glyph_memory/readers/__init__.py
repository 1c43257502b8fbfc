"""Readers look at a context and answer: `Reader` is the contract.

`OpenAIReader` asks a server, `TransformersReader` runs a model in this process.
"""

from glyph_memory.readers.late import LateReader as LateReader
from glyph_memory.readers.local.reader import TransformersReader as TransformersReader
from glyph_memory.readers.openai.connect import afind_served_model as afind_served_model
from glyph_memory.readers.openai.connect import find_served_model as find_served_model
from glyph_memory.readers.openai.limits import Overflow as Overflow
from glyph_memory.readers.openai.limits import overflows_window as overflows_window
from glyph_memory.readers.openai.limits import refuses_images as refuses_images
from glyph_memory.readers.openai.reader import OpenAIReader as OpenAIReader
from glyph_memory.readers.openai.request import ImageUuids as ImageUuids
from glyph_memory.readers.openai.served import ServedModel as ServedModel
from glyph_memory.readers.reader import BrokenStream as BrokenStream
from glyph_memory.readers.reader import OutOfMemory as OutOfMemory
from glyph_memory.readers.reader import Reader as Reader
from glyph_memory.readers.reader import Reading as Reading
from glyph_memory.readers.reader import ReadingDelta as ReadingDelta
from glyph_memory.readers.reader import ServerBusy as ServerBusy
from glyph_memory.readers.reader import Timing as Timing
from glyph_memory.readers.reader import Usage as Usage
from glyph_memory.readers.sampling import SamplingFields as SamplingFields
from glyph_memory.readers.sampling import with_sampling as with_sampling
from glyph_memory.readers.timed import time_reading as time_reading
from glyph_memory.readers.warmer import TellsBusy as TellsBusy
from glyph_memory.readers.warmer import ToWarm as ToWarm
from glyph_memory.readers.warmer import Warmer as Warmer
