"""Run something in a process of its own that the system kills."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable


def run_and_be_killed(run: Callable[[], object]) -> None:
    """Run it in a copy of this process, which has loaded torch already; it has to kill itself on the way."""
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            run()
        except BaseException:  # never back into pytest
            traceback.print_exc(file=sys.stderr)
        finally:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it came to an end before it was killed"
    assert os.WTERMSIG(status) == signal.SIGKILL
