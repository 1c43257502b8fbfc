"""The benchmarks that are read from files, by name. Knows which there are, and how a file is named."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from glyph_memory.errors import DocumentError, show_value
from glyph_memory.evaluate.tasks.benchmarks.about import Benchmark
from glyph_memory.evaluate.tasks.benchmarks.beam import Beam
from glyph_memory.evaluate.tasks.benchmarks.locomo import LoCoMo
from glyph_memory.evaluate.tasks.benchmarks.longbench import LongBench
from glyph_memory.evaluate.tasks.benchmarks.longbench_v2 import LongBenchV2
from glyph_memory.evaluate.tasks.benchmarks.longmemeval import LongMemEval
from glyph_memory.evaluate.tasks.benchmarks.mmlongbench_doc import MMLongBenchDoc
from glyph_memory.evaluate.tasks.benchmarks.mrcr import MrcrFile
from glyph_memory.evaluate.tasks.benchmarks.task import FileTask
from glyph_memory.evaluate.tasks.benchmarks.vtcbench import VTCBench
from glyph_memory.readers import Reader

_TASKS: Mapping[str, type[FileTask]] = {
    kind.about.name: kind
    for kind in (LongBench, LongBenchV2, LongMemEval, LoCoMo, Beam, MrcrFile, MMLongBenchDoc, VTCBench)
}
BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType({name: kind.about for name, kind in _TASKS.items()})
"""The benchmarks that are read from their published files, by name. None is shipped, and none is downloaded."""


def open_task(name: str, *, judge: Reader | None = None) -> FileTask:
    """Return the task of a benchmark's file, named as in `longbench:data.zip#hotpotqa`.

    Nothing is read yet.

    Raises:
        DocumentError: There is no benchmark of that name, or no file is named.
    """
    called, _, rest = name.partition(":")
    benchmark = find_benchmark(called)
    path, mark, subset = rest.rpartition("#")
    if not mark or Path(rest).exists():  # a file's own name may have a # in it
        path, subset = rest, ""
    if not path.strip():
        raise DocumentError(
            f"{show_value(name)} names no file; write {called}:FILE, with {benchmark.file}. It is had at "
            f"{benchmark.address}"
        )
    return _TASKS[called](Path(path).expanduser(), subset=subset.strip(), judge=judge)


def find_benchmark(name: str) -> Benchmark:
    """Return what is known of a benchmark.

    Raises:
        DocumentError: There is none of that name; the message lists near ones, or all.
    """
    if name not in BENCHMARKS:
        near = get_close_matches(name.lower(), BENCHMARKS, n=3, cutoff=0.5) or BENCHMARKS
        raise DocumentError(f"no benchmark is named {show_value(name)}; try {', '.join(near)}")
    return BENCHMARKS[name]
