"""Ask a reader what tasks ask, in several ways; keep every answer, count them, and compare."""

from glyph_memory.evaluate.run.budgets import Budget as Budget
from glyph_memory.evaluate.run.compare import TEST as TEST
from glyph_memory.evaluate.run.compare import Comparison as Comparison
from glyph_memory.evaluate.run.compare import compare_arms as compare_arms
from glyph_memory.evaluate.run.compare import compare_runs as compare_runs
from glyph_memory.evaluate.run.compare import measure_chance as measure_chance
from glyph_memory.evaluate.run.figure import plot_accuracy as plot_accuracy
from glyph_memory.evaluate.run.log import read_results as read_results
from glyph_memory.evaluate.run.log import read_settings as read_settings
from glyph_memory.evaluate.run.result import Fault as Fault
from glyph_memory.evaluate.run.result import Result as Result
from glyph_memory.evaluate.run.run import BUDGETS as BUDGETS
from glyph_memory.evaluate.run.run import LENGTHS as LENGTHS
from glyph_memory.evaluate.run.run import SAMPLES as SAMPLES
from glyph_memory.evaluate.run.run import RunReport as RunReport
from glyph_memory.evaluate.run.run import run_tasks as run_tasks
from glyph_memory.evaluate.run.table import OUTCOMES as OUTCOMES
from glyph_memory.evaluate.run.table import Label as Label
from glyph_memory.evaluate.run.table import Row as Row
from glyph_memory.evaluate.run.table import Share as Share
from glyph_memory.evaluate.run.table import find_miscounts as find_miscounts
from glyph_memory.evaluate.run.table import keep_common as keep_common
from glyph_memory.evaluate.run.table import summarize as summarize
from glyph_memory.evaluate.run.table import write_markdown as write_markdown
