"""Open an object store, with time limits, and say in words why one refuses.

Knows fsspec and what its libraries raise; knows nothing about documents.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from glyph_memory.addresses import PACKAGES

CONNECT_S = 5.0
ANSWER_S = 30.0
"""For each answer, and for each piece of one."""
TRIES = 8
"""Of a request that was not answered, or with 429, 500, 502, 503 or 504: over about half a minute."""
CALL_S = 120.0
"""For all tries of a request together..."""
_BYTES_A_SECOND = 1_000_000
"""...and for what is sent with it: a line that is slower than this is given up."""
_READS = 2
"""Of a body that stops in the middle."""
_ROOTS = frozenset({OSError, Exception, BaseException, object})
_CODE = re.compile(r"[A-Za-z0-9]{1,40}")
_WORDS = {
    "NoSuchBucket": "there is no such bucket",
    "InvalidBucketName": "the store takes no such name of a bucket",
    "PermanentRedirect": "the bucket is in another region; name it in AWS_DEFAULT_REGION",
    "InvalidAccessKeyId": "the store does not know the key that it was given",
    "SignatureDoesNotMatch": "the secret does not belong to the key that it was given",
    "InvalidToken": "the session token is none that the store takes",
    "ExpiredToken": "the keys are expired; get new ones",
    "TokenRefreshRequired": "the keys are expired; get new ones",
    "RequestTimeTooSkewed": "this machine's clock is not the store's; set it",
    "PreconditionFailed": "it changed while it was read; run it again",
    "412": "it changed while it was read; run it again",
    "NoCredentialsError": "there are no keys to log in with; set those that its library looks for",
    "PartialCredentialsError": "one of the keys to log in with is missing",
    "DefaultCredentialsError": "there are no keys to log in with; set those that its library looks for",
    "RefreshError": "the keys are expired or revoked; get new ones",
    "FileExpired": "it changed while it was read; run it again",
    "FileNotFoundError": "there is nothing of this name; is the bucket there, and the name spelled right?",
    "PermissionError": "access is denied; are these the right keys, and do they have the rights?",
    "403": "access is denied; are these the right keys, and do they have the rights?",
    "401": "access is denied; are these the right keys, and do they have the rights?",
}
_PARTS = {
    "Timeout": f"no answer in time ({ANSWER_S:.0f} s for each); is its endpoint right, and is it reached from here?",
    "SSL": "its certificate is not trusted here; is its endpoint right?",
    "Certificate": "its certificate is not trusted here; is its endpoint right?",
    "Connect": "it cannot be reached; is its endpoint right, and is it running?",
}
"""By a part of the name that a library has for it."""
_BUSY = frozenset({"SlowDown", "ServiceUnavailable", "Throttling", "TooManyRequests", "429", "503"})
_BROKEN = frozenset({"InternalError", "500", "502", "504"})


def open_store(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it: bucket and key, letter for letter.

    fsspec's own way takes `::` in a key for another address. Time limits are ours unless the user's settings for
    fsspec name others, or `AWS_MAX_ATTEMPTS` does.

    Raises:
        ImportError: Its library is not installed.
        ValueError: No library is known for it.
    """
    import fsspec  # noqa: PLC0415 - heavy, and for addresses alone

    scheme, _, rest = address.partition("://")
    scheme = scheme.lower()
    kind = fsspec.get_filesystem_class(scheme)
    plain = f"{scheme}://{rest}"
    files = kind(**_make_limits(scheme, fsspec.config.conf) | kind._get_kwargs_from_urls(plain))
    if PACKAGES.get(scheme) == "s3fs":
        files.retries = _READS
    return files, str(kind._strip_protocol(plain))


def call_store(files: Any, name: str, *given: object, size: int = 0, **named: object) -> Any:  # noqa: ANN401 - fsspec has no types
    """Return what a file system's function returns, within the time limit.

    Args:
        files: The file system.
        name: Of its function: one that asks for one file.
        *given: What it is given.
        size: Bytes that are sent or come.
        **named: What it is given by name.
    """
    if getattr(files, "async_impl", False):
        named["timeout"] = CALL_S + size / _BYTES_A_SECOND
    return getattr(files, name)(*given, **named)


def explain_refusal(error: BaseException) -> str:
    """Return why a store refuses, in words of ours: its library's may quote keys.

    Example:
        >>> explain_refusal(PermissionError("key AKIA… may not"))
        'access is denied; are these the right keys, and do they have the rights?'
    """
    told = [*_iter_codes(error)]
    if any(code in _BUSY for code in told):
        return f"it is too busy, and was asked {TRIES} times; draw with fewer workers, or try later"
    if any(code in _BROKEN for code in told):
        return f"it answers with an error of its own, and was asked {TRIES} times; try later"
    for code in told:
        if code in _WORDS:
            return _WORDS[code]
    for part, words in _PARTS.items():
        if any(part in code for code in told):
            return words
    return f"{told[0]}; are its name, its endpoint and your rights to it right?"


def _make_limits(scheme: str, settings: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a library's options: time limits, and no memory of what was listed before."""
    if PACKAGES.get(scheme) == "s3fs":
        limits: dict[str, Any] = {"connect_timeout": CONNECT_S, "read_timeout": ANSWER_S}
        if "AWS_MAX_ATTEMPTS" not in os.environ:
            limits["retries"] = {"mode": "standard", "total_max_attempts": TRIES}
        for name in ("s3", "s3a"):
            given = settings.get(name, {}).get("config_kwargs")
            limits |= given if isinstance(given, dict) else {}
        return {"config_kwargs": limits, "use_listings_cache": False}
    if PACKAGES.get(scheme) == "gcsfs":
        given = settings.get("gcs", {}) | settings.get("gs", {})
        return {"requests_timeout": CALL_S} if "requests_timeout" not in given else {}
    return {}


def _iter_codes(error: BaseException) -> Iterator[str]:
    """Yield what a store and its libraries call an error, the nearest to the store first."""
    chain, one = list[BaseException](), error
    while one not in chain:
        chain.append(one)
        one = one.__cause__ or one.__context__ or one
    for one in chain:
        answer = getattr(one, "response", None)
        if isinstance(answer, dict):  # botocore's
            yield from _keep_plain(
                answer.get("Error", {}).get("Code"), answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
            )
        yield from _keep_plain(getattr(one, "code", None), getattr(one, "status", None))  # gcsfs's, aiohttp's
    for one in chain:
        yield from (kind.__name__ for kind in type(one).__mro__ if kind not in _ROOTS)
    yield type(error).__name__


def _keep_plain(*codes: object) -> Iterator[str]:
    for code in codes:
        if code is not None and _CODE.fullmatch(str(code)):
            yield str(code)
