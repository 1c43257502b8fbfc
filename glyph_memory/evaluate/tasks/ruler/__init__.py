"""RULER's thirteen tasks, by their published definitions (Hsieh et al. 2024, arXiv 2404.06654), with UUIDs.

Its wording is our own, so figures are near to published ones and no substitute for them.
"""

from glyph_memory.evaluate.tasks.ruler.lists import CommonWords as CommonWords
from glyph_memory.evaluate.tasks.ruler.lists import FrequentWords as FrequentWords
from glyph_memory.evaluate.tasks.ruler.needles import Needles as Needles
from glyph_memory.evaluate.tasks.ruler.package import RulerFiles as RulerFiles
from glyph_memory.evaluate.tasks.ruler.package import find_ruler_files as find_ruler_files
from glyph_memory.evaluate.tasks.ruler.questions import MadeQuestions as MadeQuestions
from glyph_memory.evaluate.tasks.ruler.questions import PackageQuestions as PackageQuestions
from glyph_memory.evaluate.tasks.ruler.variables import Variables as Variables
