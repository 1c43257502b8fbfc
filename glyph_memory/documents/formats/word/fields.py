"""Fields of a Word document: what their result is, and what their instruction says of it.

Instructions are read for links alone and never carried out. Knows instructions; knows nothing about runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from glyph_memory.documents.builder import Builder
from glyph_memory.errors import show_value

_TOKEN = re.compile(r'\\[a-zA-Z]|"[^"]*"|[^\s"]+')
_SILENT = frozenset(
    {"XE", "TC", "TA", "RD", "SET", "PRIVATE", "BIBLIOGRAPHY", "INDEX", "ASK", "NEXT", "SKIPIF"}
)
"""Fields that show nothing where they stand."""
_REFUSED = frozenset({"DDE", "DDEAUTO", "INCLUDETEXT", "INCLUDEPICTURE", "DATABASE", "LINK", "IMPORT"})
"""Fields that fetch or run something; what they showed when the file was saved is read."""


def find_link(instruction: str) -> str:
    r"""Return where a field leads; empty for all but links.

    Example:
        >>> find_link('HYPERLINK "https://example.org/" \\l "top"')
        'https://example.org/#top'
    """
    words = _TOKEN.findall(instruction)
    if not words or words[0].upper() != "HYPERLINK":
        return ""
    address = anchor = switch = ""
    for word in words[1:]:
        if word.startswith("\\") and len(word) == 2:
            switch = word[1].lower()
            continue
        plain = word.strip('"')
        if switch == "l":
            anchor = plain
        elif switch not in {"o", "t"} and not address:
            address = plain
        switch = ""
    return f"{address}#{anchor}" if anchor else address


@dataclass(kw_only=True, slots=True)
class _Field:
    """A field that is not ended yet."""

    instruction: str = ""
    """As far as it was read."""
    has_result: bool = False
    """Whether its result has begun."""
    link: str = ""
    """Where it leads."""


@dataclass(kw_only=True, slots=True)
class Fields:
    """The fields that are open where the text is read, the innermost last."""

    _open: list[_Field] = field(default_factory=list)

    @property
    def shows_text(self) -> bool:
        """Whether text that stands here is seen: that of an instruction is not."""
        return all(one.has_result for one in self._open)

    @property
    def link(self) -> str:
        """Where the innermost link leads; empty outside of any."""
        return next((one.link for one in reversed(self._open) if one.link), "")

    def add_instruction(self, text: str) -> None:
        """Take in a piece of an instruction."""
        if self._open and not self._open[-1].has_result and len(self._open[-1].instruction) < 10_000:
            self._open[-1].instruction += text

    def change(self, kind: str, builder: Builder) -> None:
        """Begin, part or end a field.

        Args:
            kind: What `w:fldChar` says: `begin`, `separate`, `end`.
            builder: Gets the report of a field whose content is lost.
        """
        if kind == "begin":
            self._open.append(_Field())
        elif self._open and kind == "separate":
            one = self._open[-1]
            one.has_result, one.link = True, find_link(one.instruction)
            report_field(one.instruction, builder)
        elif self._open and kind == "end":
            one = self._open.pop()
            name = one.instruction.split()[:1]
            if not one.has_result and name and name[0].upper() not in _SILENT:
                shown = " ".join(one.instruction.split())
                builder.add_defect("left out", f"the field {show_value(shown)} has no result in the file")

    def end_paragraph(self, builder: Builder) -> None:
        """Drop instructions that do not end with their paragraph: they would hide all that follows."""
        if not self.shows_text:
            builder.add_defect("damaged", "a field is not ended; what follows it is read as text")
            self._open = [one for one in self._open if one.has_result]


def report_field(instruction: str, builder: Builder) -> None:
    """Report a field that would fetch or run something."""
    name = instruction.split()[:1]
    if name and name[0].upper() in _REFUSED:
        shown = " ".join(instruction.split())
        builder.add_defect(
            "refused", f"the field {show_value(shown)} was not carried out; its last result is read"
        )
