"""Documents of strangers: the READMEs of installed packages, Python's own texts and sources, word for word on pages."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from itertools import islice
from pathlib import Path
from pydoc_data.topics import topics

import pytest

from glyph_memory.document import Document
from glyph_memory.documents import draw_pages, load

STDLIB = Path(re.__file__).parents[1]
SOURCES = ["argparse.py", "typing.py", "json/decoder.py", "email/message.py", "this.py"]
WORD = re.compile(r"[A-Za-z]{4,}")
NO_WORDS = re.compile(
    r"(?s:<!--.*?-->)|<[^<>]*>|^[ \t]*\.\.(?:\s.*)?(?:\n+[ \t]+\S.*)*|:[a-z:+-]+:`|^ *:[\w -]+:.*|\]\([^)]*\)|`{3,}.*"
    r"|^\[[^\]]*\]:.*|https?://\S+",
    re.MULTILINE,
)
"""What is markup of the two languages, and no words: tags, directives, roles, options, targets, fences."""


def list_readmes(kind: str) -> list[tuple[str, str]]:
    """Return names and READMEs of installed packages that are written in a language."""
    found = {}
    for one in distributions():
        metadata = one.metadata.json
        text, language = (
            str(metadata.get("description", "")),
            str(metadata.get("description_content_type", "")),
        )
        if kind in language.lower() and 500 < len(text) < 60_000:
            found[str(metadata["name"]).lower()] = text
    return sorted(found.items())


def load_one(data: str, name: str) -> Document:
    """Return a document of one part."""
    (document,) = load(data.encode(), name=name)
    return document


def list_words(text: str) -> set[str]:
    """Return the words of a text."""
    return {word.lower() for word in WORD.findall(text)}


@pytest.mark.parametrize(("kind", "suffix"), [("markdown", "md"), ("x-rst", "rst")])
def test_readmes_of_packages_lose_no_word(kind: str, suffix: str) -> None:
    """Of a hundred words one may be markup that this test does not know."""
    readmes = list_readmes(kind)[:60]
    assert len(readmes) >= (40 if kind == "markdown" else 5)
    for name, text in readmes:
        document = load_one(text, f"{name}.{suffix}")
        targets = " ".join(span.target for block in document.blocks for span in block.spans)
        there = list_words(document.text) | list_words(targets)
        asked = list_words(NO_WORDS.sub(" ", text))
        missing = asked - there
        assert len(missing) <= max(len(asked) // 100, 4), (name, sorted(missing)[:20])


@pytest.mark.parametrize(("kind", "suffix"), [("markdown", "md"), ("x-rst", "rst")])
def test_blocks_of_readmes_stand_on_the_line_that_they_say(kind: str, suffix: str) -> None:
    """The first word of a block is on its line of the file, or a few below: a picture's words are among its options."""
    right = wrong = 0
    for name, text in islice(list_readmes(kind), 40):
        document, lines = load_one(text, f"{name}.{suffix}"), text.split("\n")
        for block in document.blocks:
            words = WORD.findall(document.text[block.start : block.stop])
            places = document.trace(block.start, block.stop)
            if words in ([], ["picture"]) or not places or places[0].line is None:  # a picture has no words
                continue
            near = "\n".join(lines[max(places[0].line - 1, 0) : places[0].line + 7]).lower()
            is_near = words[0].lower() in near
            right, wrong = right + is_near, wrong + (not is_near)
    assert right > 50
    assert wrong <= right // 50


@pytest.mark.parametrize("name", SOURCES)
def test_sources_stand_letter_for_letter_on_their_pages(name: str) -> None:
    """All pages joined are the file, and every line is traced to its number."""
    text = (STDLIB / name).read_text(encoding="utf-8")
    document = load_one(text, name)
    assert document.text == text
    assert "".join(page.page.text for page in draw_pages(document)) == text
    for line in (1, text.count("\n") // 2 + 1):
        ((start, stop),) = document.locate(line=line) or ((0, 0),)
        assert text[start:stop] == text.split("\n")[line - 1]
        if start < stop:
            assert document.trace(start, stop)[0].line == line


def test_pythons_documentation_stands_on_pages_word_for_word() -> None:
    """As plain text, and as reStructuredText."""
    for name in ("with", "try", "formatstrings", "operator-summary"):
        text = topics[name]
        assert "".join(page.page.text for page in draw_pages(load(text.encode(), name=f"{name}.txt"))) == text
        parsed = load_one(text, f"{name}.rst")
        assert "".join(page.page.text for page in draw_pages(parsed)) == parsed.text
