"""Say what a measurement ran on: the GPU, its power and clocks, versions, and which kernels attention took."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version

import torch

from lib.prompts import make_text_prompt
from lib.random_network import Network

_ASKED = (
    "name",
    "memory.total",
    "driver_version",
    "power.limit",
    "clocks.max.sm",
    "clocks.sm",
    "temperature.gpu",
)
_PACKAGES = ("torch", "transformers", "flash-attn", "numpy", "pillow")
_TRIAL_TOKENS = 512
_MARKS = ("flash", "fmha", "attention", "sdpa")


def describe_gpu() -> dict[str, str]:
    """Return what `nvidia-smi` says of the first GPU that torch sees; the name alone where there is no such program."""
    if not torch.cuda.is_available():
        return {}
    found = {"name": torch.cuda.get_device_name()}
    program = shutil.which("nvidia-smi")
    if program is None:
        return found
    command = [program, f"--query-gpu={','.join(_ASKED)}", "--format=csv,noheader", "--id=0"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return found
    values = [value.strip() for value in done.stdout.splitlines()[0].split(",")] if done.stdout else []
    return found | dict(zip(_ASKED, values, strict=False))


def list_versions() -> dict[str, str]:
    """Return the versions that a time depends on."""
    found = {"python": platform.python_version(), "cuda": str(torch.version.cuda)}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def list_attention_kernels(network: Network) -> list[str]:
    """Return the GPU's kernels that attention takes, for a prompt and behind a cached one; none on a CPU."""
    if not network.device.startswith("cuda"):
        return []
    prompt = make_text_prompt(network, range(_TRIAL_TOKENS))
    cache = network.make_cache(2 * _TRIAL_TOKENS, fill=True)
    activities = [torch.profiler.ProfilerActivity.CUDA]
    found: dict[str, None] = {}
    for start in (0, _TRIAL_TOKENS):
        with torch.profiler.profile(activities=activities) as profile:
            network.read(prompt.embedded, prompt.positions, cache, start=start)
            torch.cuda.synchronize()
        names = (event.key for event in profile.key_averages())
        found |= dict.fromkeys(name[:80] for name in names if any(mark in name for mark in _MARKS))
    return list(found)
