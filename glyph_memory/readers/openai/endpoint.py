"""A server's `Endpoint`: its address, and what it is to know of the caller, which is shown to nobody else.

Keys, passwords and further headers are checked when they are given. Knows addresses and headers; sends nothing.
"""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import NoReturn, Self
from urllib.parse import quote, unquote, urlsplit

from glyph_memory.errors import ReaderRefused

_QUOTE_CHARS = 300
_MOST_CHARS = 100_000
"""How much of a server's words is looked at before they are cut to the above."""
_LEFT_OUT = "(left out: it repeats a key)"
_TRY = "Try 'http://127.0.0.1:8000/v1'"
_SHORTEST_SECRET = 8
"""Header values below that, such as `true`, are no secrets, and stand in many a sentence."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")
_ROUNDS = 3
"""How often codes inside codes are read: `%2526`, `&amp;#115;`."""
_FRAMING = {"content-length", "transfer-encoding", "host"}
_DATA_URL = re.compile(r"(data:[\w./+-]*;base64,)[A-Za-z0-9+/=\s]{16,}|[A-Za-z0-9+/]{200,}={0,2}")


class Credentials:
    """Headers that are sent and never shown: not by `repr`, not in an error, not pickled.

    Args:
        headers: Names and values, checked.
        secrets: Words that no message may repeat.
    """

    __slots__ = ("_disguised", "_headers", "_secrets")

    def __init__(self, headers: Mapping[str, str] | None = None, secrets: Iterable[str] = ()) -> None:
        self._headers = dict(headers or {})
        secrets = list(secrets)
        # Of those with few characters, words without their blanks would hold many by chance.
        self._disguised = {form for secret in secrets if _is_long(secret) for form in _disguise(secret)}
        spelled = {form for secret in secrets if secret for form in _spell(secret)}
        self._secrets = sorted(spelled, key=len, reverse=True)

    def __repr__(self) -> str:
        return "Credentials(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled or copied; build the reader anew where it is needed")

    def add_to(self, headers: MutableMapping[str, str]) -> None:
        """Add the headers to those of a request; they override what stands there."""
        headers.update(self._headers)

    def redact(self, text: str) -> str:
        """Return a text without the secrets, however they are spelled in it."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text

    def is_repeated(self, text: str) -> bool:
        """Return whether a text holds a secret with blanks in it, in base64, or as codes of characters."""
        if not self._disguised:
            return False
        plain = _reveal(text)
        return any(form in plain for form in self._disguised)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A server's address, and what it is to know of the caller."""

    base_url: str
    """Without a name or password, and without a slash at the end."""
    credentials: Credentials = field(default_factory=Credentials)
    """What is sent with every request."""
    problem: str = ""
    """Why it cannot be used, where it cannot."""

    @classmethod
    def parse(
        cls, base_url: str, *, api_key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Return the endpoint that was asked for. Raise nothing: a frame that raises shows what it was given.

        Args:
            base_url: As the caller gave it.
            api_key: The secret, to be sent as a bearer token.
            headers: To be sent with every request.
        """
        address, login, problem = _split_address(base_url)
        problem = problem or _find_key_problem(api_key) or _find_header_problem(headers or {})
        if problem:
            return cls(base_url=address, problem=problem)
        sent, secrets = dict(headers or {}), [value for value in (headers or {}).values() if _is_long(value)]
        if login:
            basic = base64.b64encode(":".join(login).encode()).decode()
            sent["Authorization"] = f"Basic {basic}"
            secrets += [basic, login[-1], *filter(_is_long, login)]
        if api_key:
            sent["Authorization"] = f"Bearer {api_key}"
            secrets.append(api_key)
        return cls(base_url=address, credentials=Credentials(sent, secrets))

    def check(self) -> None:
        """Do nothing where the endpoint can be used.

        Raises:
            ReaderRefused: The address is none, or a key or header cannot be sent; they are not repeated.
        """
        if self.problem:
            raise ReaderRefused(self.problem)

    @property
    def safe_url(self) -> str:
        """The address, quoted."""
        return repr(self.base_url)

    def quote(self, said: str) -> str:
        """Return a server's words in quotation marks: one short printable line, without secrets and pictures."""
        said = self.credentials.redact(said)[:_MOST_CHARS]
        if self.credentials.is_repeated(said):
            return _LEFT_OUT
        said = _DATA_URL.sub(lambda match: f"{match[1] or ''}…", said)
        said = " ".join(said.split())
        return repr(said if len(said) <= _QUOTE_CHARS else said[:_QUOTE_CHARS] + "…")


def _split_address(base_url: object) -> tuple[str, tuple[str, ...], str]:
    """Return an address without its name and password, those two, and what is wrong with it."""
    if not isinstance(base_url, str):
        return "", (), f"base_url is of type {type(base_url).__name__}, no str. {_TRY}"
    shown = re.split(r"[?#]", base_url.rpartition("@")[2], maxsplit=1)[0][:_QUOTE_CHARS]
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # half an IPv6 address, a port that is no number
        return shown, (), f"{shown!r} is no http(s) address. {_TRY}"
    if parts.scheme not in {"http", "https"} or not host:
        return shown, (), f"{shown!r} is no http(s) address. {_TRY}"
    if not base_url.isprintable() or " " in base_url:
        return (
            shown,
            (),
            f"{shown!r} has white space or control characters. Give it without them, by .strip()",
        )
    if parts.query or parts.fragment:
        return (
            shown,
            (),
            f"{shown!r} is given with a '?' or '#' behind it. Give the address up to '/v1' alone",
        )
    login, _, server = parts.netloc.rpartition("@")
    names = tuple(unquote(part) for part in login.split(":", 1)) if login else ()
    return parts._replace(netloc=server).geturl().rstrip("/"), names, ""


def _find_key_problem(api_key: object) -> str:
    """Return what keeps a key from being sent, without a character of it."""
    if api_key is None:
        return ""
    if not isinstance(api_key, str):
        return f"api_key is of type {type(api_key).__name__}, no str. Give the key itself"
    if api_key != api_key.strip():
        return "api_key begins or ends with white space, such as the line end of a file. Give it without, by .strip()"
    if api_key.lower().startswith("bearer "):
        return "api_key begins with 'Bearer', which is added when it is sent. Give the key alone"
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        return (
            "api_key holds a character that no key has: a blank, a control character, or one beyond ASCII. "
            "Was it copied whole, and nothing else?"
        )
    return ""


def _find_header_problem(headers: object) -> str:
    """Return what keeps headers from being sent, without their values."""
    if not isinstance(headers, Mapping):
        return f"headers is of type {type(headers).__name__}. Give a dictionary of names and values"
    return next(filter(None, (_find_one_problem(name, value) for name, value in headers.items())), "")


def _find_one_problem(name: object, value: object) -> str:
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        return "headers has a name that is none: letters, digits and '-' make one. Is a value in its place?"
    if name.lower() in _FRAMING:
        return f"the header {name!r} is written when a request is sent. Take it from headers"
    if not isinstance(value, str):
        return f"the header {name!r} is of type {type(value).__name__}. Give a str"
    if value != value.strip():
        return f"the header {name!r} begins or ends with white space. Give it without, by .strip()"
    if not value.isascii() or not value.replace("\t", " ").isprintable():
        return f"the header {name!r} holds a control character or one beyond ASCII. Was it copied whole?"
    return ""


def _is_long(value: str) -> bool:
    return len(value) >= _SHORTEST_SECRET


def _spell(secret: str) -> set[str]:
    """Return the ways in which a server may repeat a secret: in an address, in JSON, in HTML."""
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret)}


def _disguise(secret: str) -> set[str]:
    """Return what a text holds, once `_reveal` has read it, where it repeats a secret as it is or in base64."""
    data = secret.encode("utf-8", "surrogatepass")
    forms = {_strip(secret)}
    for before in range(3):  # base64 of a longer text has the secret at one of three places
        whole = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        # Characters at both ends that hold bits of what stands beside the secret, too.
        inside = whole[(0, 2, 3)[before] : len(whole) - (1 if (len(data) + before) % 3 else 0)]
        forms |= {inside, inside.replace("+", "-").replace("/", "_")}
    return {form for form in forms if _is_long(form)}


def _reveal(text: str) -> str:
    """Return a text with codes of characters read, and without white space and characters that are not seen."""
    for _ in range(_ROUNDS):
        read = _ESCAPE.sub(lambda code: chr(int(code[1] or code[2], 16)), unquote(html.unescape(text)))
        if read == text:
            break
        text = read
    return _strip(text)


def _strip(text: str) -> str:
    return "".join(
        char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char)[0] not in "ZC"
    )
