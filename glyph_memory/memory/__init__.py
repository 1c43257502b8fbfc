"""Memory, in two halves that share how turns are recalled and zoomed into.

`GlyphMemory` keeps turns in a store: turns go in, contexts come out, nothing is lost. `history` is for frameworks that
keep the messages themselves: `Folding` folds what they have, and a small `Bookmark` beside it says where it stands.
"""

from glyph_memory.memory.code_questions import ReadingCheck as ReadingCheck
from glyph_memory.memory.history.bookmark import Bookmark as Bookmark
from glyph_memory.memory.history.call_report import CallReport as CallReport
from glyph_memory.memory.history.folded import FoldedHistory as FoldedHistory
from glyph_memory.memory.history.folded import KeptMessage as KeptMessage
from glyph_memory.memory.history.folding import Folding as Folding
from glyph_memory.memory.memory import GlyphMemory as GlyphMemory
from glyph_memory.memory.reading_rate import CodeAnswer as CodeAnswer
from glyph_memory.memory.reading_rate import CodeOutcome as CodeOutcome
from glyph_memory.memory.reading_rate import ReadingRate as ReadingRate
from glyph_memory.memory.recall import Passage as Passage
from glyph_memory.memory.recall import Place as Place
from glyph_memory.memory.recall import ZoomResult as ZoomResult
from glyph_memory.memory.recall_text import RecallWriter as RecallWriter
from glyph_memory.memory.recall_text import SearchableHistory as SearchableHistory
from glyph_memory.memory.recall_text import ZoomExcerpt as ZoomExcerpt
from glyph_memory.memory.redaction import Redact as Redact
from glyph_memory.memory.redaction import redact_texts as redact_texts
from glyph_memory.memory.report import MemoryReport as MemoryReport
from glyph_memory.memory.session import OpenKeywords as OpenKeywords
