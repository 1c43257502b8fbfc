"""`glyph-memory serve-command` prints a script that a shell can run, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glyph_memory.readers.launch import plan_server

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_the_script_is_the_plans(run: Run) -> None:
    """Its options are `plan_server`'s, with the comments or without."""
    options = ("--devices", "0, 1", "--gpu-memory", "48", "--window", "65536", "--pages-folder", "/srv/a b")
    planned = plan_server(
        "zai-org/Glyph", devices=("0", "1"), gpu_memory_gib=48, window_tokens=65_536, pages_folder="/srv/a b"
    )
    result = run("serve-command", "--model", "zai-org/Glyph", *options)
    assert (result.code, result.out, result.err) == (0, planned.to_script(), "")
    bare = run("serve-command", "--model", "zai-org/Glyph", *options, "--no-explain")
    assert bare.out == planned.to_script(explain=False)


def test_json_is_for_programs(run: Run) -> None:
    """The words one by one, and why each."""
    result = run("serve-command", "--model", "zai-org/Glyph", "--engine", "sglang", "--port", "9", "--json")
    assert result.json == plan_server("zai-org/Glyph", engine="sglang", port=9).to_json()


def test_an_error_leaves_the_shell_nothing_to_run(run: Run) -> None:
    """Standard output stays empty: it may be a pipe into `sh`."""
    assert (
        "no engine 'ollama'" in run("serve-command", "--model", "zai-org/Glyph", "--engine", "ollama").error
    )
    assert "control character" in run("serve-command", "--model", "a\nreboot").error


def test_the_page_about_servers_shows_what_is_printed(run: Run) -> None:
    """Word for word."""
    page = Path(__file__).parents[2] / "docs" / "start" / "your-server.md"
    options = ("--model", "zai-org/Glyph", "--devices", "0,1", "--gpu-memory", "24", "--no-explain")
    assert f"```text\n{run('serve-command', *options).out}```" in page.read_text()


def test_what_was_assumed_is_told_without_comments_too(run: Run) -> None:
    """On standard error, which no shell runs."""
    result = run("serve-command", "--model", "lab/Unseen-VL-3B", "--no-explain")
    assert result.err.startswith("Assumed: no profile is known for 'lab/Unseen-VL-3B'")
    assert "#" not in result.out
    fitted = run(
        *(
            "serve-command",
            "--model",
            "lab/Unseen-VL-3B",
            "--gpu-memory",
            "24",
            "--no-explain",
            "--profile",
            "glyph",
        )
    )
    assert fitted.err.startswith("Assumed: the window fits.")
