"""Ctrl-C ends many questions at once, however long the model takes: in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

_SCRIPT = """
import asyncio, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from glyph_memory import Context, OpenAIReader, Reading
from glyph_memory.readers import Reader
from glyph_memory.testing import FakeVLMServer

class Slow(Reader):
    def read(self, context):
        print("begun\\n", end="", flush=True)
        threading.Event().wait()

def answer(request):
    print("begun\\n", end="", flush=True)
    threading.Event().wait()

contexts = [Context.of(f"{n}?", pages=[]) for n in range(3)]
try:
    with FakeVLMServer(answer=answer) as server:
        reader = Slow() if KIND == "Slow" else OpenAIReader(server.base_url, model="glyph")
        if IS_ASYNC:
            asyncio.run(reader.aread_many(contexts, max_concurrent=MOST))
        else:
            reader.read_many(contexts, max_concurrent=MOST)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
@pytest.mark.parametrize("kind", ["Slow", "OpenAIReader"])
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("most", [1, 3])
def test_ctrl_c_stops_at_once_and_leaves_nobody_waiting(kind: str, is_async: bool, most: int) -> None:
    """The process is gone, without a word on stderr."""
    script = _SCRIPT.replace("KIND", repr(kind)).replace("IS_ASYNC", str(is_async)).replace("MOST", str(most))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            for _ in range(most):
                assert process.stdout.readline() == "begun\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (out, err, process.returncode) == ("stopped\n", "", 0)
