"""The command line, `glyph-memory`."""

from glyph_memory.cli.main import main as main
