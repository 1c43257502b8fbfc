"""Search text: words, phrases, and how well they fit. Knows turns; knows nothing about databases or sessions."""

from glyph_memory.search.ranking import search as search
from glyph_memory.search.terms import casefold as casefold
from glyph_memory.search.terms import extract_search_text as extract_search_text
from glyph_memory.search.terms import is_unspaced as is_unspaced
from glyph_memory.search.terms import phrases as phrases
from glyph_memory.search.terms import words as words
