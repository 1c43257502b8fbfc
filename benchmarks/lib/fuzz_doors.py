"""All doors that are fuzzed, the wing each belongs to, and how many of the inputs it gets."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lib.fuzz_documents import check_package, check_pdf, check_text_file
from lib.fuzz_lines import check_lines
from lib.fuzz_pages import check_style, check_text, check_turn
from lib.fuzz_replies import check_answer, check_cut_stream, check_models, check_sentence, check_stream
from lib.fuzz_store import check_operations

Wing = Literal["typeset", "store", "readers", "documents"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """A place where input comes in that we did not make, with a claim that holds for any."""

    name: str
    wing: Wing
    check: Callable[[random.Random], str | tuple[str, int]]
    """Tries an input: `done` or `refused`; with how many inputs it was where that is not one. Else it raises."""
    share: float
    """Of all inputs."""
    at_once: int
    """Numbers of one shard."""
    inputs: int = 1
    """How many inputs one number stands for."""


DOORS = (
    Door(name="texts", wing="typeset", check=check_text, share=0.09, at_once=3_000),
    Door(name="styles", wing="typeset", check=check_style, share=0.03, at_once=2_000),
    Door(name="turns", wing="typeset", check=check_turn, share=0.02, at_once=2_000),
    Door(name="operations", wing="store", check=check_operations, share=0.07, at_once=200, inputs=25),
    Door(name="lines", wing="store", check=check_lines, share=0.01, at_once=1_000),
    Door(name="answers", wing="readers", check=check_answer, share=0.24, at_once=20_000),
    Door(name="streams", wing="readers", check=check_stream, share=0.22, at_once=20_000),
    Door(name="cut streams", wing="readers", check=check_cut_stream, share=0.04, at_once=10_000),
    Door(name="models", wing="readers", check=check_models, share=0.07, at_once=10_000),
    Door(name="sentences", wing="readers", check=check_sentence, share=0.03, at_once=10_000),
    Door(name="text files", wing="documents", check=check_text_file, share=0.14, at_once=5_000),
    Door(name="packages", wing="documents", check=check_package, share=0.02, at_once=1_000),
    Door(name="PDFs", wing="documents", check=check_pdf, share=0.02, at_once=2_000),
)
"""Those whose inputs are drawn from a number."""

MODULES: tuple[tuple[str, Wing, int], ...] = (
    ("tests/fuzz/test_texts.py", "typeset", 200),
    ("tests/fuzz/test_styles.py", "typeset", 200),
    ("tests/fuzz/test_fonts.py", "typeset", 100),
    ("tests/fuzz/test_database.py", "store", 80),
    ("tests/fuzz/test_lines.py", "store", 100),
    ("tests/store/test_erasing_anything.py", "store", 20),
    ("tests/fuzz/test_replies.py", "readers", 300),
    ("tests/fuzz/test_documents.py", "documents", 300),
)
"""Those of Hypothesis: a module, its wing, and how many inputs each of its tests gets."""


def find_door(name: str) -> Door:
    """Return a door by its name."""
    return next(door for door in DOORS if door.name == name)
