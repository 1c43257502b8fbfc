"""Which headers go on: a request's to the upstream, an answer's to the client. Knows names; opens nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Header = tuple[bytes, bytes]

_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade", b"proxy-connection", b"host", b"expect"),
    }
)
"""They are about one connection."""
_KEYS = frozenset({b"authorization", b"x-api-key", b"cookie"})
_OURS = b"x-glyph-"
_LONGEST_VALUE = 1000


def list_request_headers(
    headers: Iterable[Header],
    *,
    api_key: str | None,
    keeps_key: bool,
    more: Mapping[str, str],
    reads_answer: bool,
) -> list[Header]:
    """Return the headers of a request as the upstream gets them.

    Args:
        headers: The client's.
        api_key: The upstream's key; the client's own is then not sent.
        keeps_key: Whether the client's own key goes on where the upstream has none: not where it is a key of ours.
        more: What was taken out of the prompt.
        reads_answer: Whether we read the answer on its way: then it may not be compressed.
    """
    headers = list(headers)
    told = {
        name.strip()
        for header, value in headers
        if header == b"connection"
        for name in value.lower().split(b",")
    }
    dropped = _HOP | told | {b"content-length"} | (frozenset() if keeps_key and api_key is None else _KEYS)
    sent = [
        (name, value)
        for name, value in headers
        if name not in dropped
        and not name.startswith(_OURS)
        and not (reads_answer and name == b"accept-encoding")
    ]
    if reads_answer:
        sent.append((b"accept-encoding", b"identity"))
    if api_key is not None:
        sent.append((b"authorization", f"Bearer {api_key}".encode()))
        if any(name == b"x-api-key" for name, _ in headers):
            sent.append((b"x-api-key", api_key.encode()))
    return sent + [(name.lower().encode(), _spell_value(value, "latin-1")) for name, value in more.items()]


def replace_headers(headers: list[Header], more: Mapping[str, str]) -> list[Header]:
    """Return headers with others in the place of those of the same names; the same list where there are none."""
    if not more:
        return headers
    spelled = {name.lower().encode(): value.encode("latin-1", "replace") for name, value in more.items()}
    return [*((name, value) for name, value in headers if name not in spelled), *spelled.items()]


def list_answer_headers(headers: Iterable[Header], *, more: Mapping[str, str]) -> list[Header]:
    """Return the headers of an answer as the client gets them: the upstream's, and ours."""
    headers = [(name.lower(), value) for name, value in headers]
    sent = [(name, value) for name, value in headers if name not in _HOP and not name.startswith(_OURS)]
    spelled = [(name.lower().encode(), _spell_value(value, "ascii")) for name, value in more.items()]
    return sent + [(name, value) for name, value in spelled if value]


def _spell_value(value: str, encoding: str) -> bytes:
    """Return a text as a header's value: one line, and not too long.

    A control character, or a space at the end, and the answer could not be sent at all. What a note names, such as a
    file, may hold any character.
    """
    line = " ".join("".join(char if char.isprintable() else " " for char in value).split())
    return line[:_LONGEST_VALUE].rstrip().encode(encoding, "replace")
