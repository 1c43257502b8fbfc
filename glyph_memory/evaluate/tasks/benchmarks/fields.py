"""A record's fields, each read as what it has to be. Knows types; every error names the field and the line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from glyph_memory.errors import DocumentError, show_value

_HALVES = re.compile("[\ud800-\udfff]")


class Record:
    """A JSON object of a file, and where it stands.

    Example:
        >>> Record({"answer": 7}, "line 1 of 'some.jsonl'").text("answer")
        '7'
    """

    def __init__(self, values: Mapping[str, Any], place: str | Callable[[], str]) -> None:
        self.values = values
        """Its fields as they are."""
        self._place = place

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return self._place if isinstance(self._place, str) else self._place()

    def has(self, name: str) -> bool:
        """Return whether there is such a field, and something in it."""
        return self.values.get(name) is not None

    def value(self, name: str) -> Any:  # noqa: ANN401  whatever JSON holds
        """Return a field as it is.

        Raises:
            DocumentError: There is none, as in a file of another version.
        """
        if name not in self.values:
            held = ", ".join(map(repr, list(self.values)[:12])) or "none"
            raise DocumentError(
                f"{self.place} has no field {name!r}; its fields are {held}. Is the file another benchmark's, or of "
                "another version? See: glyph-memory evaluate fetch"
            )
        return self.values[name]

    def text(self, name: str) -> str:
        """Return a field that is a text; a number as it is written."""
        value = self.value(name)
        if isinstance(value, str):
            return _mend(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        raise self.refuse(name, value, "text")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a field that is a list of texts or numbers; one text is a list of one."""
        value = self.value(name)
        if isinstance(value, str):
            return (_mend(value),)
        if not isinstance(value, list | tuple):
            raise self.refuse(name, value, "list of texts")
        return tuple(self.with_values({name: one}).text(name) for one in value)

    def whole(self, name: str) -> int:
        """Return a field that is a whole number, or the text of one."""
        value = self.value(name)
        if isinstance(value, str) and value.strip().isdecimal():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self.refuse(name, value, "whole number")

    def list(self, name: str) -> list[Any]:
        """Return a field that is a list."""
        value = self.value(name)
        if not isinstance(value, list):
            raise self.refuse(name, value, "list")
        return value

    def record(self, name: str) -> Record:
        """Return a field that is an object."""
        value = self.value(name)
        if not isinstance(value, dict):
            raise self.refuse(name, value, "object")
        return Record(value, partial(self._describe, f"{name!r} of"))

    def with_values(self, values: Mapping[str, Any]) -> Record:
        """Return a record with other fields at the same place."""
        return Record(values, self._place)

    def records(self, name: str) -> Iterator[Record]:
        """Yield the objects of a field that is a list of them."""
        for number, value in enumerate(self.list(name), 1):
            if not isinstance(value, dict):
                raise self.refuse(name, value, f"object, item {number} of the list")
            yield Record(value, partial(self._describe, f"item {number} of {name!r} in"))

    def refuse(self, name: str, value: object, wanted: str) -> DocumentError:
        """Return the error for a field that is something else."""
        return DocumentError(
            f"{self.place}: the field {name!r} is {show_value(value, at_most=40)} and no {wanted}; give the file as it "
            "is published"
        )

    def _describe(self, before: str) -> str:
        return f"{before} {self.place}"


def _mend(text: str) -> str:
    """Return a text without halves of characters, which JSON can spell and no model takes."""
    if not _HALVES.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
