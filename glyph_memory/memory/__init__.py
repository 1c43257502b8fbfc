"""`GlyphMemory`: turns go in, contexts come out, nothing is lost. Wiring only: store, binder and fold do the work."""

from glyph_memory.memory.history.bookmark import Bookmark as Bookmark
from glyph_memory.memory.history.folded import Folded as Folded
from glyph_memory.memory.history.folded import Kept as Kept
from glyph_memory.memory.history.folding import Folding as Folding
from glyph_memory.memory.memory import GlyphMemory as GlyphMemory
from glyph_memory.memory.recall import Passage as Passage
from glyph_memory.memory.recall import Zoomed as Zoomed
from glyph_memory.memory.report import MemoryReport as MemoryReport
