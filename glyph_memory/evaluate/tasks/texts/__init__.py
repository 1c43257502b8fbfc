"""Prose, code and logs without end, made from a seed: the same on every machine."""

from glyph_memory.evaluate.tasks.texts.code import write_code as write_code
from glyph_memory.evaluate.tasks.texts.dice import Dice as Dice
from glyph_memory.evaluate.tasks.texts.logs import FIELDS as FIELDS
from glyph_memory.evaluate.tasks.texts.logs import Field as Field
from glyph_memory.evaluate.tasks.texts.logs import LogLine as LogLine
from glyph_memory.evaluate.tasks.texts.logs import log_job as log_job
from glyph_memory.evaluate.tasks.texts.logs import make_value as make_value
from glyph_memory.evaluate.tasks.texts.logs import stamp_lines as stamp_lines
from glyph_memory.evaluate.tasks.texts.logs import write_logs as write_logs
from glyph_memory.evaluate.tasks.texts.prose import mend_articles as mend_articles
from glyph_memory.evaluate.tasks.texts.prose import write_prose as write_prose
from glyph_memory.evaluate.tasks.texts.prose import write_sentences as write_sentences
