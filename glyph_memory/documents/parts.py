"""Cut a long text into parts between two lines, while it is read. Knows characters; knows nothing about formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def split_parts(pieces: Iterable[str], characters: int) -> Iterator[str]:
    """Yield a text in parts of about a length; joined, they are the text.

    A part ends with a line, unless the line is longer than a part: then it is cut.

    Args:
        pieces: The text, as it is read.
        characters: How long a part is, about.
    """
    held, size = list[str](), 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        while size >= characters:
            text = "".join(held)
            cut = text.rfind("\n", 0, characters) + 1
            if cut <= characters // 2:  # no line ends in its later half
                cut = text.find("\n", characters, 2 * characters) + 1
            if not cut and size < 2 * characters:
                break
            cut = cut or 2 * characters
            yield text[:cut]
            held, size = [text[cut:]], len(text) - cut
    if size:
        yield "".join(held)


def split_lines(pieces: Iterable[str]) -> Iterator[str]:
    """Yield a text line by line, each with its newline.

    Args:
        pieces: The text, as it is read.
    """
    held = list[str]()
    for piece in pieces:
        first, newline, rest = piece.partition("\n")
        held.append(first)
        if not newline:
            continue
        yield "".join([*held, newline])
        lines = rest.split("\n")
        yield from (f"{line}\n" for line in lines[:-1])
        held = [lines[-1]]
    if last := "".join(held):
        yield last
