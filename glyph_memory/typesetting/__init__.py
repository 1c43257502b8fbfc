"""Turn text into pages: measure, break lines, paint."""

from glyph_memory.typesetting.caption import captioned as captioned
from glyph_memory.typesetting.composition import compose as compose
from glyph_memory.typesetting.fingerprint import style_fingerprint as style_fingerprint
from glyph_memory.typesetting.page_text import drawn_text as drawn_text
from glyph_memory.typesetting.page_text import spelled as spelled
from glyph_memory.typesetting.pages import iter_pages as iter_pages
from glyph_memory.typesetting.pages import typeset as typeset
