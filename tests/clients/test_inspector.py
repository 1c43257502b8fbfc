"""The MCP inspector's command line, which others wrote, against `glyph-memory mcp`."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any


def run_inspector(root: Path, file: Path, *arguments: str) -> Any:
    """Return what the inspector prints."""
    program = root / ".clients" / "node_modules" / ".bin" / "mcp-inspector"
    server = [sys.executable, "-m", "glyph_memory", "mcp", "--memory", str(file)]
    command = [str(program), "--cli", *server, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_inspector_lists_and_calls_tools_and_reads_resources(clients_root: Path, tmp_path: Path) -> None:
    """It checks schemas and answers with an implementation of its own."""
    inspect = partial(run_inspector, clients_root, tmp_path / "memory.db")
    tools = inspect("--method", "tools/list")["tools"]
    assert [tool["name"] for tool in tools][:2] == ["remember", "recall"]
    call = ("--method", "tools/call", "--tool-name")
    inspect(*call, "remember", "--tool-arg", "text=The gate code is 4711-B.")
    found = inspect(*call, "recall", "--tool-arg", "query=gate", "--tool-arg", "k=1")
    assert "4711-B" in found["content"][0]["text"]
    listed = inspect("--method", "resources/list")["resources"]
    assert "glyph://sessions/mcp" in {one["uri"] for one in listed}
