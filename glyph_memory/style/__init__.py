"""How text looks on a page."""

from glyph_memory.style.checks import snap as snap
from glyph_memory.style.colors import name_color as name_color
from glyph_memory.style.colors import rgb as rgb
from glyph_memory.style.look import DocumentLook as DocumentLook
from glyph_memory.style.page_style import GLYPH_MARK as GLYPH_MARK
from glyph_memory.style.page_style import PRESETS as PRESETS
from glyph_memory.style.page_style import Alignment as Alignment
from glyph_memory.style.page_style import Layout as Layout
from glyph_memory.style.page_style import PageStyle as PageStyle
from glyph_memory.style.page_style import PageTaker as PageTaker
