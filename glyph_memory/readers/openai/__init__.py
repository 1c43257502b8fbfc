"""`OpenAIReader`: any OpenAI-compatible server. Requests and replies are pure; the reader sends and waits."""

from glyph_memory.readers.openai.failures import refuses_images as refuses_images
from glyph_memory.readers.openai.reader import OpenAIReader as OpenAIReader
