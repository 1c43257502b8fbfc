"""Write directives that docutils did not run, as Sphinx' are: their text is parsed on its own. Knows no blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.inline import Run
from glyph_memory.documents.markup.html_page import write_html
from glyph_memory.documents.markup.pictures import FindPicture
from glyph_memory.documents.markup.rest_nodes import (
    CODE_DIRECTIVES,
    Directive,
    Node,
    parse_rest,
    read_directive,
)
from glyph_memory.documents.markup.rest_output import Indent, RestOutput
from glyph_memory.documents.markup.rest_unseen import UnseenText

_SHOWN_OPTIONS = ("caption", "alt", "title", "header")
_TITLED = re.compile(r"(.*?)\s*<([^<>]*)>")
_UNKNOWN_SETTING = re.compile(r'unknown option: "([^"]+)"')


class RestDirectives(RestOutput):
    """Writes what docutils tells of: directives that it does not know or may not follow, and broken markup."""

    def __init__(self, builder: Builder, text: str, *, find_picture: FindPicture | None, depth: int) -> None:
        """Begin a text; see `RestWriter`."""
        super().__init__(builder, text)
        self.text, self.unseen = text, UnseenText(text)
        self.find: FindPicture = find_picture or (lambda _: None)
        self._depth = depth

    def write_nodes(self, nodes: Sequence[Node], line: int) -> Iterator[None]:
        """Write nodes whose text begins on a line of the file."""
        raise NotImplementedError

    def parse(self, text: str) -> Sequence[Node]:
        """Return the nodes of a text, or of a piece of it; what they do not show is counted."""
        tree = parse_rest(text)
        self.unseen.count(tree)
        if title := str(tree.get("title") or ""):  # of a directive `title`
            self.builder.set_title(title)
        return tree.children

    def write_message(self, node: Node, first: int) -> Iterator[None]:
        """Write the text that docutils could not read, and tell of it."""
        sources = [child.astext() for child in node.children if child.tagname == "literal_block"]
        message = node.children[0].astext() if node.children else ""
        is_refused = "disabled" in message or "deactivated" in message
        if not sources or (int(str(node.get("level") or 0)) < 3 and not is_refused):
            return
        line = first - 1 + int(str(node.get("line") or 1))
        directive = read_directive(sources[0])
        setting = _UNKNOWN_SETTING.search(message)
        if directive is None:
            self.builder.add_defect("damaged", f"line {line}: {' '.join(message.split())}")
            self.add_code(sources[0], "", line)
        elif is_refused:
            yield from self._write_refused(directive, line)
        elif setting and directive.name not in CODE_DIRECTIVES and self._depth > 0:
            yield from self._write_without(setting[1], sources[0], directive, line)
        else:
            yield from self._write_unknown(directive, line)

    def _write_refused(self, directive: Directive, line: int) -> Iterator[None]:
        if directive.name == "raw" and directive.argument.startswith("html") and directive.content:
            begin = line + directive.content_line
            yield from write_html(self.builder, directive.content, line=begin, find_picture=self.find)
            return
        what = f"{directive.name} {directive.argument}".strip()
        is_kept = directive.name == "raw" and not {"file", "url"} & directive.options.keys()
        if is_kept:
            message = f"line {line}: the text of the directive {what!r} stands as it is written"
            self.builder.add_defect("guessed", message)
        else:
            self.builder.add_defect("refused", f"line {line}: the directive {what!r} is not followed")
        self.add_code(directive.content, "", line + directive.content_line)

    def _write_unknown(self, directive: Directive, line: int) -> Iterator[None]:
        begin = self.lines.find_start(directive.name, line)
        if directive.name in CODE_DIRECTIVES:
            for option in _SHOWN_OPTIONS:
                self.write_runs([Run(directive.options.get(option, ""))], begin)
            self.add_code(directive.content, directive.argument, begin + directive.content_line)
            return
        self.builder.add_defect(
            "guessed",
            "directives that are Sphinx' own are not run; their text is kept, their settings are not",
        )
        name = directive.name.rpartition(":")[2]
        argument = " ".join(directive.argument.split())
        self.write_runs([Run(name, ("strong",)), Run(f" {argument}")], begin)
        for option in _SHOWN_OPTIONS:
            self.write_runs([Run(directive.options.get(option, ""))], begin)
        if name == "toctree":
            self._write_contents(directive, begin + directive.content_line)
            return
        self._depth -= 1
        if self._depth < 0:
            self.add_code(directive.content, "", begin + directive.content_line)
        elif directive.content.strip():
            inner = self.parse(directive.content)
            yield from self.write_nodes(inner, begin + directive.content_line)
        self._depth += 1

    def _write_without(self, setting: str, source: str, directive: Directive, line: int) -> Iterator[None]:
        """Write a directive that docutils refused for a setting that it does not know, as if it had none such."""
        name = directive.name
        message = f"the setting {setting!r} of the directive {name!r} is unknown; what it says is not read"
        self.builder.add_defect("left out", message)
        begin = self.lines.find_start(name, line)
        first, *lines = source.split("\n")
        kept = [one for one in lines if not one.lstrip().startswith(f":{setting}:")]
        self._depth -= 1
        yield from self.write_nodes(self.parse("\n".join([first, *kept])), begin)
        self._depth += 1

    def _write_contents(self, directive: Directive, line: int) -> None:
        """Write the pages that a book is made of, as a list."""
        with Indent(self):
            for number, entry in enumerate(directive.content.split("\n"), start=line):
                titled = _TITLED.fullmatch(entry.strip())
                self.marker = "•"
                if titled and titled[1]:
                    self.write_runs([Run(titled[1], ("link",), titled[2])], number)
                else:
                    self.write_runs([Run(entry)], number)
            self.marker = ""
