"""The command line, `glyph-memory`."""

from glyph_memory.cli.edge import main as main
