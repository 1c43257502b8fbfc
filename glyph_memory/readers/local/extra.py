"""Say what must be installed before a model can be loaded in this process.

Knows distributions and their versions; imports none of them.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from glyph_memory.errors import ReaderRefused

_LOWEST = {"torch": (2, 9), "transformers": (5, 23), "accelerate": (1, 10), "safetensors": (0, 5)}
_INSTALL = "pip install 'glyph-memory[transformers]'"


def check_installed() -> None:
    """Raise an error where torch, transformers or what they load models with are missing or too old.

    Raises:
        ReaderRefused: It says which, and the command that installs it.
    """
    for name, lowest in _LOWEST.items():
        found = _find_version(name)
        if found is None:
            raise ReaderRefused(
                f"a model in this process needs {name}, which is not installed. Try: {_INSTALL}"
            )
        if _read_version(found) < lowest:
            needed = ".".join(map(str, lowest))
            raise ReaderRefused(
                f"a model in this process needs {name} {needed} or newer; {found} is installed. Try: {_INSTALL} -U"
            )


def check_quantization() -> None:
    """Raise an error where bitsandbytes is missing.

    Raises:
        ReaderRefused: It says the command that installs it.
    """
    if _find_version("bitsandbytes") is None:
        raise ReaderRefused(
            "quantization needs bitsandbytes, which is not installed. Try: pip install 'glyph-memory[quant]'"
        )


def _find_version(name: str) -> str | None:
    try:
        return version(name) if find_spec(name) is not None else None
    except PackageNotFoundError:
        return None


def _read_version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])
