"""Doubles for testing code that uses glyph-memory: a scripted reader, and a server without its model."""

from glyph_memory.testing.example_server import ExampleServer as ExampleServer
from glyph_memory.testing.example_server import open_server as open_server
from glyph_memory.testing.models import TinyFamily as TinyFamily
from glyph_memory.testing.models import TinySize as TinySize
from glyph_memory.testing.models import build_tiny_model as build_tiny_model
from glyph_memory.testing.requests import FakeImage as FakeImage
from glyph_memory.testing.requests import FakeRequest as FakeRequest
from glyph_memory.testing.script import FakeAnswer as FakeAnswer
from glyph_memory.testing.script import Fault as Fault
from glyph_memory.testing.script import ScriptedReader as ScriptedReader
from glyph_memory.testing.server import FakeVLMServer as FakeVLMServer
from glyph_memory.testing.transcripts import agent_conversation as agent_conversation
