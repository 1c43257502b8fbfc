"""The sources that an answer cites, read from the annotations of its text blocks, in LangChain's and providers' shapes.

Knows content blocks; knows nothing about messages or pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from langchain_glyph_memory.blocks import TEXTS

_LISTS = ("annotations", "citations")
"""Where a text block says what it cites: LangChain's and OpenAI's name for it, and Anthropic's."""
_WITHIN = ("url_citation", "value", "location", "web", "extras")
"""Where an annotation may hold the address, if not itself: OpenAI's chats, LangChain's other annotations, Bedrock."""
_NAMES = ("title", "document_title", "filename")


def add_citations(text: str, content: object) -> str:
    r"""Return a text with what its blocks cite in a line behind it, each once, and not where the text has the address.

    Args:
        text: What the blocks say together.
        content: The message's content; text alone cites nothing.

    Example:
        >>> cited = {"type": "citation", "url": "https://museum.example/hours", "title": "Hours"}
        >>> add_citations("At nine.", [{"type": "text", "text": "At nine.", "annotations": [cited]}])
        'At nine.\n(cited: Hours, https://museum.example/hours)'
    """
    if not isinstance(content, list):
        return text
    named = dict[str, str]()
    for title, address in _read_citations(content):
        if not (address and re.search(rf"{re.escape(address)}(?![\w/?#&=%-])", text)):
            named.setdefault(address or title, ", ".join(filter(None, (title, address))))
    return f"{text}\n(cited: {'; '.join(named.values())})".lstrip("\n") if named else text


def _read_citations(content: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Yield title and address of each citation; either may be empty, not both."""
    for block in content:
        if not isinstance(block, Mapping) or block.get("type") not in TEXTS:
            continue
        for name in _LISTS:
            found = block.get(name)
            for one in found if isinstance(found, list | tuple) else ():
                title, address = _find_first(one, _NAMES), _find_address(one)
                if title or address:
                    yield title, address


def _find_address(citation: object) -> str:
    # A search result of Anthropic's names its address as the source.
    return _find_first(citation, ("url", "uri", "source"))


def _find_first(citation: object, names: Iterable[str]) -> str:
    """Return the first text under one of these names, in one line; empty where there is none."""
    if not isinstance(citation, Mapping):
        return ""
    for name in names:
        if isinstance(told := citation.get(name), str) and told.strip():
            return " ".join(told.split())
    deeper = (_find_first(citation.get(name), names) for name in _WITHIN)
    return next(filter(None, deeper), "")
