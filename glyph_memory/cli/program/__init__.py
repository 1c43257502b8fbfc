"""The program with its commands, in the order of the help; each one's module is loaded when it runs."""

from glyph_memory.cli.program import memory_commands, page_commands
from glyph_memory.cli.root import app

__all__ = ["app", "memory_commands", "page_commands"]
