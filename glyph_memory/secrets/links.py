"""Secrets in links and cookies: webhooks, signatures, sessions. Knows their names; knows nothing about headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from glyph_memory.secrets.finding import SecretFinding
from glyph_memory.secrets.literals import LiteralRules, find_by_literals
from glyph_memory.secrets.looks import is_mixed, is_placeholder

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SESSION = re.compile(
    r"(?i)[\w.\-]{0,40}(?:sess|sid|auth|token|jwt|login)[\w.\-]{0,24}=(?P<secret>[A-Za-z0-9_.~+/%\-]{16,}+=*)"
)


def _is_session(value: str) -> bool:
    return is_mixed(value) and not is_placeholder(value) and _UUID.fullmatch(value) is None


_LINKS: LiteralRules = (
    ("/api/webhooks/", re.compile(r"/api/webhooks/\d{17,20}/(?P<secret>[\w\-]{60,100})"), is_mixed),
    ("/IncomingWebhook/", re.compile(r"/IncomingWebhook/(?P<secret>[0-9a-f]{32})"), is_mixed),
    ("sig=", re.compile(r"(?<=[?&;])sig=(?P<secret>[A-Za-z0-9%+/]{40,}+=?)"), is_mixed),
    ("X-Amz-Signature=", re.compile(r"X-Amz-Signature=(?P<secret>[0-9a-f]{64})"), is_mixed),
    ("access_token$", re.compile(r"(?P<secret>access_token\$\w{4,12}\$\w{16}\$[0-9a-f]{32})"), is_mixed),
    ("SESSID=", re.compile(r"SESSID=(?P<secret>[A-Za-z0-9,\-]{20,128}+)"), _is_session),
    ("SESSIONID=", re.compile(r"SESSIONID=(?P<secret>[A-Za-z0-9.!\-]{20,128}+)"), _is_session),
    ("sessionid=", re.compile(r"sessionid=(?P<secret>[A-Za-z0-9.\-]{20,128}+)"), _is_session),
)
_COOKIE = re.compile(r"(?i)cookie(?:\\{0,3}[\"'])?\s{0,2}[:=]\s{0,2}")


def find_links(text: str) -> Iterator[SecretFinding]:
    """Yield what opens a door in a link or a cookie."""
    yield from find_by_literals(text, _LINKS, "credential", is_lower=False)
    for literal in ("ookie", "OOKIE"):
        place = text.find(literal, 1)
        while place >= 0:
            head = _COOKIE.match(text, place - 1)
            end = place + len(literal)
            if head:
                end = text.find("\n", head.end(), head.end() + 8192)
                end = min(len(text), head.end() + 8192) if end < 0 else end
                for match in _SESSION.finditer(text, head.end(), end):
                    if _is_session(match["secret"]):
                        yield SecretFinding(
                            start=match.start("secret"), end=match.end("secret"), kind="credential"
                        )
            place = text.find(literal, end)
