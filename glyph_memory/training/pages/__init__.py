"""Page data: any texts become samples with pages in them, in styles drawn from a distribution."""

from glyph_memory.training.pages.distribution import DrawnStyle as DrawnStyle
from glyph_memory.training.pages.distribution import StyleDistribution as StyleDistribution
from glyph_memory.training.pages.keep_out import KeepOut as KeepOut
from glyph_memory.training.pages.keep_out_names import read_keep_out as read_keep_out
from glyph_memory.training.pages.recipe import DEFAULT_FAMILIES as DEFAULT_FAMILIES
from glyph_memory.training.pages.recipe import MadeSample as MadeSample
from glyph_memory.training.pages.recipe import PageRecipe as PageRecipe
from glyph_memory.training.pages.report import PageDataReport as PageDataReport
from glyph_memory.training.pages.rules import find_clash as find_clash
from glyph_memory.training.pages.rules import measure_contrast as measure_contrast
from glyph_memory.training.pages.run import write_page_data as write_page_data
from glyph_memory.training.pages.shards import ShardFormat as ShardFormat
from glyph_memory.training.pages.shards import read_samples as read_samples
from glyph_memory.training.pages.spans import TextSpan as TextSpan
from glyph_memory.training.pages.stream import iter_samples as iter_samples
from glyph_memory.training.pages.theme import StyleTheme as StyleTheme
