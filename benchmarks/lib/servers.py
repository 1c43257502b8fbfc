"""Start the real servers, which `tools/server_env.py` has installed, and end them with all that they started.

Knows processes, ports and models' folders; knows no request.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import httpx2

from lib.results import ROOT

ENVIRONMENT = ROOT / ".venv-servers"
WINDOW_TOKENS = {"glm4v": 16_384, "smollm2": 8192}
"""Of the two models; SmolLM2 was trained for no more."""
MAX_IMAGES = 20
_TOOLS = ROOT / "tools" / "servers"
_HUB = ENVIRONMENT / "hub"
"""Empty, and there: `transformers serve` lists what is in it."""
_START_S = 400.0
"""How long a start may take; 30 to 60 s where nothing else runs."""

Model = Literal["glm4v", "smollm2"]


class NoServerError(RuntimeError):
    """A server did not start on this machine."""


def build_models() -> Path:
    """Return the folder of the two models, which is built once for each version of its script."""
    script = _TOOLS / "build_models.py"
    folder = ENVIRONMENT / f"models-{hashlib.sha256(script.read_bytes()).hexdigest()[:12]}"
    if not (folder / "built").exists():
        command = [str(ENVIRONMENT / "bin" / "python"), str(script), str(folder)]
        done = subprocess.run(command, env=_make_environment(), check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{script.name} could not build the models: {done.stderr[-2000:]}")
        (folder / "built").touch()
    return folder


@contextmanager
def open_vllm(model: Model, *, served_as: str, log: Path) -> Iterator[str]:
    """Serve one of the two models by vLLM; return the server's root once it answers."""
    window, folder = WINDOW_TOKENS[model], build_models() / model
    with open_vllm_folder(folder, window_tokens=window, served_as=served_as, log=log) as root:
        yield root


@contextmanager
def open_vllm_folder(folder: Path, *, window_tokens: int, served_as: str, log: Path) -> Iterator[str]:
    """Serve a folder by vLLM; return the server's root once it answers."""
    port, window = _find_free_port(), str(window_tokens)
    arguments = ["vllm", "--model", str(folder), "--served-model-name", served_as]
    arguments += ["--host", "127.0.0.1", "--port", str(port), "--enforce-eager", "--dtype", "float32"]
    arguments += ["--max-model-len", window, "--max-num-batched-tokens", window, "--max-num-seqs", "4"]
    arguments += ["--limit-mm-per-prompt", f'{{"image": {MAX_IMAGES}, "video": 0}}']
    arguments += ["--mm-processor-cache-gb", "1", "--enable-prefix-caching", "--enable-prompt-tokens-details"]
    with _serve(arguments, port=port, log=log) as root:
        yield root


@contextmanager
def open_transformers(folder: Path, *, log: Path) -> Iterator[str]:
    """Serve a folder by `transformers serve`; return the server's root once it answers."""
    port = _find_free_port()
    _HUB.mkdir(exist_ok=True)
    with _serve(["transformers", str(folder), str(port)], port=port, log=log) as root:
        yield root


@contextmanager
def open_llamacpp(*, log: Path) -> Iterator[str]:
    """Serve SmolLM2 by llama.cpp, without eyes; return the server's root once it answers."""
    port = _find_free_port()
    with _serve(["llamacpp", str(port), str(WINDOW_TOKENS["smollm2"])], port=port, log=log) as root:
        yield root


@contextmanager
def _serve(arguments: Sequence[str], *, port: int, log: Path) -> Iterator[str]:
    command = ["nice", "-n", "5", str(ENVIRONMENT / "bin" / "python"), str(_TOOLS / "serve.py"), *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=_make_environment(),
            stdin=subprocess.PIPE,  # its end is the server's, see serve.py
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            root = f"http://127.0.0.1:{port}"
            _wait_for(process, root, log)
            yield root
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # vLLM's engine is a process of its own in this group
            process.communicate()


def _make_environment() -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(_TOOLS / "shim"),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_CACHE": str(_HUB),
        "OMP_NUM_THREADS": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_HOST_IP": "127.0.0.1",
        "VLLM_NO_USAGE_STATS": "1",
    }


def _find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], root: str, log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{root}/health").status_code == 200:
                return
        time.sleep(0.5)
    raise NoServerError(f"no server at {root}. Its log ends: {log.read_text(errors='replace')[-3000:]}")
