"""`OpenAIReader`: any OpenAI-compatible server. Requests and replies are pure; the reader sends and waits."""

from glyph_memory.readers.openai.connect import afind_served_model as afind_served_model
from glyph_memory.readers.openai.connect import find_served_model as find_served_model
from glyph_memory.readers.openai.limits import Overflow as Overflow
from glyph_memory.readers.openai.limits import overflows_window as overflows_window
from glyph_memory.readers.openai.limits import refuses_images as refuses_images
from glyph_memory.readers.openai.reader import OpenAIReader as OpenAIReader
from glyph_memory.readers.openai.served import ServedModel as ServedModel
