"""Run one of the real servers, until the process that asked for it ends; run by the servers' own Python.

serve.py vllm ARGUMENTS …        vLLM's server, which `vllm serve` would start if the wheel were named vllm
serve.py llamacpp PORT WINDOW    llama.cpp's server with SmolLM2
"""

# What the servers' environment holds carries no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import ctypes
import runpy
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import build_models

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask Linux for a signal when the tests' process ends, however it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def serve_vllm(arguments: Sequence[str]) -> None:
    """Serve a model, as the arguments say."""
    sys.argv = ["api_server", *arguments]
    runpy.run_module("vllm.entrypoints.openai.api_server", run_name="__main__", alter_sys=True)


def serve_llamacpp(port: int, window_tokens: int) -> None:
    """Serve SmolLM2 with one thread: with more threads than free cores, llama.cpp's wait for each other."""
    import xllamacpp  # noqa: PLC0415 - vLLM's process has no need of it

    options = xllamacpp.CommonParams()
    options.model.path = str(Path(*build_models.find_gguf()))
    options.model_alias = {"smollm2"}
    options.port, options.n_ctx, options.n_parallel = port, window_tokens, 1
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(options)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    end_with_parent()
    if sys.argv[1] == "vllm":
        serve_vllm(sys.argv[2:])
    else:
        serve_llamacpp(int(sys.argv[2]), int(sys.argv[3]))
