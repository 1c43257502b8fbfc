"""Styles are the same on the command line as in Python, and listed from one table everywhere."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from glyph_memory.cli.look import Look
from glyph_memory.style import PRESETS, PageStyle
from glyph_memory.tokens import ModelProfile


@pytest.mark.parametrize("profile", ["glyph", "qwen2-vl", "qwen3-vl"])
@pytest.mark.parametrize("name", PRESETS)
def test_dense_on_the_command_line_is_dense_in_python(name: str, profile: str) -> None:
    """Whatever sides the model's pages have."""
    model = ModelProfile.from_name(profile)
    typed = Look(style=name, dense=True).build_style(model)
    assert typed == PageStyle.from_name(name).with_snap_px(model.snap_px).dense(model.newline_mark)
    assert typed == PageStyle.from_name(name).dense(model.newline_mark).with_snap_px(model.snap_px)
    if profile == "glyph":
        assert typed == PageStyle.from_name(name).dense()


def test_every_preset_is_in_the_table() -> None:
    """A constructor without arguments is a preset, and a preset is such a constructor."""
    constructors = {
        name
        for name, member in vars(PageStyle).items()
        if isinstance(member, classmethod) and _count_required(member) == 1
    }
    assert constructors == {*PRESETS}


def _count_required(method: classmethod[PageStyle, ..., object]) -> int:
    parameters = inspect.signature(method.__func__).parameters.values()
    return sum(parameter.default is parameter.empty for parameter in parameters)


# A contributor's two steps: a constructor, and a line of the table.
_NEW_PRESET = """
import sys
from dataclasses import replace
from glyph_memory.style import PRESETS, PageStyle

PageStyle.sepia = classmethod(lambda cls: cls(page_color="#F4ECD8", paragraph_color="#F4ECD8"))
PRESETS["sepia"] = "brown as old paper"

from glyph_memory.cli import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["pages", "--help"], {}),
        (["chat", "--help"], {}),
        (["legibility", "--help"], {}),
        (["pages", "--style", "nonsense", __file__], {}),
        (
            [],
            {
                "_GLYPH_MEMORY_COMPLETE": "complete_zsh",
                "_TYPER_COMPLETE_ARGS": "glyph-memory pages --style se",
            },
        ),
    ],
    ids=["pages", "chat", "legibility", "error", "completion"],
)
def test_a_new_preset_appears_everywhere(arguments: list[str], environment: dict[str, str]) -> None:
    """In each command's help, in what a misspelled name is answered, and in the shell's completion."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.argv[0] = 'glyph-memory'\n{_NEW_PRESET}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path), "COLUMNS": "400", "PATH": "/usr/bin:/bin", **environment},
    )
    assert "sepia" in done.stdout + done.stderr
    assert "brown as old paper" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
