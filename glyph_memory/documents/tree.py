"""Load all documents of a folder, in order; what cannot be read is told, and the rest goes on.

Knows folders, links and patterns; knows nothing about formats.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Unpack

from glyph_memory.document import Document, SourceSpan
from glyph_memory.documents.encodings import spell_halves
from glyph_memory.documents.globs import Glob, parse_globs
from glyph_memory.documents.loader import LoadFields, load
from glyph_memory.documents.no_documents import name_no_document
from glyph_memory.documents.options import LoadOptions
from glyph_memory.errors import DocumentError, GlyphMemoryError, show_value, warn
from glyph_memory.files import is_folder

LEFT_OUT = (".*", "__pycache__/", "node_modules/")
"""What `load_tree` leaves out unless told otherwise: hidden files and folders, and what programs put there."""
_NAMED = 5
"""How many faults a warning names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeFault:
    """A file or folder of a tree that was not read."""

    path: Path
    """Where it is."""
    error: GlyphMemoryError
    """Why, in one line."""
    address: str = ""
    """Where it is in a store or on a server, without secrets; empty where it is a file here."""


class TreeDocuments(Iterator[Document]):
    """The documents of a folder, read as they are asked for; see `load_tree`."""

    def __init__(
        self, documents: Iterator[Document], failed: list[TreeFault], skipped: list[TreeFault]
    ) -> None:
        """Take the documents, and the lists that are filled while they are read."""
        self._documents, self._failed, self._skipped = documents, failed, skipped

    def __next__(self) -> Document:
        """Return the next document."""
        return next(self._documents)

    @property
    def failed(self) -> tuple[TreeFault, ...]:
        """Files and folders that could not be read, so far; of all once there are no more documents."""
        return tuple(self._failed)

    @property
    def skipped(self) -> tuple[TreeFault, ...]:
        """What was not read on purpose, so far: links, pipes and devices, empty files, pictures and the like."""
        return tuple(self._skipped)


def load_tree(
    folder: str | Path,
    *,
    include: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    hidden: bool = False,
    on_error: Literal["skip", "raise"] = "skip",
    progress: Callable[[Path], object] | None = None,
    options: LoadOptions | None = None,
    **fields: Unpack[LoadFields],
) -> TreeDocuments:
    """Read all documents of a folder and the folders in it, sorted by name.

    A document's `source` is its path; in its source map, `file` is its path in the folder. Links are not followed.

    Args:
        folder: Where they are.
        include: Patterns of files to read, as .gitignore has them: `*.py`, `docs/**/*.md`; all unless given.
        exclude: Patterns of files and folders to leave out.
        hidden: Whether hidden files, `__pycache__` and `node_modules` are read, too.
        on_error: Whether a file that cannot be read is told in `failed`, with one warning at the end, or stops it all.
        progress: Is called with each file's path before it is read.
        options: How to read; or the fields of `LoadOptions` as keywords.
        **fields: The fields of `LoadOptions`.

    Returns:
        An iterator of documents; its `failed` and `skipped` tell what is not among them.

    Raises:
        DocumentError: There is no such folder, or a pattern is empty; with `on_error="raise"` the first file that
            cannot be read.
    """
    if on_error not in {"skip", "raise"}:
        raise DocumentError(
            f"on_error={show_value(on_error)} is neither 'skip' nor 'raise'; give one of them"
        )
    walk = _begin_walk(folder, include=include, exclude=exclude, hidden=hidden)
    chosen = replace(options or LoadOptions(), **fields)
    documents = _load_all(walk, chosen, progress, does_raise=on_error == "raise")
    return TreeDocuments(documents, walk.failed, walk.skipped)


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeFiles:
    """The files of a folder."""

    paths: tuple[Path, ...]
    """Those that can be read, in order."""
    failed: tuple[TreeFault, ...]
    """Folders that could not be looked into."""
    skipped: tuple[TreeFault, ...]
    """What is not read on purpose: links, pipes and devices, empty files, pictures and what else is no document."""

    def warn_of_unread(self, folder: str | Path) -> None:
        """Warn once of what is not among the paths, if there is anything.

        Args:
            folder: What the folder is called.
        """
        unread = [str(fault.error) for fault in (*self.failed, *self.skipped)]
        if unread:
            more = f"; and {len(unread) - _NAMED:,} more" if len(unread) > _NAMED else ""
            warn(f"not everything in {str(folder)!r} is read: {'; '.join(unread[:_NAMED])}{more}")


def find_files(
    folder: str | Path, *, include: str | Sequence[str] = (), exclude: str | Sequence[str] = ()
) -> TreeFiles:
    """Return the files that `load_tree` reads, without reading them.

    Args:
        folder: Where they are.
        include: As for `load_tree`.
        exclude: As for `load_tree`.

    Raises:
        DocumentError: There is no such folder, or a pattern is empty.
    """
    walk = _begin_walk(folder, include=include, exclude=exclude, hidden=False)
    paths = tuple(path for path, _ in walk.find_files())
    return TreeFiles(paths=paths, failed=tuple(walk.failed), skipped=tuple(walk.skipped))


def _begin_walk(
    folder: str | Path, *, include: str | Sequence[str], exclude: str | Sequence[str], hidden: bool
) -> _Walk:
    root = Path(folder)
    if not is_folder(root):
        raise DocumentError(f"there is no folder {str(folder)!r}; give one, or load() a file")
    return _Walk(
        root=root,
        include=parse_globs(include),
        exclude=parse_globs(
            [*([exclude] if isinstance(exclude, str) else exclude), *(() if hidden else LEFT_OUT)]
        ),
        failed=[],
        skipped=[],
    )


def _load_all(
    walk: _Walk, options: LoadOptions, progress: Callable[[Path], object] | None, *, does_raise: bool
) -> Iterator[Document]:
    for path, name in walk.find_files():
        if progress is not None:
            progress(path)
        try:
            for document in load(path, options=options):
                yield _set_file(document, spell_halves(name))
        except GlyphMemoryError as error:
            if does_raise:
                raise
            walk.failed.append(TreeFault(path=path, error=error))
    if does_raise and walk.failed:
        raise walk.failed[0].error
    if walk.failed:
        files = "1 file" if len(walk.failed) == 1 else f"{len(walk.failed):,} files"
        warn(
            f"{files} of {str(walk.root)!r} could not be read, first of all: {walk.failed[0].error}; the attribute "
            "'failed' of what load_tree returned lists all"
        )


def _set_file(document: Document, name: str) -> Document:
    """Return a document whose source map names the file in the tree."""
    spans = tuple(
        replace(place, file=f"{name}/{place.file}" if place.file else name) for place in document.source_map
    )
    return replace(document, source_map=spans or (SourceSpan(start=0, stop=len(document.text), file=name),))


@dataclass(kw_only=True, slots=True)
class _Walk:
    """A walk through a folder."""

    root: Path
    include: tuple[Glob, ...]
    exclude: tuple[Glob, ...]
    failed: list[TreeFault]
    skipped: list[TreeFault]

    def find_files(self) -> Iterator[tuple[Path, str]]:
        """Yield all files that are wanted, with their paths in the tree; folders are looked into on the way."""
        waiting = [(self.root, "")]
        while waiting:
            path, name = waiting.pop()
            found, folders = self._list_folder(path), list[tuple[Path, str]]()
            for entry in found:
                inner = f"{name}{entry.name}"
                kind = self._find_kind(entry)
                if kind is None or any(
                    one.matches(inner, is_folder=kind == "folder") for one in self.exclude
                ):
                    continue
                if kind == "folder":
                    folders.append((Path(entry.path), f"{inner}/"))
                elif not self.include or any(one.matches(inner, is_folder=False) for one in self.include):
                    yield from self._check_file(entry, inner, kind)
            waiting += reversed(folders)

    def _list_folder(self, path: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(path) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.failed.append(
                TreeFault(
                    path=path,
                    error=DocumentError(
                        f"cannot look into the folder {str(path)!r}: {error.strerror or error}"
                    ),
                )
            )
            return []

    def _find_kind(self, entry: os.DirEntry[str]) -> Literal["folder", "file", "link", "other"] | None:
        """Return what an entry is; None where it cannot be told, which is reported."""
        try:
            if entry.is_symlink():
                return "link"
            if entry.is_dir(follow_symlinks=False):
                return "folder"
            return "file" if entry.is_file(follow_symlinks=False) else "other"
        except OSError as error:
            path = Path(entry.path)
            message = f"cannot read {str(path)!r}: {error.strerror or error}"
            self.failed.append(TreeFault(path=path, error=DocumentError(message)))
            return None

    def _check_file(self, entry: os.DirEntry[str], name: str, kind: str) -> Iterator[tuple[Path, str]]:
        """Yield a file that can be read; report what it is else."""
        path = Path(entry.path)
        if kind == "link":
            reason = f"is a link to {self._show_target(path)}, and links are not followed"
        elif kind == "other":
            reason = "is a pipe, a socket or a device, which may have no end"
        else:
            try:
                found = path.lstat()
            except OSError as error:
                gone = DocumentError(f"{str(path)!r} cannot be read any more: {error.strerror or error}")
                self.failed.append(TreeFault(path=path, error=gone))
                return
            if not (stat.S_ISREG(found.st_mode) and found.st_size):
                reason = "is empty; there is nothing to read in it"
            elif kind_of_other := name_no_document(path):
                reason = f"is {kind_of_other}, and no document"
            else:
                yield path, name
                return
        self.skipped.append(TreeFault(path=path, error=DocumentError(f"{str(path)!r} {reason}")))

    def _show_target(self, path: Path) -> str:
        """Return where a link leads, in words."""
        try:
            target = Path(os.path.realpath(path, strict=True))
        except OSError:
            return "nothing, or in a circle"
        is_inside = target.is_relative_to(os.path.realpath(self.root))
        if path.is_relative_to(target) or Path(os.path.realpath(path.parent)).is_relative_to(target):
            return "a folder that it is in"
        return "another place in the tree" if is_inside else "a place out of the tree"
