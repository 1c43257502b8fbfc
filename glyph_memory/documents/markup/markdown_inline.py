"""The marks within a block of Markdown as runs and pictures. Knows inline tokens; knows nothing about blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from glyph_memory.document import SpanKind
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.elements import INLINE_KINDS, KNOWN, UNSEEN
from glyph_memory.documents.markup.raised import raise_runs

if TYPE_CHECKING:
    from markdown_it.token import Token

_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)")
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_KINDS: dict[str, SpanKind] = {"em": "emphasis", "strong": "strong", "s": "struck"}
_SCRIPTS = {"sup": "superscript", "sub": "subscript"}
_WIDE = re.compile(r"[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef]")  # not Korean, which has blanks


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture within a text."""

    caption: tuple[Run, ...]
    """Its alternative text, marked as what surrounds it."""
    address: str
    """Where its file lies."""
    is_linked: bool = False
    """Whether it is a link: a badge."""


class InlineWriter:
    """Turns the inline tokens of one block into runs and images."""

    def __init__(
        self, note_label: Callable[[int], str], *, components: bool = False, line: int | None = None
    ) -> None:
        """Begin a block.

        Args:
            note_label: Returns the label of a footnote without one, by its number.
            components: Whether unknown elements are those of MDX, and not text.
            line: Of the file, where it begins; None where lines are not wanted.
        """
        self._note_label, self._components = note_label, components
        self._line, self._is_new = line, line is not None
        self._marks = list[tuple[SpanKind, str]]()
        self._unseen = ""
        self._script: tuple[int, str] | None = None  # where raised or lowered text begins
        self.pieces = list[Run | Image]()
        """What was written."""
        self.has_titles = False
        """Whether a link or a picture has a title that is not among it."""

    def write(self, tokens: Sequence[Token]) -> list[Run | Image]:
        """Return the tokens' text and images, in order."""
        for place, token in enumerate(tokens):
            if self._unseen and token.type != "html_inline":
                continue
            name, _, end = token.type.rpartition("_")
            if end == "open":
                mark: tuple[SpanKind, str] = ("link", str(token.attrs.get("href", "")))
                self._marks.append(mark if name == "link" else (_KINDS[name], ""))
                self.has_titles = self.has_titles or "title" in token.attrs
            elif end == "close":
                self._close("link" if name == "link" else _KINDS[name])
            else:
                self._write_one(token, tokens, place)
        self._close_script()
        return self.pieces

    def _write_one(self, token: Token, tokens: Sequence[Token], place: int) -> None:
        match token.type:
            case "softbreak":
                self._add(self._join_lines(tokens, place))
                self._begin_line()
            case "hardbreak":
                self._add("\n")
                self._begin_line()
            case "code_inline":
                self._add(token.content, "code")
            case "math_inline" | "math_inline_double":
                if _touches_word(tokens, place):  # a shell's $A/$B
                    self._add(f"{token.markup}{token.content}{token.markup}")
                else:
                    self._add(token.content, "formula")
            case "footnote_ref":
                label = token.meta.get("label") or self._note_label(token.meta["id"])
                self._add(f"[{label}]", "note")
            case "image":
                title = str(token.attrs.get("title", ""))
                self.has_titles = self.has_titles or (
                    title != "" and token.content.strip() not in {"", title}
                )
                children = token.children if token.content.strip() else None
                self._add_image(title, str(token.attrs.get("src", "")), children)
            case "html_inline":
                self._write_tag(token.content)
            case _:
                self._add(token.content)

    def _add(self, text: str, *kinds: SpanKind) -> None:
        target = ""
        if self._marks:
            kinds = tuple(dict.fromkeys((*(kind for kind, _ in self._marks), *kinds)))
            target = next((target for kind, target in reversed(self._marks) if kind == "link"), "")
        self.pieces.append(Run(text, kinds, target, self._line if self._is_new else None))
        self._is_new = False

    def _begin_line(self) -> None:
        if self._line is not None:
            self._line, self._is_new = self._line + 1, True

    def _add_image(self, alternative: str, address: str, children: Sequence[Token] | None = None) -> None:
        inner = InlineWriter(self._note_label, components=self._components)
        inner._marks = [*self._marks]
        if children is None:
            inner._add(alternative)
        else:
            inner.write(children)
        runs = [
            run for piece in inner.pieces for run in ([piece] if isinstance(piece, Run) else piece.caption)
        ]
        is_linked = any(kind == "link" for kind, _ in self._marks)
        self.pieces.append(Image(caption=tuple(runs), address=address, is_linked=is_linked))

    def _close(self, kind: SpanKind) -> None:
        for place in range(len(self._marks) - 1, -1, -1):
            if self._marks[place][0] == kind:
                del self._marks[place]
                return

    def _join_lines(self, tokens: Sequence[Token], place: int) -> str:
        """Return what stands for a line's end: nothing between two Chinese or Japanese characters."""
        before = tokens[place - 1].content if place else ""
        after = tokens[place + 1].content if place + 1 < len(tokens) else ""
        return "" if _WIDE.match(before[-1:]) and _WIDE.match(after[:1]) else " "

    def _write_tag(self, tag: str) -> None:
        found = _TAG.match(tag)
        if found is None:  # a comment, a processing instruction
            return
        is_end, name = bool(found[1]), found[2].lower()
        if self._unseen:
            self._unseen = "" if is_end and name == self._unseen else self._unseen
        elif name not in KNOWN and not self._components:  # std::vector<int>
            self._add(tag)
        elif name in UNSEEN:
            self._unseen = "" if is_end else name
        elif kind := INLINE_KINDS.get(name):
            self._close(kind) if is_end else self._open(kind, tag)
        elif name in _SCRIPTS:
            self._close_script()
            if not is_end:
                self._script = (len(self.pieces), _SCRIPTS[name])
        elif not is_end:
            self._write_start(name, tag)

    def _close_script(self) -> None:
        """End what is raised or lowered, if anything is."""
        if self._script is None:
            return
        (start, place), self._script = self._script, None
        runs = [piece for piece in self.pieces[start:] if isinstance(piece, Run)]
        last = self.pieces[start - 1] if start else None
        if len(runs) == len(self.pieces) - start:
            before = last.text[-1:] if isinstance(last, Run) else ""
            self.pieces[start:] = raise_runs(runs, place, before)

    def _open(self, kind: SpanKind, tag: str) -> None:
        address = _read_attributes(tag).get("href", "") if kind == "link" else ""
        if kind != "link" or address:
            self._marks.append((kind, address))

    def _write_start(self, name: str, tag: str) -> None:
        match name:
            case "br" | "p" | "div" | "li" | "tr":
                self._add("\n")
            case "td" | "th":
                self._add(" ")
            case "img":
                attributes = _read_attributes(tag)
                self._add_image(attributes.get("alt", ""), attributes.get("src", ""))


def _read_attributes(tag: str) -> dict[str, str]:
    return {name.lower(): unescape(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(tag)}


def _touches_word(tokens: Sequence[Token], place: int) -> bool:
    before = tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    return (before is not None and before.type == "text" and before.content[-1:].isalnum()) or (
        after is not None and after.type == "text" and after.content[:1].isalnum()
    )
