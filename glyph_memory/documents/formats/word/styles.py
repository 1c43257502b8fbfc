"""The styles of a Word document: which paragraphs are headings, code or quotes, and how their text is marked.

Knows `styles.xml`; knows nothing about text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from glyph_memory.documents.formats.office.names import find_path, is_on, number, value_of

_HEADING = re.compile(
    r"(?:heading|titel|[uü]?berschrift|titre|título|titulo|titolo|rubrik|kop|nagłówek|nagwek) ?([1-9])"
)
"""Word calls its own styles by their English names in every language; other programs may not."""
_CODE = re.compile(
    r"\b(?:code|preformatted|verbatim|source text|macro|typewriter|monospace)\b|code(?:block|char)?$"
)
_CODE_FONTS = re.compile(
    r"courier|consolas|\bmono\b|monaco|menlo|lucida console|fixedsys|monospace|source code|fira code"
)
_LIST = re.compile(r"list(?: bullet| number| continue)? ([2-9])")
_QUOTES = frozenset({"quote", "intense quote", "block text", "quotations"})
_CHAIN = 20
"""Styles that a style may build on, one after the other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """What a style says of a paragraph or a run."""

    name: str = ""
    """Its name in small letters, as Word's English one has it."""
    heading: int = 0
    """Level of a heading, from 1; 0 for none."""
    is_code: bool = False
    """Whether it is code."""
    is_quote: bool = False
    """Whether it is a block quote."""
    indent: int = 0
    """How many lists it stands in beyond the first, by its name."""
    numbering: str = ""
    """Id of the numbering that it gives its paragraphs."""
    level: int = 0
    """Which level of that numbering."""
    strong: bool = False
    """Whether its text is bold."""
    emphasis: bool = False
    """Whether its text is italic."""
    struck: bool = False
    """Whether its text is struck through."""
    is_hidden: bool = False
    """Whether its text is hidden."""


def is_code_font(properties: Element | None) -> bool:
    """Return whether run properties name a font in which code is written."""
    return bool(_CODE_FONTS.search(value_of(properties, "w:rFonts", "w:ascii").lower()))


class Styles:
    """The styles of a document, each put together once with those that it builds on."""

    def __init__(self, root: Element | None) -> None:
        """Read the styles.

        Args:
            root: Of `styles.xml`; None where there is none.
        """
        found = root.findall("w:style") if root is not None else []
        self._elements = {one.get("w:styleId", ""): one for one in found}
        self._default = next(
            (
                one.get("w:styleId", "")
                for one in found
                if one.get("w:type") == "paragraph" and one.get("w:default", "0") in {"1", "true", "on"}
            ),
            "",
        )
        self._styles = dict[str, Style]()
        default = self.find("")
        self.plain = default if default == Style(name=default.name) else None
        """The document's plain style, where it says nothing: most paragraphs of a large table have no other."""

    def find(self, identifier: str) -> Style:
        """Return a style by its id; the document's plain one where it is empty.

        Args:
            identifier: As `w:pStyle` names it.
        """
        identifier = identifier or self._default
        if identifier not in self._styles:
            self._styles[identifier] = self._resolve(identifier)
        return self._styles[identifier]

    def _resolve(self, identifier: str) -> Style:
        chain = list[Element]()
        following = identifier
        while (one := self._elements.get(following)) is not None and len(chain) < _CHAIN and one not in chain:
            chain.append(one)
            following = value_of(one, "w:basedOn")
        if not chain:  # a style that is used and not told, as converters write it
            return self._name(Style(), [identifier.lower()])
        names = [value_of(one, "w:name").lower() or one.get("w:styleId", "").lower() for one in chain]
        runs = [one.find("w:rPr") for one in chain]
        numbered = next((one for one in chain if find_path(one, "w:pPr/w:numPr") is not None), None)
        outline = next((text for one in chain if (text := value_of(one, "w:pPr/w:outlineLvl"))), "")
        style = Style(
            heading=number(outline, 9) + 1 if 0 <= number(outline, 9) < 9 else 0,
            is_code=any(is_code_font(run) for run in runs),
            numbering=value_of(numbered, "w:pPr/w:numPr/w:numId"),
            level=number(value_of(numbered, "w:pPr/w:numPr/w:ilvl")),
            strong=_first(runs, "w:b"),
            emphasis=_first(runs, "w:i"),
            struck=_first(runs, "w:strike"),
            is_hidden=_first(runs, "w:vanish"),
        )
        return self._name(style, names)

    @staticmethod
    def _name(style: Style, names: list[str]) -> Style:
        """Return a style with what names say: its own, or of one that it builds on."""
        heading = style.heading
        for name in names if not heading else ():
            if matched := _HEADING.fullmatch(name):
                heading = int(matched[1])
            elif name in {"title", "toc heading"}:
                heading = 1
            elif name == "subtitle":
                heading = 2
            if heading:
                break
        listed = next((int(found[1]) - 1 for name in names if (found := _LIST.fullmatch(name))), 0)
        return replace(
            style,
            name=names[0],
            heading=heading,
            is_code=style.is_code or any(_CODE.search(name) for name in names),
            is_quote=any(name in _QUOTES for name in names),
            indent=listed,
        )


def _first(properties: list[Element | None], name: str) -> bool:
    """Return whether a property holds, by the first style of a chain that says so or not."""
    return next((held for one in properties if (held := is_on(one, name)) is not None), False)
