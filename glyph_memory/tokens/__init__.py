"""What text and images cost a vision-language model, in tokens.

`ModelProfile.from_name("glyph")` knows a model's rule for images, counts its text as well as this machine can,
and lists what it must not be told. Image counts are its own processor's; text counters say whether they are
exact.
"""

from glyph_memory.tokens.canvas import BudgetRule as BudgetRule
from glyph_memory.tokens.canvas import CanvasRule as CanvasRule
from glyph_memory.tokens.canvas import PatchRule as PatchRule
from glyph_memory.tokens.estimate import EstimateCounter as EstimateCounter
from glyph_memory.tokens.images import FlatRule as FlatRule
from glyph_memory.tokens.images import GridRule as GridRule
from glyph_memory.tokens.images import ImageRule as ImageRule
from glyph_memory.tokens.images import RowRule as RowRule
from glyph_memory.tokens.images import Size as Size
from glyph_memory.tokens.page_styles import build_page_style as build_page_style
from glyph_memory.tokens.profile import ModelProfile as ModelProfile
from glyph_memory.tokens.slices import SliceRule as SliceRule
from glyph_memory.tokens.special_tokens import defuse as defuse
from glyph_memory.tokens.special_tokens import restore as restore
from glyph_memory.tokens.text import FileCounter as FileCounter
from glyph_memory.tokens.text import TextCounter as TextCounter
from glyph_memory.tokens.text import TiktokenCounter as TiktokenCounter
from glyph_memory.tokens.tiles import AnyresRule as AnyresRule
from glyph_memory.tokens.tiles import DeepSeekRule as DeepSeekRule
from glyph_memory.tokens.tiles import OpenAIPatchRule as OpenAIPatchRule
from glyph_memory.tokens.tiles import OpenAITileRule as OpenAITileRule
from glyph_memory.tokens.tiles import SplitRule as SplitRule
from glyph_memory.tokens.tiles import TileRule as TileRule
from glyph_memory.tokens.vocabulary import Encoding as Encoding
