"""A library that is missing is named in one line, with what to install."""

from __future__ import annotations

import json
import sys

import pytest

from glyph_memory.documents.needs import load_library
from glyph_memory.errors import DocumentError


def test_a_library_that_is_there_is_imported() -> None:
    """The module itself comes back."""
    assert load_library("json", for_="JSON") is json


@pytest.mark.parametrize(
    ("module", "package", "message"),
    [
        ("docx", None, "reading books needs python-docx; pip install 'glyph-memory[documents]'"),
        ("docx.oxml", None, "reading books needs python-docx; pip install 'glyph-memory[documents]'"),
        ("s3fs", "s3fs", "reading books needs s3fs; pip install s3fs"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    module: str, package: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name that pip knows, not by the module's."""
    for name in (module, module.partition(".")[0]):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DocumentError) as caught:
        load_library(module, for_="books", package=package)
    assert str(caught.value) == message
