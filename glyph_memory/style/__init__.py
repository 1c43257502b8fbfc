"""How text looks on a page."""

from glyph_memory.style.checks import rgb as rgb
from glyph_memory.style.checks import snap as snap
from glyph_memory.style.look import DocumentLook as DocumentLook
from glyph_memory.style.page_style import GLYPH_MARK as GLYPH_MARK
from glyph_memory.style.page_style import PRESETS as PRESETS
from glyph_memory.style.page_style import Alignment as Alignment
from glyph_memory.style.page_style import Layout as Layout
from glyph_memory.style.page_style import PageStyle as PageStyle
