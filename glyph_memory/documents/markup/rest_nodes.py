"""docutils' tree of a reStructuredText, parsed without reading any other file. Knows docutils; knows no blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from glyph_memory.document import SpanKind
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.raised import raise_runs
from glyph_memory.documents.needs import load_library

_SETTINGS = {
    "file_insertion_enabled": False,  # no include, no csv-table of a file
    "raw_enabled": False,
    "_disable_config": True,  # no docutils.conf of whoever runs this
    "report_level": 5,
    "halt_level": 6,
    "warning_stream": False,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "line_length_limit": 1 << 40,  # by default, a text with one long line is refused whole
}
_KINDS: dict[str, SpanKind] = {
    "emphasis": "emphasis",
    "title_reference": "emphasis",
    "strong": "strong",
    "literal": "code",
    "math": "formula",
}
CODE_DIRECTIVES = frozenset(
    [
        "code",
        "code-block",
        "sourcecode",
        "parsed-literal",
        "prompt",
        "testcode",
        "testsetup",
        "doctest",
        "ipython",
    ]
)
"""Directives whose content is code."""
_ROLE = re.compile(r":([\w:.+-]+):`([^`]*)`|`([^`]*)`:([\w:.+-]+):")
_TITLED = re.compile(r"(.*?)\s*<([^<>]*)>", re.DOTALL)
_REFERENCE = re.compile(r"`([^`]*)`__?|\[([^\]]+)\]_|(\w[\w.+:-]*)__?")
_DIRECTIVE = re.compile(r"\s*\.\.[ ]+(?:\|[^|]+\|[ ]+)?([\w:.+-]+)[ ]?::[ ]*(.*)")
_OPTION = re.compile(r"\s*:([\w-]+):(?:\s+(.*))?")


_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")
_BEGINS = re.compile(r"(?<!\S)(?:\*\*?|``?|\|)(?=\S)")
_ENDS = re.compile(r"(?<=\S)(?:\*\*?|``?|\|)(?!\w)")
_REFERENCE_ENDS = re.compile(r"(?<=[\w`\]|])__?(?![\w`])")
_REFERENCES_AT_MOST = 3_000
"""In a paragraph: docutils looks for each among all that stands beside it."""
_COSTLY = 50_000_000
"""Marks that never end times characters: docutils looks for the end of each to the paragraph's end."""


class Node(Protocol):
    """What is needed of docutils' nodes, which have no types."""

    tagname: str
    """The kind, as `paragraph`; `#text` of a text."""
    children: Sequence[Node]
    """What is in it."""
    line: int | None
    """About where it stands."""

    def astext(self) -> str:
        """Return its text."""

    def get(self, key: str, default: object = None) -> object:
        """Return an attribute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Directive:
    """A directive that docutils did not run."""

    name: str
    """As `versionadded`."""
    argument: str
    """What stands after its colons."""
    options: dict[str, str]
    """Its settings."""
    content: str
    """The text that is indented under it."""
    content_line: int
    """How many lines below the directive that text begins."""


def is_costly(text: str) -> bool:
    """Return whether docutils would take minutes: a paragraph has thousands of links, or marks that never end.

    Example:
        >>> is_costly("*x " * 10_000), is_costly("*x* " * 10_000)
        (True, False)
    """
    for paragraph in _BLANK_LINE.split(text):
        if len(paragraph) > 2 * _REFERENCES_AT_MOST and (
            sum(1 for _ in _REFERENCE_ENDS.finditer(paragraph)) > _REFERENCES_AT_MOST
        ):
            return True
        if len(paragraph) ** 2 > _COSTLY:
            open_marks = sum(1 for _ in _BEGINS.finditer(paragraph)) - sum(
                1 for _ in _ENDS.finditer(paragraph)
            )
            if open_marks * len(paragraph) > _COSTLY:
                return True
    return False


def parse_rest(text: str) -> Node:
    """Return the tree of a text; what is wrong with it stands in it as `system_message`."""
    core = load_library("docutils.core", for_="reStructuredText")
    tree: Node = core.publish_doctree(text, settings_overrides=_SETTINGS)
    return tree


def read_directive(text: str) -> Directive | None:
    """Return the parts of a directive's source; None where it is none."""
    lines = text.split("\n")
    found = _DIRECTIVE.match(lines[0])
    if found is None:
        return None
    place, argument, options = 1, [found[2]], dict[str, str]()
    while place < len(lines) and lines[place].strip():
        option = _OPTION.fullmatch(lines[place])
        if option:
            options[option[1]] = option[2] or ""
        elif options:
            break
        elif found[2]:  # `.. py:function:: f(a)` of several lines
            argument.append(lines[place].strip())
        else:
            break
        place += 1
    while place < len(lines) and not lines[place].strip():
        place += 1
    body = lines[place:]
    margin = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0)
    return Directive(
        name=found[1],
        argument="\n".join(argument).strip(),
        options=options,
        content="\n".join(line[margin:] for line in body),
        content_line=place,
    )


def read_runs(node: Node, *kinds: SpanKind, target: str = "") -> Iterator[Run]:
    """Yield the text in a node in marked pieces; line ends are blanks."""
    name = node.tagname
    if name == "#text":
        text = node.astext()
        yield Run(text if "code" in kinds else text.replace("\n", " "), kinds, target)
    elif name == "image":
        yield Run(str(node.get("alt") or ""), kinds, target)
    elif name == "problematic":
        yield _read_problem(node.astext(), kinds)
    elif name in {"footnote_reference", "citation_reference"}:
        yield Run(f"[{node.astext()}]", (*kinds, "note"))
    elif name == "substitution_reference":
        yield Run(f"|{node.astext()}|", kinds)
    elif name != "system_message":
        if name == "reference":
            kinds, target = (*kinds, "link"), str(node.get("refuri") or f"#{node.get('refid') or ''}")
        elif name in _KINDS:
            kinds = (*kinds, _KINDS[name])
        elif name in {"superscript", "subscript"}:
            runs = [run for child in node.children for run in read_runs(child, *kinds, target=target)]
            yield from raise_runs(runs, name, "x")  # what is before it is not known here; something is
            return
        for child in node.children:
            yield from read_runs(child, *kinds, target=target)


def _read_problem(text: str, kinds: tuple[SpanKind, ...]) -> Run:
    """Return the text of what docutils does not know: one of Sphinx' roles, a link to another file."""
    if found := _ROLE.fullmatch(text):
        role, inner = found[1] or found[4], found[2] or found[3] or ""
        titled = _TITLED.fullmatch(inner)
        inner = titled[1] if titled and titled[1] else inner.lstrip("~!")
        is_prose = role in {"ref", "doc", "term", "abbr", "guilabel", "menuselection", "dfn", "any", "numref"}
        return Run(inner.replace("\n", " "), kinds if is_prose else (*kinds, "code"))
    if found := _REFERENCE.fullmatch(text):
        titled = _TITLED.fullmatch(found[1] or "")
        if titled and titled[1]:
            return Run(titled[1].replace("\n", " "), (*kinds, "link"), titled[2])
        inner = found[1] or (f"[{found[2]}]" if found[2] else found[3])
        return Run(inner.replace("\n", " "), kinds)
    return Run(text, kinds)
