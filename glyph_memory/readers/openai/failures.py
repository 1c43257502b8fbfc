"""Read what a server says when it does not answer, and say it as one of our errors.

What a sentence says of the server's limits stands in `limits`. Knows status codes and bodies; knows nothing about how
they travelled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from glyph_memory.errors import BadReading, ReaderError, ReaderOverflow, ReaderRefused, ReaderUnavailable
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.json_values import parse_json
from glyph_memory.readers.openai.limits import find_image_limit, overflows_window, refuses_images
from glyph_memory.readers.reader import ServerBusy

_LONGEST_RETRY_S = 365 * 86_400.0
"""A time to wait that is longer is none; what is computed from it would overflow."""
_DEEPEST = 16
"""Objects inside objects in which a sentence is looked for."""

_TOO_LARGE = re.compile(
    r"exceeds the pre-allocated encoder cache size|Request decoded media exceeds|request entity too large",
    re.IGNORECASE,
)
_CACHE_MISS = re.compile(r"Cache miss for image at index \d+ but data is not provided", re.IGNORECASE)
_UNKNOWN_FIELDS = re.compile(r"Unexpected fields in the request: \{(?P<fields>[^}]{0,300})\}")


def is_cache_miss(status: int, body: bytes) -> bool:
    """Return whether vLLM asks for an image's data because it no longer knows the image's uuid."""
    return status == 400 and _CACHE_MISS.search(find_message(body)) is not None


def make_error(status: int, headers: Mapping[str, str], body: bytes, *, endpoint: Endpoint) -> ReaderError:
    """Return the error that an answer with a status other than 200 stands for."""
    words = find_message(body)
    where, quoted = endpoint.safe_url, endpoint.quote(words)
    # What is said weighs more than the status: llama.cpp has sent both of these as 500.
    return (
        _match_overflow(status, words, body, where=where, quoted=quoted)
        or _match_refusal(status, words, endpoint=endpoint, quoted=quoted)
        or _match_unavailable(status, headers, where=where, quoted=quoted)
        or BadReading(
            f"{where} answered HTTP {status}, which no chat server should: {quoted}. Is the address right?"
        )
    )


def find_message(body: bytes) -> str:
    """Return the message in an error's body, whatever wraps it; the whole body where there is none."""
    return _find_sentence(parse_json(body)) or body.decode("utf-8", errors="replace")


def _find_sentence(node: object, *, deepest: int = _DEEPEST) -> str:
    """Search `{"error": {"message": …}}`, `{"error": …}`, `{"message": …}` and FastAPI's `{"detail": …}`."""
    if isinstance(node, str):
        return node
    if not deepest:
        return ""
    if isinstance(node, list):
        return "; ".join(filter(None, (_find_sentence(one, deepest=deepest - 1) for one in node)))
    if not isinstance(node, dict):
        return ""
    if "msg" in node:
        said, steps = _find_sentence(node["msg"], deepest=deepest - 1), node.get("loc")
        steps = steps if isinstance(steps, list) else [steps]
        field_path = ".".join(str(step) for step in steps if isinstance(step, (str, int)))
        return f"{field_path}: {said}" if field_path and said else said
    found = (_find_sentence(node.get(key), deepest=deepest - 1) for key in ("error", "message", "detail"))
    said = next(filter(None, found), "")
    # Codes that say more than the sentence does: context_length_exceeded, exceed_context_size_error.
    codes = [
        str(node[key]) for key in ("code", "type") if isinstance(node.get(key), str) and "_" in node[key]
    ]
    return f"{said} ({', '.join(codes)})" if said and codes else said


def _match_overflow(status: int, words: str, body: bytes, *, where: str, quoted: str) -> ReaderError | None:
    limit = find_image_limit(words)
    if limit == 0:
        return _make_image_refusal(where, quoted)
    if limit is not None:
        return ReaderOverflow(
            f"{where} takes fewer images in one request: {quoted}. "
            "Send fewer pages, or serve with a higher limit (vLLM: --limit-mm-per-prompt)"
        )
    overflow = overflows_window(words)
    if overflow is not None:
        # llama.cpp tells its numbers beside the sentence.
        numbers = overflows_window(body.decode("utf-8", errors="replace")) or overflow
        return ReaderOverflow(
            f"{where} has too small a window for this request: {quoted}. "
            "Send fewer pages, lower max_tokens, or serve with a larger window (vLLM: --max-model-len)",
            window_tokens=overflow.window_tokens or numbers.window_tokens,
            prompt_tokens=overflow.prompt_tokens or numbers.prompt_tokens,
        )
    if _TOO_LARGE.search(words) or status == 413:
        return ReaderOverflow(
            f"{where} takes no request this large (HTTP {status}): {quoted}. Send fewer or smaller pages"
        )
    return None


def _match_refusal(status: int, words: str, *, endpoint: Endpoint, quoted: str) -> ReaderError | None:
    where = endpoint.safe_url
    if refuses_images(words):
        return _make_image_refusal(where, quoted)
    unknown = _UNKNOWN_FIELDS.search(words)
    if unknown:
        return ReaderRefused(
            f"{where} does not know the request's field {endpoint.quote(unknown['fields'])[1:-1]}. "
            "Take it from extra_body"
        )
    advice = {
        401: "Is api_key right?",
        403: "Is api_key right, and is the model open to it?",
        404: "Is the model's name right, and does base_url end as the server wants it, usually in '/v1'?",
    }
    if status in advice:
        return ReaderRefused(f"{where} refused the request (HTTP {status}): {quoted}. {advice[status]}")
    if 300 <= status < 400:
        return ReaderRefused(
            f"{where} sends the request elsewhere (HTTP {status}). Give the final address as base_url"
        )
    if 400 <= status < 500 and status not in {408, 425, 429}:
        return ReaderRefused(
            f"{where} refused the request (HTTP {status}): {quoted}. Are model and extra_body right?"
        )
    return None


def _match_unavailable(
    status: int, headers: Mapping[str, str], *, where: str, quoted: str
) -> ReaderError | None:
    if status in {425, 429, 502, 503, 504}:
        return ServerBusy(
            f"{where} is overloaded or still loading (HTTP {status}): {quoted}. Ask again later",
            retry_after_s=_retry_after(headers),
        )
    if status == 408 or status >= 500:
        return ReaderUnavailable(f"{where} failed (HTTP {status}): {quoted}. The server's log says why")
    return None


def _make_image_refusal(where: str, quoted: str) -> ReaderRefused:
    return ReaderRefused(
        f"{where} takes no images: {quoted}. Serve a vision-language model "
        "(vLLM: no --language-model-only and an image limit above 0; llama.cpp: add --mmproj)"
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After`, which is a number of seconds or a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (_parse_date(value) - _parse_date(headers["date"])).total_seconds()
        except (ValueError, TypeError, IndexError, KeyError, OverflowError):
            return None  # of what dates may be, the standard library says only ValueError
    return max(0.0, seconds) if math.isfinite(seconds) and seconds <= _LONGEST_RETRY_S else None


def _parse_date(value: str) -> datetime:
    """Return a date of HTTP's; one in the zone `-0000`, which is none, is in UTC."""
    date = parsedate_to_datetime(value)
    return date if date.tzinfo else date.replace(tzinfo=UTC)
