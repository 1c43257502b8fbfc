"""Histories that somebody else keeps, such as a framework's messages: folded from a small bookmark, without a store."""

from glyph_memory.memory.history.bookmark import Bookmark as Bookmark
from glyph_memory.memory.history.folded import Folded as Folded
from glyph_memory.memory.history.folded import Kept as Kept
from glyph_memory.memory.history.folding import Folding as Folding
