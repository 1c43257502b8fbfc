"""Run something in a process of its own that the system kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def run_killings(function: str, *folders: Path) -> None:
    """Run a function, as `module:name`, in a fresh process; it calls `run_and_be_killed`, and asserts what is left.

    A process that has trained holds threads of torch; a copy of it would wait for their locks for ever.
    """
    module, name = function.split(":")
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; from pathlib import Path; from {module} import {name} as run; run(*map(Path, sys.argv[1:]))",
            *map(str, folders),
        ],
        cwd=_ROOT,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "benchmarks")]),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def run_and_be_killed(run: Callable[[], object]) -> None:
    """Run it in a copy of this process, which has loaded torch already; it has to kill itself on the way."""
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            run()
        except BaseException:  # never back into the caller
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it came to an end before it was killed"
    assert os.WTERMSIG(status) == signal.SIGKILL


def die(*_: object, **__: object) -> None:
    """Kill this process, whatever it is given."""
    os.kill(os.getpid(), signal.SIGKILL)
