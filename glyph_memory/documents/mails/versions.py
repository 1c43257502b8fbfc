"""Which version of a mail's body is read, where there are several: the one that says more, and what that costs is told.

Knows MIME and words; knows nothing about files.
"""

from __future__ import annotations

import re
from email.message import Message

from glyph_memory.document import Defect, Document
from glyph_memory.documents.builder import Builder
from glyph_memory.documents.mails.headers import decode_body, find_parameter
from glyph_memory.documents.mails.payloads import read_bytes
from glyph_memory.documents.markup.html_page import write_html
from glyph_memory.errors import DocumentError

_WORD = re.compile(r"\w+")
_FEW = 0.05
"""Share of the HTML's words that its plain text may lack."""
_SHOWN_WORDS = 10
_OTHER_VERSIONS = frozenset({"text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"})


def choose_versions(versions: list[Message]) -> tuple[list[Message], list[Defect]]:
    """Return the version to read, with what is no version of a body though it stands among them; and what is told.

    The plain text is read where it has the words of the HTML, all but a few; a stub such as "cannot show HTML" has not.

    Args:
        versions: From the plainest to the richest.
    """
    plain = [
        one for one in versions if one.get_content_type() == "text/plain" and str(one.get_payload()).strip()
    ]
    rich = [one for one in versions if any(map(_is_html, _list_leaves(one)))]
    other = [one for one in versions if one.get_content_type() in _OTHER_VERSIONS]
    beside = [
        one for one in versions if one not in (*rich, *other) and one.get_content_type() != "text/plain"
    ]
    defects = [_tell_unread(one) for one in (*plain[1:], *rich[:-1], *other)]
    if not plain or not rich:
        return [*(plain[:1] or rich[-1:]), *beside], defects
    reads_html, told = _compare(plain[0], rich[-1])
    if reads_html:
        return [rich[-1], *beside], [*told, *defects]
    files = [one for one in _list_leaves(rich[-1]) if not _is_html(one) and not _is_picture(one)]
    return [plain[0], *files, *beside], [*told, *defects]


def _compare(plain: Message, rich: Message) -> tuple[bool, list[Defect]]:
    """Return whether the HTML is read, and what is told of the other version."""
    leaves = _list_leaves(rich)
    try:
        pages = [_read_html(one) for one in leaves if _is_html(one)]
    except DocumentError as error:
        message = f"the body's HTML could not be compared with its plain text, which is read: {error}"
        return False, [Defect(kind="guessed", message=message)]
    words, plain_words = _list_words("\n".join(page.text for page in pages)), _list_words(_decode(plain))
    targets = _list_words(
        "\n".join(span.target for page in pages for block in page.blocks for span in block.spans)
    )
    missing, lost = _list_missing(words, plain_words), _list_missing(plain_words, [*words, *targets])
    if len(missing) > _FEW * len(words):
        message = (
            f"the body is read from its HTML, which has words that its plain text lacks: {_show(missing)}"
        )
        defects = [Defect(kind="guessed", message=message)]
        if lost:
            message = f"words of the body's plain text that are not in its HTML are not read: {_show(lost)}"
            defects.append(Defect(kind="left out", message=message))
        return True, defects
    defects = list[Defect]()
    if missing:
        message = f"words of the body's HTML that are not in its plain text are not read: {_show(missing)}"
        defects.append(Defect(kind="left out", message=message))
    if pictures := sum(map(_is_picture, leaves)):
        message = f"pictures of the body's HTML are not read, as its plain text is: {pictures:,} of them"
        defects.append(Defect(kind="left out", message=message))
    return False, defects


def _list_leaves(version: Message) -> list[Message]:
    """Return what a version is made of; mails in it stay whole."""
    children = version.get_payload()
    if version.get_content_maintype() != "multipart" or not isinstance(children, list):
        return [version]
    return [leaf for child in children if isinstance(child, Message) for leaf in _list_leaves(child)]


def _is_html(message: Message) -> bool:
    return message.get_content_type() == "text/html" and message.get_content_disposition() != "attachment"


def _is_picture(message: Message) -> bool:
    return message.get_content_maintype() == "image" and message.get_content_disposition() != "attachment"


def _show(words: list[str]) -> str:
    different = [*dict.fromkeys(words)]
    shown = ", ".join(word[:40] for word in different[:_SHOWN_WORDS])
    return f"{shown} and {len(different) - _SHOWN_WORDS:,} more" if len(different) > _SHOWN_WORDS else shown


def _read_html(html: Message) -> Document:
    builder = Builder()
    for _ in write_html(builder, _decode(html).replace("\0", "")):
        pass
    return builder.build()


def _decode(message: Message) -> str:
    return decode_body(read_bytes(message), find_parameter(message, "charset"))[0]


def _list_words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _list_missing(words: list[str], there: list[str]) -> list[str]:
    known = {*there}
    return [word for word in words if word not in known]


def _tell_unread(version: Message) -> Defect:
    kind = version.get_content_type()
    return Defect(kind="left out", message=f"another version of the body ({kind}) is not read")
