"""Write what a benchmark measured as JSON: `benchmarks/results/NAME.json`.

The documentation's tables are made of these files: `python tools/figures.py`. A file holds, in this order: `name`,
`command`, `date`, `machine`, `versions`, `figures`. Only a run without options measures everything, so only that one
writes there; all others, `--quick` too, write to `out/benchmarks/`.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import platform
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The repository."""
RESULTS = ROOT / "benchmarks" / "results"
"""Where results are kept; they are committed."""
TRIALS = ROOT / "out" / "benchmarks"
"""Where runs with options write."""

_PACKAGES = ("numpy", "pillow", "freetype-py", "reportlab", "pdf2image", "scikit-image")
_DIGITS = 6


def write_results(
    name: str,
    figures: object,
    *,
    arguments: Sequence[str],
    script: str = "benchmarks",
    folder: Path | None = None,
    is_quiet: bool = False,
) -> Path:
    """Write what one benchmark measured; return the file's path.

    Args:
        name: Of the script, without its ending.
        figures: Plain values; mappings keep their order.
        arguments: What the script was called with. With any, the file goes to `TRIALS`.
        script: The script's folder.
        folder: Where the file goes instead, whatever the arguments.
        is_quiet: Whether nothing is printed; for who writes after each row.
    """
    folder = folder or (TRIALS if arguments else RESULTS)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    result = {
        "name": name,
        "command": shlex.join(["python", f"{script}/{name}.py", *arguments]),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": describe_machine(),
        "versions": {package: _find_version(package) for package in _PACKAGES},
        "figures": to_plain(figures),
    }
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8")
    if not is_quiet:
        print(f"\nwritten: {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    return path


def describe_machine() -> str:
    """Return the machine in plain words, without its name: cores, system, Python."""
    cores = os.cpu_count() or 1
    return (
        f"{cores} CPU core{'s' * (cores > 1)} ({platform.machine()}), {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def to_plain(value: object) -> object:
    """Return a value as JSON has it: floats with six significant digits, None for those that are no number."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): to_plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(one) for one in value]
    return value


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
