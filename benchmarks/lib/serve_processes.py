"""The processes of `serve.py`: an upstream that computes nothing, and a proxy in front of it, each on its own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_UPSTREAM = Path(__file__).with_name("serve_upstream.py")
_START_S = 90.0
_SAYS = re.compile(r"listens at (http://\S+)")


@dataclass
class Process:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def kill(self) -> None:
        """End it as a power cut does."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            child.kill()
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def memory_mib(self) -> float:
        """What it and its workers hold of memory."""
        own = psutil.Process(self.process.pid)
        held = 0
        for one in (own, *own.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                held += one.memory_info().rss
        return held / 2**20

    def list_workers(self) -> list[psutil.Process]:
        """Return its workers; none where it is alone."""
        return psutil.Process(self.process.pid).children(recursive=True)


def start_upstream(port: int = 0) -> Process:
    """Start the upstream; return when it listens."""
    command = [sys.executable, str(_UPSTREAM), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    listens_at = process.stdout.readline() if process.stdout else ""
    return Process(process, f"http://127.0.0.1:{int(listens_at)}")


def start_proxy(upstream: str, memory: Path, *options: str) -> Process:
    """Start a proxy; return when it listens."""
    command = [sys.executable, "-m", "glyph_memory", "serve", "--upstream", f"{upstream}/v1"]
    command += ["--memory", str(memory), "--port", "0", "--no-web", *options]
    log = memory.with_suffix(".log")
    with log.open("w") as written:
        process = subprocess.Popen(
            command,
            stderr=written,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "COLUMNS": "200"},
        )
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        found = _SAYS.search(log.read_text())
        if found:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{found[1]}/healthz", timeout=10).read()  # noqa: S310  an address of ours
                return Process(process, found[1])
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the proxy did not start: {log.read_text()}")


@contextlib.contextmanager
def run_pair(folder: Path, *options: str) -> Iterator[tuple[Process, Process]]:
    """Yield an upstream and a proxy in front of it."""
    upstream = start_upstream()
    try:
        proxy = start_proxy(upstream.url, folder / "serve.db", *options)
        try:
            yield upstream, proxy
        finally:
            proxy.stop()
    finally:
        upstream.kill()
