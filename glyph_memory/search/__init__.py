"""Search text: words, phrases, and how well they fit. Knows texts; knows nothing about databases or sessions."""

from glyph_memory.search.ranking import search as search
from glyph_memory.search.terms import casefold as casefold
from glyph_memory.search.terms import is_unspaced as is_unspaced
from glyph_memory.search.terms import phrases as phrases
from glyph_memory.search.terms import words as words
