"""Turn text into pages: measure, break lines, paint."""

from glyph_memory.typeset.caption import captioned as captioned
from glyph_memory.typeset.compose import compose as compose
from glyph_memory.typeset.drawn import drawn_text as drawn_text
from glyph_memory.typeset.drawn import spelled as spelled
from glyph_memory.typeset.fingerprint import style_fingerprint as style_fingerprint
from glyph_memory.typeset.verbs import iter_pages as iter_pages
from glyph_memory.typeset.verbs import typeset as typeset
