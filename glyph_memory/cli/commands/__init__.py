"""All commands of the program; with this package they are registered, and each is loaded when it runs."""

from glyph_memory.cli.commands import memory_commands, page_commands
from glyph_memory.cli.root import app

__all__ = ["app", "memory_commands", "page_commands"]
