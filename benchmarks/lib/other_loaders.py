"""Other people's loaders, timed: run by whatever Python has them, on one file. Needs nothing of this repository.

    PYTHON benchmarks/lib/other_loaders.py LOADER FILE

Prints JSON: CPU seconds, characters, the package's version; or why it did not read the file.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@lru_cache(maxsize=1)
def _make_markitdown() -> object:
    """Make the converter once: it loads a model that tells formats apart."""
    from markitdown import MarkItDown  # type: ignore[import-not-found]  # it is not installed here

    return MarkItDown()


def read_with_markitdown(path: str) -> str:
    """Read a file with Microsoft's MarkItDown."""
    return str(_make_markitdown().convert(path).text_content)  # type: ignore[attr-defined]  # it is not installed here


def read_with_pypdf(path: str) -> str:
    """Read a PDF with pypdf, which LangChain's and LlamaIndex's PDF loaders call."""
    from pypdf import PdfReader  # type: ignore[import-not-found]  # it is not installed here

    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


_LANGCHAIN = {
    ".pdf": "PyPDFLoader",
    ".docx": "Docx2txtLoader",
    ".html": "BSHTMLLoader",
    ".csv": "CSVLoader",
    ".txt": "TextLoader",
    ".ipynb": "NotebookLoader",
}
"""The loader of langchain-community for each kind of file."""


def read_with_langchain(path: str) -> str:
    """Read a file with the loader of langchain-community for its kind."""
    from langchain_community import document_loaders  # type: ignore[import-not-found]  # it is not installed here

    load = getattr(document_loaders, _LANGCHAIN[Path(path).suffix])
    return "\n".join(document.page_content for document in load(path).lazy_load())


_MARKITDOWN = (".pdf", ".docx", ".pptx", ".xlsx", ".html", ".csv", ".epub", ".ipynb")
LOADERS: dict[str, tuple[str, Callable[[str], str], tuple[str, ...]]] = {
    "markitdown": ("markitdown", read_with_markitdown, _MARKITDOWN),
    "pypdf": ("pypdf", read_with_pypdf, (".pdf",)),
    "LangChain": ("langchain-community", read_with_langchain, tuple(_LANGCHAIN)),
}
"""By name: the package, what reads a file, and which files it has a reader of its own for."""


def main(loader: str, path: str) -> dict[str, object]:
    """Read a file twice and time the second time, so that imports and models are not counted."""
    package, read, _ = LOADERS[loader]
    try:
        known = version(package)
    except PackageNotFoundError:
        return {"error": "not installed"}
    try:
        read(path)
        began = time.process_time()
        text = read(path)
    except Exception as error:
        return {"version": known, "error": f"{type(error).__name__}: {error!s:.200}"}
    return {"version": known, "cpu_s": time.process_time() - began, "characters": len(text)}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
