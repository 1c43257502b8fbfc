"""The program with its commands, in the order of the help; each one's module is loaded when it runs."""

import glyph_memory.cli.program.calibrate_commands
import glyph_memory.cli.program.evaluate_commands
import glyph_memory.cli.program.export_commands
import glyph_memory.cli.program.legibility_commands
import glyph_memory.cli.program.memory_commands
import glyph_memory.cli.program.page_commands
import glyph_memory.cli.program.reading_commands
import glyph_memory.cli.program.server_commands
import glyph_memory.cli.program.store_commands
import glyph_memory.cli.program.train_commands
import glyph_memory.cli.program.train_grpo_commands
import glyph_memory.cli.program.train_search_commands
import glyph_memory.cli.program.train_sft_commands
import glyph_memory.cli.program.train_tiny_commands  # noqa: F401 - importing them registers them
from glyph_memory.cli.root import app as app
