"""Reports: what texts and conversations cost as pages, and what is read off them: figures, HTML, thumbnails."""

from glyph_memory.report.answers import AnsweredQuestion as AnsweredQuestion
from glyph_memory.report.answers import AnswersSection as AnswersSection
from glyph_memory.report.answers import Excerpt as Excerpt
from glyph_memory.report.contact_sheet import ContactSheet as ContactSheet
from glyph_memory.report.figures import Figures as Figures
from glyph_memory.report.figures import Tally as Tally
from glyph_memory.report.memory import MemorySection as MemorySection
from glyph_memory.report.memory import compile_query as compile_query
from glyph_memory.report.parts import Plate as Plate
from glyph_memory.report.parts import report_html as report_html
from glyph_memory.report.section import Section as Section
from glyph_memory.report.section import broken_limits as broken_limits
