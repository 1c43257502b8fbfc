"""Search text: words, phrases, and how well they fit. Knows turns; knows nothing about databases or sessions."""

from glyph_memory.search.ranking import search as search
from glyph_memory.search.words import casefold as casefold
from glyph_memory.search.words import extract_search_text as extract_search_text
from glyph_memory.search.words import is_unspaced as is_unspaced
from glyph_memory.search.words import phrases as phrases
from glyph_memory.search.words import words as words
