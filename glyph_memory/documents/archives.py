"""Zip files, opened with care: DOCX, PPTX, XLSX, EPUB and ODS are such files, and a hostile one is a bomb.

`open_archive` refuses what no document needs, before anything is unpacked: members that claim too much, that share
bytes, that are encrypted or whose names lead elsewhere. A member is then unpacked up to what it claims, never further;
an archive within an archive is one more member, and is not opened. Knows zip files; knows nothing about documents.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import TracebackType
from typing import IO, BinaryIO, Self

from glyph_memory.documents.options import Limits, LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError, show_value

_SMALL = 10_000_000
"""Bytes that any archive may unpack to, whatever its size."""
_MOST_MEMBERS = 50_000
_LARGEST_READ = 8_000_000
"""Bytes read at a time; the list of an archive's members is read at once, and may be no longer."""
_SIGNATURE = b"PK\x03\x04"
BROKEN: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)
"""What zipfile and zlib raise where a file is broken or encrypted."""


class Archive:
    """The members of a zip file, each read under limits; to be used in a `with`."""

    def __init__(self, file: BinaryIO, shown: str) -> None:
        """Read the list of members; `open_archive` checks it, too.

        Args:
            file: The zip file; it is closed with the archive.
            shown: Its name for messages, quoted.

        Raises:
            DocumentError: It is no zip file, or a broken one.
        """
        self.shown = shown
        """The file's name for messages, quoted."""
        self._file = file
        try:
            self._zip = zipfile.ZipFile(_CappedFile(file, shown))
        except BROKEN as error:
            cause = (
                "its end is missing, where the list of members stands"
                if "not a zip" in str(error)
                else str(error)
            )
            raise DocumentError(f"{shown} is no whole zip file: {cause}; get the file again") from error
        self.infos = [info for info in self._zip.infolist() if info.filename and not info.is_dir()]
        """What the list of members says of each, in order; without folders, and those that a broken file names not."""
        self._members = {info.filename.replace("\\", "/"): info for info in self.infos}
        self._by_small_letters = {name.lower(): name for name in self._members}

    @property
    def end(self) -> int:
        """Where the list of members begins, in bytes of the file: no member may reach further."""
        return self._zip.start_dir

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, in the archive's order, without folders."""
        return tuple(self._members)

    def find(self, name: str) -> str | None:
        """Return a member's name as it is spelled here, whatever its case in `name`; None where there is none."""
        return name if name in self._members else self._by_small_letters.get(name.lower())

    def size(self, name: str) -> int:
        """Return how many bytes a member claims to have; it cannot have more.

        Raises:
            DocumentError: There is no such member.
        """
        return self._find(name).file_size

    def read(self, name: str, *, at_most: int | None = None) -> bytes:
        """Return a member's bytes.

        Args:
            name: Of the member, in any case.
            at_most: How many bytes there may be.

        Raises:
            DocumentError: There is no such member, it is broken, or it has more.
        """
        info = self._find(name)
        if at_most is not None and info.file_size > at_most:
            raise DocumentError(
                f"{show_value(name)} in {self.shown} has {info.file_size:,} bytes, more than {at_most:,}; leave it out"
            )
        with self.open(name) as member:
            return member.read()

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a member, to be read piece by piece; whatever is wrong with it becomes one error.

        Args:
            name: Of the member, in any case.

        Raises:
            DocumentError: There is no such member, or it is broken; while it is read, too.
        """
        info = self._find(name)
        try:
            with self._zip.open(info) as member:
                yield member
        except BROKEN as error:
            raise DocumentError(
                f"{show_value(name)} in {self.shown} is broken: {str(error) or 'it is cut off'}; get the file again"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __contains__(self, name: str) -> bool:
        return self.find(name) is not None

    def _find(self, name: str) -> zipfile.ZipInfo:
        found = self.find(name)
        if found is None:
            raise DocumentError(
                f"{self.shown} has no {show_value(name)} in it; was it made by hand, or is it of another format?"
            )
        return self._members[found]


class _CappedFile:
    """A file that refuses to read much at once: zipfile reads the list of members in one go, however long it says."""

    def __init__(self, file: BinaryIO, shown: str) -> None:
        self._file, self._shown = file, shown
        self.seek, self.tell, self.close = file.seek, file.tell, lambda: None

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > _LARGEST_READ:
            raise DocumentError(
                f"{self._shown} has a list of members of {size:,} bytes, more than {_LARGEST_READ:,}; unpack it, and "
                "read what is in it"
            )
        return self._file.read(size)


def open_archive(source: Source, options: LoadOptions) -> Archive:
    """Open a zip file and check what it claims, before anything is unpacked.

    Args:
        source: The file.
        options: Their limits hold: `file_bytes`, `unpacked_bytes` and `expansion`.

    Raises:
        DocumentError: It is no zip file, it is cut off, or it is one that no honest program writes.
    """
    file = source.open_file(at_most=options.limits.file_bytes)
    try:
        archive = Archive(file, source.shown)
        _check_members(archive, file, options.limits)
    except BaseException:
        file.close()
        raise
    return archive


def _check_members(archive: Archive, file: BinaryIO, limits: Limits) -> None:
    shown, infos = archive.shown, archive.infos
    if len(infos) > _MOST_MEMBERS:
        raise DocumentError(
            f"{shown} has {len(infos):,} members, more than {_MOST_MEMBERS:,}; unpack it first"
        )
    for info in infos:
        if problem := _find_problem(info):
            raise DocumentError(f"{show_value(info.filename)} in {shown} {problem}")
    unpacked, packed = sum(info.file_size for info in infos), file.seek(0, io.SEEK_END)
    if unpacked > limits.unpacked_bytes:
        raise DocumentError(
            f"{shown} unpacks to {unpacked:,} bytes, more than {limits.unpacked_bytes:,}: it may be a bomb; if it is "
            "none, raise Limits.unpacked_bytes"
        )
    if unpacked > _SMALL and unpacked > limits.expansion * packed:
        raise DocumentError(
            f"{shown} unpacks to {unpacked / max(packed, 1):,.0f} times its size: it may be a bomb; if it is none, "
            f"raise Limits.expansion, which is {limits.expansion:g}"
        )
    _check_places(archive)


def _find_problem(info: zipfile.ZipInfo) -> str:
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "has a name that leads out of the archive; the file is not to be trusted"
    if info.flag_bits & 0x1:
        return "is encrypted; save the document without a password"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "is packed in a way that documents do not use; save the document anew"
    return ""


def _check_places(archive: Archive) -> None:
    """Raise an error where members share bytes: few bytes then unpack to many, again and again."""
    places = sorted(
        (info.header_offset, info.header_offset + 30 + len(info.orig_filename) + info.compress_size)
        for info in archive.infos
    )
    for (_, stop), (start, _) in pairwise([*places, (archive.end, archive.end)]):
        if stop > start:
            raise DocumentError(
                f"{archive.shown} has members that share their bytes, as bombs do; get the file again"
            )


def recognize_archive(
    source: Source, *, needed: str = "", content: str | tuple[str, ...] = (), media_type: str = ""
) -> bool:
    """Return whether a file is a zip file of a kind, by its list of members and what they say of themselves.

    Its name counts for nothing, and neither does an archive within it. A broken one is of no kind.

    Args:
        source: The file.
        needed: A member that this kind has: `word/document.xml`.
        content: What `[Content_Types].xml` says of this kind, `wordprocessingml.document.main+xml`; any of several.
        media_type: What the member `mimetype` says: `application/epub+zip`.
    """
    if not source.head.startswith(_SIGNATURE):
        return False
    try:
        with source.open_file(at_most=Limits().file_bytes) as file:
            archive = Archive(file, source.shown)
            return (
                bool(needed and needed in archive)
                or _has_content(archive, (content,) if isinstance(content, str) else content)
                or bool(media_type and _read_start(archive, "mimetype").strip() == media_type.encode())
            )
    except DocumentError:
        return False


def _has_content(archive: Archive, contents: tuple[str, ...]) -> bool:
    types = _read_start(archive, "[Content_Types].xml") if contents else b""
    return any(content.encode() in types for content in contents if content)


def _read_start(archive: Archive, name: str) -> bytes:
    if name not in archive:
        return b""
    with archive.open(name) as member:
        return member.read(_LARGEST_READ)
