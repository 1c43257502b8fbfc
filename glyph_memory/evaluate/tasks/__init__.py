"""Questions about long texts with known answers, made from a seed or read from files of known benchmarks."""

from glyph_memory.evaluate.tasks.benchmarks import BENCHMARKS as BENCHMARKS
from glyph_memory.evaluate.tasks.benchmarks import Benchmark as Benchmark
from glyph_memory.evaluate.tasks.fitting import count_sample_tokens as count_sample_tokens
from glyph_memory.evaluate.tasks.registry import TASKS as TASKS
from glyph_memory.evaluate.tasks.registry import find_task as find_task
from glyph_memory.evaluate.tasks.registry import list_ruler_tasks as list_ruler_tasks
from glyph_memory.evaluate.tasks.ruler.package import PackageQuestion as PackageQuestion
from glyph_memory.evaluate.tasks.ruler.package import RulerFiles as RulerFiles
from glyph_memory.evaluate.tasks.ruler.package import find_ruler_files as find_ruler_files
from glyph_memory.evaluate.tasks.sample import NOT_STATED as NOT_STATED
from glyph_memory.evaluate.tasks.sample import CountTokens as CountTokens
from glyph_memory.evaluate.tasks.sample import Judgement as Judgement
from glyph_memory.evaluate.tasks.sample import Outcome as Outcome
from glyph_memory.evaluate.tasks.sample import Sample as Sample
from glyph_memory.evaluate.tasks.sample import Task as Task
from glyph_memory.evaluate.tasks.sample import is_abstention as is_abstention
from glyph_memory.evaluate.tasks.sample import judge_found as judge_found
from glyph_memory.evaluate.tasks.scorers import compare_after_code as compare_after_code
from glyph_memory.evaluate.tasks.scorers import match_all as match_all
from glyph_memory.evaluate.tasks.scorers import match_any as match_any
