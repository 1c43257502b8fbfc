"""The command line, `glyph-memory`."""

from glyph_memory.cli.entry import main as main
