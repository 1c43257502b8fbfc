"""Lines that bear on a question, behind the pages: chosen by score within a budget, as text or in larger letters.

Knows contexts, turns and pages; knows nothing about stores or readers.
"""

from glyph_memory.focusing.choice import FocusLine as FocusLine
from glyph_memory.focusing.insertion import Focus as Focus
from glyph_memory.focusing.insertion import FocusForm as FocusForm
from glyph_memory.focusing.insertion import focus as focus
from glyph_memory.focusing.lines import FocusSource as FocusSource
from glyph_memory.focusing.lines import SourceLine as SourceLine
from glyph_memory.focusing.lines import read_lines as read_lines
from glyph_memory.focusing.question import read_question as read_question
from glyph_memory.focusing.rankers import EmbeddingRanker as EmbeddingRanker
from glyph_memory.focusing.rankers import FusedRanker as FusedRanker
from glyph_memory.focusing.rankers import LineRanker as LineRanker
from glyph_memory.focusing.rankers import WordRanker as WordRanker
