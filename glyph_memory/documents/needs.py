"""Load the libraries that formats need, when they are needed. Knows the extra they come with; knows no format."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from glyph_memory.errors import DocumentError

_PACKAGES = {
    "bs4": "beautifulsoup4",
    "charset_normalizer": "charset-normalizer",
    "docx": "python-docx",
    "markdown_it": "markdown-it-py",
    "pptx": "python-pptx",
    "python_calamine": "python-calamine",
}
"""What is installed for a module of another name."""


def load_library(name: str, *, for_: str) -> ModuleType:
    """Return a library's module.

    Args:
        name: As it is imported: `docx`, `defusedxml.ElementTree`.
        for_: What it reads, in the plural, for the message: `Word documents`.

    Raises:
        DocumentError: It is not installed; the message names the extra that brings it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        top = name.partition(".")[0]
        raise DocumentError(
            f"reading {for_} needs {_PACKAGES.get(top, top)}; pip install 'glyph-memory[documents]'"
        ) from error
