"""Texts that lie on a machine anyway: sources, licences, manuals, package files, translations; each as it is.

Files are found in sorted order, so that one machine always gives the same texts. Knows folders and file formats; knows
nothing about pages.
"""

from __future__ import annotations

import functools
import gettext
import gzip
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from pydoc_data import topics

CHARACTERS = 30_000
"""A text is cut after the line that reaches so many."""
LEAST_CHARACTERS = 8_000
"""A shorter text is left out: less than some pages says little."""

_MAN = Path("/usr/share/man")
_OURS = ("glyph-memory", "langchain-glyph-memory", "llama-index-memory-glyph")
_OVERSTRIKE = re.compile(r".\x08|\x1b\[[0-9;]*m")


def cut(pieces: Iterable[str], *, between: str = "\n", at_most: int = CHARACTERS) -> str:
    """Return pieces joined until there are enough characters, cut at the end of a line where there is one."""
    taken, length = list[str](), 0
    for piece in pieces:
        taken.append(piece)
        length += len(piece) + len(between)
        if length > at_most:
            break
    text = between.join(taken)
    end = text.rfind("\n", at_most // 2, at_most) if len(text) > at_most else -1
    return text[: end + 1] if end >= 0 else text[:at_most]


def find_stdlib() -> Path:
    """Return the folder of the standard library."""
    return Path(sysconfig.get_path("stdlib"))


def read_modules(names: Sequence[str]) -> str:
    """Return sources of the standard library."""
    return cut(_read(find_stdlib() / f"{name}.py") for name in names)


def read_topics() -> str:
    """Return Python's language reference as it is written: wrapped lines, with indents."""
    return cut((text for _, text in sorted(topics.topics.items())), between="\n\n")


def read_paragraphs() -> str:
    """Return the long paragraphs of Python's language reference, each on one line."""

    def paragraphs() -> Iterator[str]:
        for _, topic in sorted(topics.topics.items()):
            for paragraph in re.split(r"\n\s*\n", topic):
                line = " ".join(paragraph.split())
                if len(line) > 200 and line[0].isupper():
                    yield line

    return cut(paragraphs(), between="\n\n")


def read_licence(name: str) -> str:
    """Return a licence as Debian keeps it; nothing elsewhere."""
    return cut([_read(Path("/usr/share/common-licenses") / name)])


@functools.cache
def list_distributions() -> tuple[Distribution, ...]:
    """Return the installed packages by name, without this project's own; once each."""
    found = {
        str(one.metadata["Name"]).lower(): one
        for one in distributions()
        if one.metadata is not None and one.metadata["Name"]
    }
    return tuple(one for name, one in sorted(found.items()) if name.replace("_", "-") not in _OURS)


@functools.cache
def _list_files() -> tuple[tuple[str, Distribution], ...]:
    """Return all files of packages, package by package, without this project's own."""
    return tuple(
        (name, one)
        for one in list_distributions()
        for name in sorted(map(str, one.files or ()))
        if "glyph" not in name
    )


def read_licence_files() -> str:
    """Return licences as installed packages bring them, a few of each package's lines left as they are."""
    return cut(_read_package_files(("LICENSE", "LICENSE.txt", "LICENSE.md")), between="\n\n")


def read_readmes(kind: str) -> str:
    """Return READMEs of installed packages that are in Markdown (`text/markdown`) or reST (`text/x-rst`)."""

    def readmes() -> Iterator[str]:
        for one in list_distributions():
            body = one.metadata.get_payload() if hasattr(one.metadata, "get_payload") else ""
            if str(one.metadata["Description-Content-Type"] or "").startswith(kind) and len(body) > 1500:
                yield str(body)[:8000]

    return cut(readmes(), between="\n\n")


def read_package_files(*endings: str, most: int = 12_000) -> str:
    """Return files of installed packages with one of these endings, of each no more than `most` characters."""
    return cut((text[:most] for text in _read_package_files(endings)), between="\n")


def read_records() -> str:
    """Return the RECORD of an installed package, a CSV of names, hashes and sizes; of several where one is short."""
    return cut(_read_package_files(("RECORD",)), between="\n")


def read_headers() -> str:
    """Return C headers: Python's own, which stand where its headers are installed."""
    folder = Path(sysconfig.get_path("include"))
    return cut(_read(path) for path in sorted(folder.rglob("*.h")))


def read_file(path: str) -> str:
    """Return a file of the system; nothing where there is none."""
    return cut([_read(Path(path))])


def read_folder(path: str) -> str:
    """Return the files of a folder of the system, by name; nothing where there is none."""
    return cut(_read(file) for file in sorted(Path(path).glob("*")) if file.is_file())


def read_manual(*names: str, language: str = "") -> str:
    """Return manual pages as `man` shows them, 80 columns wide; nothing where there is no groff or no page."""

    def pages() -> Iterator[str]:
        for name in names:
            section = name.rpartition(".")[2]
            path = _MAN / language / f"man{section}" / f"{name}.gz"
            if path.exists():
                yield _format_manual(gzip.decompress(path.read_bytes()))

    return cut(pages())


def read_manual_sources(*names: str) -> str:
    """Return the sources of manual pages, in roff."""
    paths = (_MAN / f"man{name.rpartition('.')[2]}" / f"{name}.gz" for name in names)
    return cut(
        gzip.decompress(path.read_bytes()).decode("utf-8", "replace") for path in paths if path.exists()
    )


def read_translations(language: str) -> str:
    """Return messages that programs and packages have in a language, a line each; nothing where there are none."""
    places = [Path("/usr/share/locale") / language, *_list_catalogues(language)]
    paths = sorted(
        {path for place in places for path in (place / "LC_MESSAGES").glob("*.mo")},
        key=lambda path: path.name,
    )

    def messages() -> Iterator[str]:
        for path in paths:
            try:
                with path.open("rb") as file:
                    catalogue = vars(gettext.GNUTranslations(file))["_catalog"]
            except (OSError, UnicodeDecodeError, ValueError, KeyError):
                continue
            for key, message in sorted(catalogue.items(), key=lambda item: str(item[0])):
                if key and isinstance(message, str) and len(message) > 30:
                    yield message

    return cut(messages())


def run(*command: str) -> str:
    """Return what a command prints, addresses in memory made the same every time; nothing where it cannot run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    numbers = dict[str, str]()

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"0x7f3a{len(numbers) * 48:08x}")

    return cut([re.sub(r"0x[0-9a-f]{8,}", number, done.stdout + done.stderr)])


def run_python(*arguments: str) -> str:
    """Return what this Python prints with these arguments."""
    return run(sys.executable, *arguments)


def _read_package_files(endings: Sequence[str]) -> Iterator[str]:
    for name, one in _list_files():
        if name.endswith(tuple(endings)):
            text = _read(Path(str(one.locate_file(name))))
            if len(text) > 300:
                yield text


def _list_catalogues(language: str) -> Iterator[Path]:
    for name, one in _list_files():
        if f"/{language}/LC_MESSAGES/" in name and name.endswith(".mo"):
            yield Path(str(one.locate_file(name))).parent.parent


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").replace("\f", "").removeprefix("\ufeff")
    except (OSError, UnicodeDecodeError):
        return ""


def _format_manual(source: bytes) -> str:
    try:
        done = subprocess.run(
            ["groff", "-k", "-t", "-man", "-Tutf8", "-rLL=80n"],
            input=source, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return _OVERSTRIKE.sub("", done.stdout.decode("utf-8", "replace"))
