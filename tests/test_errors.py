"""One tree of errors: each is catchable by its base, and says whether trying again may help."""

from __future__ import annotations

import inspect
import re

import pytest

from glyph_memory import errors
from glyph_memory.errors import GlyphMemoryError

TREE = {
    name: error
    for name, error in vars(errors).items()
    if inspect.isclass(error) and issubclass(error, GlyphMemoryError)
}


@pytest.mark.parametrize("name", TREE)
def test_every_error_descends_from_the_one_base(name: str) -> None:
    """`except GlyphMemoryError` catches all that the package raises of its own."""
    assert issubclass(TREE[name], GlyphMemoryError)
    assert issubclass(TREE[name], Exception)


def test_every_class_of_the_module_is_in_the_tree() -> None:
    """No error stands beside it; what is only warned of is none."""
    classes = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and not issubclass(value, Warning)
    }
    assert classes == set(TREE)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Names and bases, in its drawing."""
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or "")) | {"GlyphMemoryError"}
    assert drawn == set(TREE)
    for name, also in re.findall(r"── (\w+) \((\w+)\)", errors.__doc__ or ""):
        assert issubclass(TREE[name], getattr(__builtins__, also, ValueError)), name


@pytest.mark.parametrize("name", ["StyleError", "PolicyError", "ProfileError"])
def test_errors_about_values_are_value_errors(name: str) -> None:
    """As a caller who knows Python would expect."""
    assert issubclass(TREE[name], ValueError)


def test_only_an_absent_server_and_a_busy_database_are_worth_another_try() -> None:
    """The same call, unchanged, may succeed later."""
    assert [name for name, error in TREE.items() if error.retryable] == ["StoreBusy", "ReaderUnavailable"]


@pytest.mark.parametrize("name", TREE)
def test_every_error_says_in_its_docstring_when_it_comes(name: str) -> None:
    """One line at least."""
    assert len((TREE[name].__doc__ or "").strip()) > 20


def test_what_cannot_be_printed_stands_in_a_message_as_a_number() -> None:
    """A library quotes names from a file; one may turn the line round, or move the cursor."""
    said = str(GlyphMemoryError("no such part: 'a\u2069\x1b[2J\ufeff'\nTry: ü 中"))
    assert said == r"no such part: 'a\u{2069}\u{1b}[2J\u{feff}' Try: ü 中"
    assert said.isprintable()
