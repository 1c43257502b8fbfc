"""Parse Markdown to tokens, so that nothing is dropped in silence. Knows markdown-it's rules; knows no `Builder`.

CommonMark with tables, strikethrough, footnotes, formulas and front matter. In three places markdown-it would lose
text: what is nested too deeply, definitions of links that no link uses, and cells beyond a table's columns. The first
becomes a token `deep_text`, the second are told apart by `References`, the third stand in the `meta` of their row's
last token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping
from typing import TYPE_CHECKING, TypedDict

from glyph_memory.documents.markup.markdown_values import cut_stretches
from glyph_memory.documents.needs import load_library

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

SURPLUS = "surplus"
"""Under which name the token that ends a table's row has the texts of cells beyond the header's."""
_BAR = re.compile(r"(?<!\\)\|")
_DEEPEST = 60
"""Lists and quotes within each other, lists counted twice: each takes frames of Python's stack."""


class Reference(TypedDict):
    """Where a link is defined; markdown-it keeps more about it."""

    href: str
    map: list[int]


class References(dict[str, Reference]):
    """Definitions of links by label, as markdown-it fills them; remembers which were looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.used = set[str]()

    def get(self, label: str, default: object = None) -> object:  # type: ignore[override]  # as it is called
        """Return a definition; its label counts as used."""
        self.used.add(label)
        return super().get(label, default)


class Parsed:
    """Tokens of blocks; the marks within them are parsed when a block is written, for memory's sake."""

    def __init__(self, text: str, *, front_matter: bool) -> None:
        """Begin a text.

        Args:
            text: Markdown.
            front_matter: Whether it may begin with lines of data between dashes.
        """
        self._parser = _make_parser(front_matter=front_matter)
        self.references = References()
        self._env: MutableMapping[str, object] = {"references": self.references}
        self._text = text

    def list_blocks(self) -> Iterator[Token]:
        """Yield the tokens of blocks, in order; a long text is parsed in stretches."""
        for line, stretch in cut_stretches(self._text):
            tokens: list[Token] = self._parser.parse(stretch, self._env)
            for token in tokens:
                if token.map:
                    token.map = [line + token.map[0], line + token.map[1]]
                yield token

    def parse_inline(self, text: str) -> list[Token]:
        """Return the tokens of one block's text."""
        tokens = list["Token"]()
        self._parser.inline.parse(text, self._parser, self._env, tokens)
        return tokens

    def read_note(self, number: int) -> list[Token]:
        """Return the tokens of a footnote that stands within the text: `^[so]`."""
        notes = self._env["footnotes"]
        assert isinstance(notes, dict)  # noqa: S101 - for the type checker
        tokens: list[Token] = notes["list"][number]["tokens"]
        return tokens

    def list_unused(self) -> list[list[int]]:
        """Return the first and last line of each definition that no link used, comments left out."""
        duplicates = self._env.get("duplicate_refs", [])
        assert isinstance(duplicates, list)  # noqa: S101 - for the type checker
        unused = [
            one["map"]
            for label, one in self.references.items()
            if label not in self.references.used and one["href"] not in {"", "#"}
        ]
        return sorted(unused + [one["map"] for one in duplicates])


def _make_parser(*, front_matter: bool) -> MarkdownIt:
    plugins = "mdit_py_plugins"
    parser: MarkdownIt = load_library("markdown_it", for_="Markdown").MarkdownIt(
        "commonmark", {"maxNesting": _DEEPEST + 20}
    )
    parser.enable(["table", "strikethrough"]).disable(["inline", "text_join"])
    parser.use(load_library(f"{plugins}.footnote", for_="Markdown").footnote_plugin, move_to_end=False)
    dollars = load_library(f"{plugins}.dollarmath", for_="Markdown").dollarmath_plugin
    parser.use(dollars, allow_space=False, allow_digits=False, double_inline=True)
    parser.use(load_library(f"{plugins}.amsmath", for_="Markdown").amsmath_plugin)
    if front_matter:
        parser.use(load_library(f"{plugins}.front_matter", for_="Markdown").front_matter_plugin)
    table = load_library("markdown_it.rules_block.table", for_="Markdown").table
    parser.block.ruler.at("table", _keep_surplus(table), {"alt": ["paragraph", "reference"]})
    parser.block.ruler.before("table", "deep_text", _keep_deep_text)
    return parser


def _keep_surplus(
    read_table: Callable[[StateBlock, int, int, bool], bool],
) -> Callable[[StateBlock, int, int, bool], bool]:
    """Return the rule for tables, which notes the cells of a row that markdown-it would drop."""

    def read(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        first = len(state.tokens)
        if not read_table(state, start, end, silent):
            return False
        row, columns = start, 0
        for token in state.tokens[first:]:
            if token.type == "tr_open" and token.map:
                row = token.map[0]
            elif token.type == "th_open":
                columns += 1
            elif token.type == "tr_close" and row > start:
                line = state.src[state.bMarks[row] + state.tShift[row] : state.eMarks[row]].strip()
                cells = _BAR.split(line)
                cells = cells[not cells[0] : len(cells) - (not cells[-1])]
                if len(cells) > columns:
                    token.meta[SURPLUS] = [cell.replace("\\|", "|").strip() for cell in cells[columns:]]
        return True

    return read


def _keep_deep_text(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take all lines of a block that is nested too deeply, as they are; markdown-it would skip them."""
    if silent or state.level < _DEEPEST:
        return False
    stop = start
    while stop < end and (state.isEmpty(stop) or state.sCount[stop] >= state.blkIndent):
        stop += 1
    token = state.push("deep_text", "", 0)
    token.content = state.getLines(start, stop, state.blkIndent, False)
    token.map = [start, stop]
    state.line = stop
    return True
