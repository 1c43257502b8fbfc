"""Histories that somebody else keeps, such as a framework's messages: folded from a small bookmark, without a store."""

from glyph_memory.memory.history.bookmark import Bookmark as Bookmark
from glyph_memory.memory.history.call_report import CallReport as CallReport
from glyph_memory.memory.history.folded import FoldedHistory as FoldedHistory
from glyph_memory.memory.history.folded import KeptMessage as KeptMessage
from glyph_memory.memory.history.folding import Folding as Folding
