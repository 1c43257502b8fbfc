"""Count the text of a reStructuredText that is not shown, as comments. Knows docutils' nodes; knows no blocks."""

from __future__ import annotations

import re
from collections import Counter

from glyph_memory.documents.builder import Builder
from glyph_memory.documents.markup.rest_nodes import Node

_BETWEEN_BARS = re.compile(r"\|(?=([^|\n]+)\|)")
_NAMES = {
    "comment": "comments",
    "meta": "settings of web pages (meta)",
    "substitution_definition": "substitutions that nothing uses",
}


class UnseenText:
    """What one text does not show."""

    def __init__(self, text: str) -> None:
        """Begin a text.

        Args:
            text: reStructuredText.
        """
        self._text = text
        self._words = {name: list[int]() for name in _NAMES}

    def count(self, tree: Node) -> None:
        """Count what a tree of the text, or of a piece of it, does not show."""
        nodes, definitions = [tree], list[Node]()
        while nodes:
            node = nodes.pop()
            if node.tagname == "substitution_definition":
                definitions.append(node)
            elif node.tagname in _NAMES:
                self._add(node, str(node.get("content") or "") or node.astext())
            elif node.tagname != "#text":
                nodes += node.children
        if definitions:
            times = Counter(name.lower() for name in _BETWEEN_BARS.findall(self._text))
            used = {name for name, count in times.items() if count > 1}
            for node in definitions:
                names = node.get("names")
                if isinstance(names, list) and not {str(name).lower() for name in names} & used:
                    self._add(node, node.astext())

    def _add(self, node: Node, text: str) -> None:
        if words := len(text.split()):
            self._words[node.tagname].append(words)

    def tell(self, builder: Builder) -> None:
        """Add a defect for each kind of text that was left out."""
        for name, words in self._words.items():
            if words:
                builder.add_defect(
                    "left out", f"{_NAMES[name]} are left out: {len(words):,}, {sum(words):,} words"
                )
