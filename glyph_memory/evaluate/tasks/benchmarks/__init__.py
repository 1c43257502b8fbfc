"""Tasks from the files of benchmarks that others published; none of them is shipped, and none is downloaded."""

from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark as Benchmark
from glyph_memory.evaluate.tasks.benchmarks.catalogue import BENCHMARKS as BENCHMARKS
from glyph_memory.evaluate.tasks.benchmarks.catalogue import find_benchmark as find_benchmark
from glyph_memory.evaluate.tasks.benchmarks.catalogue import open_task as open_task
