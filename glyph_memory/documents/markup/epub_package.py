"""What a book's package says: its title, its chapters in reading order, what is locked. Knows EPUB; knows no HTML."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from glyph_memory.documents.archives import Archive
from glyph_memory.documents.safe_xml import parse_xml_safely
from glyph_memory.errors import DocumentError

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_XML_AT_MOST = 20_000_000
_FONT_SCRAMBLING = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
_PAGES = frozenset(("application/xhtml+xml", "text/html", "text/x-oeb1-document", "application/x-dtbook+xml"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A book."""

    title: str
    """Its title; empty where it has none."""
    creators: tuple[str, ...]
    """Who wrote it."""
    chapters: tuple[str, ...]
    """The paths of its pages within the archive, in reading order; what stands beside the text is last."""
    unread: tuple[str, ...] = ()
    """What its order names that is not read, each with why."""
    unordered: tuple[str, ...] = ()
    """Pages that are no part of its order, but for its table of contents."""


def read_package(archive: Archive) -> Package:
    """Return what a book says of itself.

    Raises:
        DocumentError: It is no EPUB, its XML is broken or dangerous, or it is locked.
    """
    _check_locks(archive)
    container = _parse(archive, _CONTAINER)
    paths = [unquote(element.get("full-path") or "") for element in _find(container, "rootfile")]
    path = next((path for path in paths if path in archive), None)
    if path is None:
        raise DocumentError(f"{archive.shown} does not name its package; was it made by hand? Pack it again")
    return _read(_parse(archive, path), posixpath.dirname(path))


def _read(package: Element, folder: str) -> Package:
    files = {element.get("id"): element for element in _find(package, "item")}
    main, beside, unread, ordered = list[str](), list[str](), list[str](), set[str]()
    for place in _find(package, "itemref"):
        name = place.get("idref") or ""
        item = files.get(name)
        address = item.get("href") if item is not None else None
        ordered.add(name)
        if item is None or not address:
            unread.append(f"{name!r} is not in the book's list of files")
            continue
        kind = (item.get("media-type") or "").lower()
        if kind not in _PAGES:
            what = "a drawing (SVG)" if kind == "image/svg+xml" else f"of the kind {kind!r}"
            unread.append(f"{address!r} is {what}, no page of text; it is not read")
            continue
        chapters = beside if (place.get("linear") or "").lower() == "no" else main
        chapters.append(resolve(folder, address))
    unordered = (
        item.get("href") or name
        for name, item in files.items()
        if name is not None
        and name not in ordered
        and (item.get("media-type") or "").lower() in _PAGES
        and "nav" not in (item.get("properties") or "").split()
    )
    return Package(
        title=next((_text(element) for element in _find(package, "title") if _text(element)), ""),
        creators=tuple(filter(None, (_text(element) for element in _find(package, "creator")))),
        chapters=tuple(dict.fromkeys((*main, *beside))),
        unread=tuple(unread),
        unordered=tuple(unordered),
    )


def resolve(folder: str, address: str) -> str:
    """Return the path of a file within the archive; one that would leave it is no member's name, and not found.

    Args:
        folder: That of the file which names it.
        address: As it is named there.
    """
    return posixpath.normpath(posixpath.join(folder, unquote(address.partition("#")[0])))


def _check_locks(archive: Archive) -> None:
    """Raise an error where more than fonts is encrypted."""
    if _ENCRYPTION not in archive:
        return
    for data in _find(_parse(archive, _ENCRYPTION), "EncryptedData"):
        method = next((element.get("Algorithm") for element in _find(data, "EncryptionMethod")), "")
        if method not in _FONT_SCRAMBLING:
            raise DocumentError(
                f"{archive.shown} is locked by its seller (DRM); get a copy without it, its text cannot be read"
            )


def _parse(archive: Archive, name: str) -> Element:
    if name not in archive:
        raise DocumentError(f"{archive.shown} is no EPUB: it has no {name!r}; is it of another format?")
    return parse_xml_safely(archive.read(name, at_most=_XML_AT_MOST), shown=f"{name!r} in {archive.shown}")


def _find(root: Element, name: str) -> Iterator[Element]:
    """Yield elements by name, whatever their namespace."""
    return (
        element
        for element in root.iter()
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name
    )


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
