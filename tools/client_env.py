"""Build the environments of the real clients: `llm`, `aider`, Inspect in `.venv-clients`, npm's in `.clients`.

The latter are three coding agents and the MCP inspector. They all take 1.7 GB of disk and stay for the next time.
Nothing of them is needed by glyph-memory: they are other people's programs, with versions of their own (tools/clients),
and tests/clients runs them. Exits with 75 where they could not be had: no registry, no package for this machine, no
room, no time; the last line says which.

python tools/client_env.py [--within SECONDS] [--root FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINS = ROOT / "tools" / "clients" / "pins.txt"
PACKAGES = ROOT / "tools" / "clients" / "package.json"
AGENTS = ("qwen", "codex", "claude")
NOT_BUILT = 75
"""The exit status of "try another time": what could not be built is no failed test."""
_FREE_GB = 3
_NODE = 20
"""The oldest Node.js that all three agents were seen to run with."""


class NotBuilt(Exception):
    """Why there are no clients."""


def build(root: Path, *, within_s: float) -> None:
    """Build what is not there already, with the same pins.

    Raises:
        NotBuilt: It cannot be, or took too long; what is half built is removed.
    """
    began = time.monotonic()
    check_disk(root)
    for pin in read_pins():
        install = partial(install_program, pin=pin, end=began + within_s)
        build_one(root / ".venv-clients" / name_program(pin), pin, install)
    build_one(
        root / ".clients",
        PACKAGES.read_text(encoding="utf-8"),
        partial(install_agents, end=began + within_s),
    )
    print(f"the clients are there after {time.monotonic() - began:.0f} s", flush=True)


def build_one(folder: Path, pins: str, install: Callable[[Path], None]) -> None:
    """Build one folder unless it is there with the same pins."""
    stamp, mark = folder / "built", hashlib.sha256(pins.encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == mark:
        return
    shutil.rmtree(folder, ignore_errors=True)
    try:
        install(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    stamp.write_text(mark, encoding="utf-8")


def read_pins() -> list[str]:
    """Return the pins of PyPI's programs."""
    lines = PINS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def name_program(pin: str) -> str:
    """Return the name of a program's folder and of its command: aider-chat's is aider, inspect-ai's inspect."""
    return pin.partition("==")[0].removesuffix("-chat").removesuffix("-ai")


def check_disk(root: Path) -> None:
    """Raise `NotBuilt` where the disk is too full."""
    free_gb = shutil.disk_usage(root).free / 1e9
    if free_gb < _FREE_GB:
        raise NotBuilt(f"{_FREE_GB} GB of disk are needed, and {free_gb:.1f} are free")


def install_program(folder: Path, *, pin: str, end: float) -> None:
    """Install one of PyPI's programs into an environment of its own, and start it once."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    options = ["-q", "--disable-pip-version-check"]
    run([python, "-m", "pip", "install", *options, *pin.split()], end=end, what=f"pip install {pin}")
    run(
        [str(folder / "bin" / name_program(pin)), "--version"], end=end, what=f"{name_program(pin)} --version"
    )


def install_agents(folder: Path, *, end: float) -> None:
    """Install the coding agents with npm, and start each once.

    Of their install scripts Claude Code's alone is needed, and run by name: some versions of npm run none.
    """
    npm = find_npm(end=end)
    folder.mkdir(parents=True)
    shutil.copy(PACKAGES, folder / "package.json")
    options = ["--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run([npm, "install", *options], end=end, what="npm install")
    script = folder / "node_modules" / "@anthropic-ai" / "claude-code" / "install.cjs"
    run(["node", str(script)], end=end, what="Claude Code's install script")
    for agent in AGENTS:
        run([str(folder / "node_modules" / ".bin" / agent), "--version"], end=end, what=f"{agent} --version")


def find_npm(*, end: float) -> str:
    """Return npm's path.

    Raises:
        NotBuilt: There is none, or its Node.js is too old.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise NotBuilt(f"npm is needed, of Node.js {_NODE} or newer, and it is not installed")
    version = run([node, "--version"], end=end, what="node --version").strip()
    major = re.match(r"v(\d+)", version)
    if major is None or int(major[1]) < _NODE:
        raise NotBuilt(f"Node.js {_NODE} or newer is needed, and this is {version}")
    return npm


def run(command: Sequence[str], *, end: float, what: str) -> str:
    """Run a command in a process group of its own, which ends with the time; return what it prints."""
    try:
        started = subprocess.Popen(
            command,
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except OSError as error:
        raise NotBuilt(f"{what} does not start: {error}") from error
    with started as process:
        try:
            printed, said = process.communicate(timeout=max(end - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            raise NotBuilt(f"{what} was not done in time") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        lines = [
            line for line in said.splitlines() if re.match(r"ERROR|npm error", line)
        ] or said.splitlines()
        raise NotBuilt(f"{what} failed: {lines[-1] if lines else 'it does not say why'}")
    return printed


def main(arguments: Sequence[str] | None = None) -> int:
    """Build them; return 0, or 75 where they could not be built."""
    parser = argparse.ArgumentParser(
        description="Build the environments of the real clients for tests/clients."
    )
    parser.add_argument("--within", type=float, default=600.0, metavar="SECONDS", help="how long it may take")
    parser.add_argument(
        "--root", type=Path, default=ROOT, metavar="FOLDER", help="where to put them, if not here"
    )
    options = parser.parse_args(arguments)
    try:
        build(options.root, within_s=options.within)
    except NotBuilt as reason:
        print(f"no environment for the real clients: {reason}", flush=True)
        return NOT_BUILT
    return 0


if __name__ == "__main__":
    sys.exit(main())
