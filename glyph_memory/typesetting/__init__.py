"""Turn text into pages: measure, break lines, paint."""

from glyph_memory.typesetting.fingerprint import style_fingerprint as style_fingerprint
from glyph_memory.typesetting.fit import ImageTokens as ImageTokens
from glyph_memory.typesetting.fit import fit_style as fit_style
from glyph_memory.typesetting.fit import name_layout as name_layout
from glyph_memory.typesetting.fit import restore_layout as restore_layout
from glyph_memory.typesetting.page_text import spell_characters as spell_characters
from glyph_memory.typesetting.page_text import spell_page as spell_page
from glyph_memory.typesetting.pages import Composition as Composition
from glyph_memory.typesetting.pages import add_caption as add_caption
from glyph_memory.typesetting.pages import compose as compose
from glyph_memory.typesetting.pages import insert_line as insert_line
from glyph_memory.typesetting.pages import iter_pages as iter_pages
from glyph_memory.typesetting.pages import typeset as typeset
from glyph_memory.typesetting.stretches import Stretch as Stretch
from glyph_memory.typesetting.stretches import iter_stretches as iter_stretches
