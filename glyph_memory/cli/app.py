"""The program with all its commands, in the order in which its help lists them."""

from glyph_memory.cli.commands import memory_commands, page_commands
from glyph_memory.cli.demo import command as demo_command
from glyph_memory.cli.root import app

__all__ = ["app", "demo_command", "memory_commands", "page_commands"]
