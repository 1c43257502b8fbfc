"""XML that strangers wrote, read piece by piece: no entities, no DTD, bounded depth, flat memory.

defusedxml refuses what makes XML dangerous; elements are bounded in depth here, since whoever walks them calls itself.
Knows XML; knows nothing about documents.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

from glyph_memory.documents.needs import load_library
from glyph_memory.errors import DocumentError

_DEPTH = 2_000
"""Elements within elements: more than any program writes."""


def read_events(file: IO[bytes], *, shown: str, depth: int = _DEPTH) -> Iterator[tuple[str, Element]]:
    """Yield `start` and `end` of each element in order, as `iterparse` does; whoever takes them clears them.

    Args:
        file: The XML.
        shown: What to call it in messages, quoted.
        depth: How deep elements may be nested.

    Raises:
        DocumentError: It is not well-formed, has a DTD or entities, or is nested too deep; while reading on, too.
    """
    reader = load_library("defusedxml.ElementTree", for_="XML in documents")
    refused = load_library("defusedxml", for_="XML in documents").DefusedXmlException
    level = 0
    try:
        for event, element in reader.iterparse(file, events=("start", "end"), forbid_dtd=True):
            level += 1 if event == "start" else -1
            if level > depth:
                raise DocumentError(
                    f"{shown} has elements nested more than {depth} deep; no program writes that"
                )
            yield event, element
    except refused as error:
        raise DocumentError(
            f"{shown} has a DTD or entities, which may grow without bound; save the document anew"
        ) from error
    except (ParseError, LookupError, UnicodeError) as error:
        raise DocumentError(f"{shown} is broken XML: {error}; get the file again") from error


def check_xml(data: bytes, *, shown: str) -> None:
    """Check that XML is whole, for those who hand it to a library that takes this for granted; nothing is kept.

    Args:
        data: The XML.
        shown: What to call it in messages, quoted.

    Raises:
        DocumentError: It is not well-formed.
    """
    try:
        expat.ParserCreate().Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise DocumentError(f"{shown} is broken XML: {error}; get the file again") from error


def parse_xml_safely(data: bytes, *, shown: str, depth: int = _DEPTH) -> Element:
    """Return the root of an XML document that is short enough to be held whole.

    Args:
        data: The XML.
        shown: What to call it in messages, quoted.
        depth: How deep elements may be nested.

    Raises:
        DocumentError: It is not well-formed, has a DTD or entities, or is nested too deep.

    Example:
        >>> parse_xml_safely(b"<a><b>1</b></a>", shown="'a.xml'").findtext("b")
        '1'
    """
    root: Element | None = None
    for _, element in read_events(io.BytesIO(data), shown=shown, depth=depth):
        root = element if root is None else root
    if root is None:
        raise DocumentError(f"{shown} is empty; get the file again")
    return root
