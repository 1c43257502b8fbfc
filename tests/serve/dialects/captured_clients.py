"""What real clients were seen to send: `tests/serve/captured`, some requests of each, shortened, no paths, no ids."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

CAPTURED = Path(__file__).parent.parent / "captured"
CLIENTS = ("qwen", "codex", "claude", "aider", "llm")
"""The clients, by the names of their files."""


@cache
def load_client(name: str) -> dict[str, Any]:
    """Return what a client sent: its version, its dialect and some of its requests."""
    held: dict[str, Any] = json.loads((CAPTURED / f"{name}.json").read_text(encoding="utf-8"))
    return held


def load_body(name: str, what: str) -> dict[str, Any]:
    """Return the body of one request of a client."""
    (found,) = (one for one in load_client(name)["requests"] if one["what"] == what)
    body: dict[str, Any] = found["body"]
    return body
