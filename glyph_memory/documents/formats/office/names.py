"""Short names for elements and attributes of Office files, as the standard writes them: `w:p`, `a:t`.

Two standards name the same things in two ways, "transitional" and "strict"; both get one short name. Knows names alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

_OFFICE = {
    "wordprocessingml/{}main": "w",
    "presentationml/{}main": "p",
    "drawingml/{}main": "a",
    "drawingml/{}chart": "c",
    "drawingml/{}diagram": "dgm",
    "drawingml/{}picture": "pic",
    "drawingml/{}wordprocessingDrawing": "wp",
    "officeDocument/{}math": "m",
    "officeDocument/{}relationships": "r",
}
_OTHERS = {
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.openxmlformats.org/package/2006/relationships": "rel",
    "http://schemas.openxmlformats.org/package/2006/metadata/core-properties": "cp",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://schemas.microsoft.com/office/word/2010/wordprocessingShape": "wps",
    "http://schemas.microsoft.com/office/drawing/2010/main": "a14",
    "http://schemas.microsoft.com/office/drawing/2014/chartex": "cx",
    "urn:schemas-microsoft-com:vml": "v",
    "urn:schemas-microsoft-com:office:office": "o",
}
_SHORT = {
    **{f"http://schemas.openxmlformats.org/{name.format('2006/')}": short for name, short in _OFFICE.items()},
    **{f"http://purl.oclc.org/ooxml/{name.format('')}": short for name, short in _OFFICE.items()},
    **_OTHERS,
}
OFF = frozenset({"0", "false", "off", "none"})
"""How a property says that it does not hold."""


def shorten(name: str) -> str:
    """Return the short name of an element or attribute; `?:name` where its namespace is not known.

    Example:
        >>> shorten("{http://schemas.openxmlformats.org/drawingml/2006/main}t")
        'a:t'
    """
    if not name.startswith("{"):
        return name
    space, _, local = name[1:].rpartition("}")
    return f"{_SHORT.get(space, '?')}:{local}"


class ShortNames(dict[str, str]):
    """Short names that were asked for before."""

    def __missing__(self, name: str) -> str:
        short = shorten(name)
        if len(self) < 10_000:
            self[name] = short
        return short


def is_on(parent: Element | None, name: str) -> bool | None:
    """Return whether a property such as `w:b` holds; None where it does not stand there."""
    found = parent.find(name) if parent is not None else None
    return None if found is None else value(found, "w:val", "1").lower() not in OFF


def value(element: Element | None, name: str = "w:val", default: str = "") -> str:
    """Return an attribute; the default where it, or the element, is missing."""
    return default if element is None else element.get(name, default)


def find_path(parent: Element | None, path: str) -> Element | None:
    """Return an element within others, each named: the library's own search takes a colon for something else.

    Args:
        parent: Where to begin; None finds nothing.
        path: Names with a slash between them: `w:pPr/w:numPr`.
    """
    for name in path.split("/"):
        if parent is None:
            return None
        parent = parent.find(name)
    return parent


def value_of(parent: Element | None, path: str, name: str = "w:val", default: str = "") -> str:
    """Return an attribute of an element within another; the default where one of them is missing."""
    return value(find_path(parent, path), name, default)


def number(text: str | None, default: int = 0, *, at_most: int = 10**9) -> int:
    """Return a whole number that a file gives, within bounds; the default where it is none."""
    try:
        return max(min(int(float(text or "")), at_most), -at_most)
    except (ValueError, OverflowError):
        return default


def choose_alternative(element: Element) -> Element | None:
    """Return which of several spellings of the same thing is read: the newer one, where it has any content.

    Args:
        element: An `mc:AlternateContent`.
    """
    chosen = next((one for one in element if one.tag == "mc:Choice" and len(one)), None)
    return chosen if chosen is not None else element.find("mc:Fallback")


def unfold(elements: Element, inner: dict[str, str | None]) -> Iterator[Element]:
    """Yield the elements within one, with those that only wrap others replaced by what they wrap, however deep.

    Args:
        elements: Whose children.
        inner: Elements that wrap, and in which of their children; None for directly.
    """
    stack = [iter(elements)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag == "mc:AlternateContent":
            if (chosen := choose_alternative(element)) is not None:
                stack.append(iter(chosen))
        elif element.tag in inner:
            name = inner[element.tag]
            content = element if name is None else element.find(name)
            if content is not None:
                stack.append(iter(content))
        else:
            yield element
