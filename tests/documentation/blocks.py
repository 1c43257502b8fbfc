"""Run the code blocks of a page, in order, as a reader would who types them in.

Knows Markdown and how to run Python and the command line; knows nothing about which pages there are. The convention
that pages follow is told in `docs/contributing-docs.md`.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any
from unittest.mock import patch

from markdown_it import MarkdownIt
from markdown_it.token import Token

from glyph_memory.cli import main
from glyph_memory.tokens.vocabulary import find_vocabulary

PYTHON = frozenset({"python"})
SHELL = frozenset({"console", "bash", "sh"})
SHOWN = frozenset(
    {"text", "json", "jsonl", "toml", "yaml", "jinja", "markdown", "html", "diff", "ini", "sql"}
)
"""Languages of blocks that show something and do nothing."""

_SERVER = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+")
_NOT_RUN = re.compile(r"<!--\s*not run:(.*?)-->\s*\Z", re.DOTALL)
_HIDDEN = re.compile(r"<!--\s*run before:\n(.*?)-->", re.DOTALL)
_PRINTED = re.compile(r"\s*print\(.*\)(?:\s+# (?P<shown>.*\d.*))?$")
_COMMENT = re.compile(r"\s*# (?P<shown>.*)")
_SENT = re.compile(r"^\$ ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A code block of a page."""

    language: str
    """The first word after the fence."""
    code: str
    """What stands in it."""
    line: int
    """Where its first line of code stands in the page, from 1."""
    not_run: str | None = None
    """Why it is not run, where the page says so; empty where it gives no reason."""


class BrokenBlock(AssertionError):
    """A block that cannot be run, or that shows something else than what happens."""


def find_blocks(text: str) -> Iterator[Block]:
    """Return a page's blocks in order; hidden ones, in comments, among them."""
    yield from _find_in(MarkdownIt("commonmark").parse(text), base=0)


def _find_in(tokens: list[Token], *, base: int) -> Iterator[Block]:
    above = ""
    for token in tokens:
        line = base + (token.map[0] if token.map else 0)
        if token.type == "html_block":
            above = token.content
            for hidden in _HIDDEN.finditer(token.content):
                start = line + token.content[: hidden.start(1)].count("\n")
                yield Block(language="python", code=hidden[1], line=start + 1)
            continue
        if token.type == "fence":
            language = token.info.split()[0] if token.info.split() else ""
            if language.startswith("{"):  # a directive, which may hold blocks itself
                yield from _find_in(MarkdownIt("commonmark").parse(token.content), base=line + 1)
            else:
                reason = _NOT_RUN.search(above)
                yield Block(
                    language=language,
                    code=token.content,
                    line=line + 2,
                    not_run=None if reason is None else " ".join(reason[1].split()),
                )
        above = ""


class PageRunner:
    """Runs the blocks of one page; names and files go on from block to block.

    Args:
        page: The page, for messages.
        server: The address that stands in for every server on this machine, without a path.
    """

    def __init__(self, page: Path, *, server: str) -> None:
        self.page, self._server = page, server
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        """End the event loop that the page's `await`s ran in."""
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def run(self, block: Block) -> None:
        """Run a block; do nothing where it only shows something, or says why it is not run.

        Raises:
            BrokenBlock: It failed, or it shows another output than what came.
        """
        where = f"{self.page.name}:{block.line}"
        if block.language not in PYTHON | SHELL | SHOWN:
            known = ", ".join(sorted(PYTHON | SHELL | SHOWN))
            raise BrokenBlock(
                f"{where}: a block in {block.language!r}; name its language after the fence: {known}"
            )
        if block.not_run is not None:
            if not block.not_run:
                raise BrokenBlock(
                    f"{where}: say why the block is not run, as in <!-- not run: needs a GPU -->"
                )
            if block.language in PYTHON:
                _compile(block, where)
        elif block.language in PYTHON:
            self._run_python(block, where)
        elif block.language in SHELL:
            self._run_shell(block, where)

    def _run_python(self, block: Block, where: str) -> None:
        code = _compile(Block(language="python", code=self._point(block.code), line=block.line), where)
        output = io.StringIO()
        try:
            with redirect_stdout(output):
                result = eval(code, self._names)  # noqa: S307 - the pages are our own
                if inspect.iscoroutine(result):
                    self._loop.run_until_complete(result)
        except Exception as error:
            raise BrokenBlock(f"{where}: {type(error).__name__}: {error}") from error
        # Counts of text depend on the machine's tokenizers: where it has the one that the pages name, figures are held.
        compare = str.strip if find_vocabulary("cl100k_base") else _mask_numbers
        printed = [compare(line) for line in output.getvalue().splitlines() if line.strip()]
        missing = [line for line in _list_shown(block.code) if not _is_printed(compare(line), printed)]
        if missing:
            raise BrokenBlock(f"{where}: did not print {missing[0]!r}, but:\n{output.getvalue()}")

    def _run_shell(self, block: Block, where: str) -> None:
        for command, shown in split_commands(block.code):
            words = shlex.split(self._point(command), comments=True)
            if not words:
                continue
            if words[0] != "glyph-memory":
                raise BrokenBlock(
                    f"{where}: {words[0]!r} is not run here; say why above the block: <!-- not run: … -->"
                )
            if unknown := {"|", ">", "<", "&&", ";"} & set(words):
                raise BrokenBlock(f"{where}: {unknown} needs a shell; write the command without it")
            code, output = run_command_line(words)
            if code:
                raise BrokenBlock(f"{where}: {command!r} ended with {code}: {output[-500:]}")
            missing = [line for line in shown.splitlines() if not _is_in(line, output)]
            if missing:
                raise BrokenBlock(f"{where}: {command!r} did not print {missing[0]!r}, but:\n{output}")

    def _point(self, code: str) -> str:
        return _SERVER.sub(self._server, code)


def _list_shown(code: str) -> list[str]:
    """Return the lines of output that a Python block shows.

    The comments it ends with, and those with a number behind or right below a `print`.
    """
    lines, shown, is_below = code.rstrip().splitlines(), list[str](), False
    ending = len(list(takewhile(lambda line: line.strip().startswith("# "), reversed(lines))))
    for number, line in enumerate(lines):
        printed, comment = _PRINTED.match(line), _COMMENT.match(line)
        if printed and printed["shown"]:
            shown.append(printed["shown"])
        if comment and (number >= len(lines) - ending or (is_below and re.search(r"\d", line))):
            shown.append(comment["shown"])
        is_below = printed is not None or (is_below and comment is not None)
    return shown


def _is_printed(line: str, printed: list[str]) -> bool:
    """Return whether a line was printed; it may name a second output, for machines with another tokenizer."""
    return any(line == one or line.endswith(f", {one}") for one in printed)


def _mask_numbers(line: str) -> str:
    """Return a line of output without its numbers: counts of text depend on the tokenizers of a machine."""
    return re.sub(r"\d[\d.,]*", "0", line.strip())


def _compile(block: Block, where: str) -> Any:
    """Compile a block so that lines in tracebacks are those of the page; `await` may stand at the top."""
    source = "\n" * (block.line - 1) + block.code
    try:
        return compile(source, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        raise BrokenBlock(f"{where}: {error}") from error


def split_commands(code: str) -> Iterator[tuple[str, str]]:
    """Return each command of a shell block with the output that is shown below it.

    Where lines begin with `$ `, those are commands and the others output; else every line is a command.
    """
    joined = code.replace("\\\n", " ")
    if not _SENT.search(joined):
        yield from ((line, "") for line in joined.splitlines())
        return
    for part in _SENT.split(joined)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def run_command_line(words: list[str]) -> tuple[int, str]:
    """Run our command line in this process, with nothing on standard input; return its exit code and output."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    stdin = io.TextIOWrapper(io.BytesIO())
    code: object = 0
    with (
        patch.object(sys, "argv", words),
        patch.object(sys, "stdin", stdin),
        redirect_stdout(output),
        redirect_stderr(output),
    ):
        try:
            main()
        except SystemExit as left:
            code = left.code
    output.seek(0)
    return (code if isinstance(code, int) else 0), output.read()


def _is_in(line: str, output: str) -> bool:
    """Return whether a line was printed; … in it stands for anything, and white space does not count."""
    words = [re.escape(" ".join(part.split())) for part in line.strip().split("…")]
    return re.search(".*".join(words), " ".join(output.split())) is not None
