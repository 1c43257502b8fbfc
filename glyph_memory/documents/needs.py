"""Import the libraries that read formats, when a file needs them; one that is missing is named with its extra.

Knows names of libraries; knows nothing about formats.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from glyph_memory.errors import DocumentError

_PACKAGES = {
    "charset_normalizer": "charset-normalizer",
    "docx": "python-docx",
    "markdown_it": "markdown-it-py",
    "mdit_py_plugins": "mdit-py-plugins",
    "pptx": "python-pptx",
    "python_calamine": "python-calamine",
}
"""What packages are called, where they have another name than their module."""


def load_library(module: str, *, for_: str, package: str | None = None) -> ModuleType:
    """Return a library, imported when it is asked for, so that importing this package stays light.

    Args:
        module: As `import` takes it: `docx.oxml`.
        for_: What it is needed for, in the plural: `Word documents`.
        package: What pip calls it, where the extra `documents` does not bring it.

    Raises:
        DocumentError: It is not installed, or cannot be imported; the message says what to install.
    """
    try:
        return import_module(module)
    except (ImportError, OSError) as error:  # OSError: a library in C that does not load
        root = module.partition(".")[0]
        needed = package or _PACKAGES.get(root, root)
        install = package or "'glyph-memory[documents]'"
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == root:
            raise DocumentError(f"reading {for_} needs {needed}; pip install {install}") from error
        raise DocumentError(
            f"reading {for_} needs {needed}, which cannot be imported: {error}; pip install -U {install}"
        ) from error
