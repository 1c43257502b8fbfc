"""A Lance dataset whose fragments are shards: which are there, which are written and wait, and one commit for all.

A fragment lies in one data file with a name of its own. A note beside the data, in `_export/`, says which shard and
which content it holds; notes are written after their files, so that whoever goes on after a kill finds both. Knows
Lance; knows nothing about pages.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from glyph_memory.addresses import is_address
from glyph_memory.documents.exporting.store_options import make_store_options
from glyph_memory.documents.exporting.values import ExportedTable, TablePart
from glyph_memory.documents.shards.storage import Storage
from glyph_memory.documents.shards.tables import load_arrow
from glyph_memory.errors import GlyphMemoryError

_NOTES = "_export"
_ENDLESS = 1 << 60
"""Rows and bytes of a data file: a shard is never split."""
_SCHEMES = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfss": "abfss"}
"""Stores that fsspec and Lance both know, and how Lance names them."""
Part = tuple[str, str]
"""A shard and the key of its content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldVersion:
    """What the newest version of a dataset holds."""

    number: int
    """The version."""
    parts: Mapping[Part, Any]
    """Its fragments that hold a shard as it was written."""
    others: Sequence[Any]
    """Its fragments that hold something else, or the same once more."""


class LanceFiles:
    """A Lance dataset that shards are written to.

    Args:
        lance: The library.
        address: Where it is, or will be.
        options: Settings of the store, as Lance names them.

    Raises:
        GlyphMemoryError: The store does not answer.
    """

    def __init__(self, lance: Any, address: str, options: Mapping[str, str]) -> None:  # noqa: ANN401
        self._lance, self._storage = lance, Storage(address)
        self._uri = _find_uri(address, self._storage.shown)
        self._options = make_store_options(address, options)
        self._notes = dict[str, str]()
        for name in self._storage.list_files(_NOTES):
            self._notes[name.split(".")[2]] = name

    def read_version(self, table: ExportedTable) -> HeldVersion | None:
        """Return what the dataset holds; None where there is none.

        Raises:
            GlyphMemoryError: It cannot be read, or has other columns.
        """
        if not self._storage.list_files("_versions"):
            return None
        with self._translate("read"):
            dataset = self._lance.dataset(self._uri, storage_options=self._options)
            fragments = [one.metadata for one in dataset.get_fragments()]
        if not dataset.schema.equals(table.schema):
            raise GlyphMemoryError(
                f"{self._storage.shown!r} is a Lance dataset with other columns than the table {table.name!r}; give "
                "another folder"
            )
        parts, others = dict[Part, Any](), list[Any]()
        for fragment in fragments:
            part = self._find_part(fragment)
            if part is None or part in parts:
                others.append(fragment)
            else:
                parts[part] = fragment
        return HeldVersion(number=dataset.version, parts=parts, others=others)

    def read_written(self, wanted: Collection[Part]) -> dict[Part, Any]:
        """Return fragments of an export that was killed: written whole, and in no version yet.

        Raises:
            GlyphMemoryError: The store does not answer.
        """
        found = dict[Part, Any]()
        there = set(self._storage.list_files("data")) if self._notes else set[str]()
        for file, note in self._notes.items():
            part = _read_note(note)
            if part in wanted and f"{file}.lance" in there:
                told = json.loads(self._storage.read(f"{_NOTES}/{note}"))
                found[part] = self._lance.fragment.FragmentMetadata.from_json(json.dumps(told))
        return found

    def write(self, part: TablePart, schema: Any, *, is_first: bool) -> Any:  # noqa: ANN401 - of Lance and pyarrow
        """Write a shard's rows into a file; no version has it yet.

        Raises:
            GlyphMemoryError: Its rows cannot be read, or the file cannot be written.
        """
        arrow, _ = load_arrow()
        failed = list[GlyphMemoryError]()

        def read() -> Iterator[Any]:
            try:
                yield from part.read()
            except GlyphMemoryError as error:  # Lance would make a text of it
                failed.append(error)
                raise

        with self._translate("written to", failed):
            (fragment,) = self._lance.fragment.write_fragments(
                arrow.RecordBatchReader.from_batches(schema, read()),
                self._uri,
                schema=schema,
                mode="create" if is_first else "append",
                max_rows_per_file=_ENDLESS,
                max_bytes_per_file=_ENDLESS,
                storage_options=self._options,
            )
        file = _get_file(fragment)
        note = f"{part.shard}.{part.key}.{file}.json"
        self._storage.write(f"{_NOTES}/{note}", json.dumps(fragment.to_json()).encode())
        self._notes[file] = note
        return fragment

    def commit(
        self,
        held: HeldVersion | None,
        schema: Any,  # noqa: ANN401 - pyarrow's
        *,
        removed: Iterable[Any],
        added: Sequence[Any],
    ) -> int:
        """Make one version of what is there, without some fragments and with others; return its number.

        Raises:
            GlyphMemoryError: Somebody else made a version meanwhile, or it cannot be written.
        """
        operations = self._lance.LanceOperation
        if held is None or not (held.parts or held.others):
            operation = operations.Overwrite(schema, list(added))
        else:
            gone = [one.id for one in removed]
            # Of two that only add, Lance would take both; two that touch the same fragment, it does not.
            touched = next((one for one in (*held.parts.values(), *held.others) if one.id not in gone), None)
            operation = operations.Update(gone, [] if touched is None else [touched], list(added))
        with self._translate("written to", is_first=held is None):
            made = self._lance.LanceDataset.commit(
                self._uri,
                operation,
                read_version=None if held is None else held.number,
                max_retries=0,
                storage_options=self._options,
            )
        return int(made.version)

    def drop_notes(self, fragments: Iterable[Any]) -> None:
        """Remove the notes of all other fragments than these.

        Raises:
            GlyphMemoryError: The store does not let us.
        """
        kept = {_get_file(one) for one in fragments}
        for file, note in self._notes.items():
            if file not in kept:
                self._storage.remove(f"{_NOTES}/{note}")

    def _find_part(self, fragment: Any) -> Part | None:  # noqa: ANN401 - Lance's
        note = self._notes.get(_get_file(fragment))
        is_ours = len(fragment.files) == 1 and fragment.deletion_file is None and not fragment.overlays
        return _read_note(note) if note is not None and is_ours else None

    @contextmanager
    def _translate(
        self, what: str, failed: Sequence[GlyphMemoryError] = (), *, is_first: bool = False
    ) -> Iterator[None]:
        """Make one line of what Lance raises; its messages may quote keys, so of a store only the kind is told."""
        try:
            yield
        except Exception as error:
            if failed:
                raise failed[0] from None
            # A first version that is there already is no conflict for Lance: it misses the one before.
            is_late = is_first and bool(self._storage.list_files("_versions"))
            if is_late or isinstance(error, self._lance.commit.CommitConflictError):
                raise GlyphMemoryError(
                    f"somebody else wrote to {self._storage.shown!r} meanwhile, and nothing was changed; export again"
                ) from None
            why = type(error).__name__
            if not is_address(self._storage.address):
                why = str(error).partition(", /")[0].partition("\n")[0] or why
            raise GlyphMemoryError(
                f"the Lance dataset {self._storage.shown!r} cannot be {what}: {why}; give another folder, or the "
                "store's settings by storage_options"
            ) from None


def _find_uri(address: str, shown: str) -> str:
    """Return an address as Lance takes it."""
    if not is_address(address):
        return address
    scheme, _, rest = address.partition("://")
    if scheme in {"file", "local"}:
        return url2pathname(urlsplit(address).path)
    if scheme not in _SCHEMES:
        raise GlyphMemoryError(
            f"Lance writes to no address such as {shown!r}; give a folder, or an address of {', '.join(_SCHEMES)}"
        )
    return f"{_SCHEMES[scheme]}://{rest}"


def _get_file(fragment: Any) -> str:  # noqa: ANN401 - Lance's
    return str(fragment.files[0].path).removesuffix(".lance")


def _read_note(name: str) -> Part:
    shard, key, *_ = name.split(".")
    return shard, key


def load_lance() -> Any:  # noqa: ANN401 - Lance has no types
    """Return the library.

    Raises:
        GlyphMemoryError: It is not installed.
    """
    try:
        lance = import_module("lance")
        import_module("lance.fragment")
        import_module("lance.commit")
    except ImportError as error:
        raise GlyphMemoryError(
            "a Lance dataset needs pylance, which is not installed; pip install 'glyph-memory[lance]'"
        ) from error
    return lance
