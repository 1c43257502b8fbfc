"""`RefusedSecret`, and calls whose errors hold no secret: neither in what they say nor in frames of ours.

Knows errors and what masks; knows nothing about how secrets are found.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from glyph_memory.errors import GlyphMemoryError, TurnError
from glyph_memory.secrets.masking import PROCESS_KEY, Masker
from glyph_memory.secrets.rule_finder import RuleFinder

P = ParamSpec("P")
T = TypeVar("T")
_PIECE, _LONGEST = 6, 400
"""How long a piece of a secret is that may stand where a quotation was cut, and the longest that is looked for."""


class RefusedSecret(TurnError):
    """A turn with a secret, where secrets are refused."""


def without_locals(call: Callable[P, T]) -> Callable[P, T]:
    """Return a call whose errors tell no secret, where secrets are masked or refused.

    What they quote is masked, and they carry no frame that holds what was given: reporters of errors print locals. The
    guard is the one that the call is given as `secrets`, or that its object has under that name.
    """

    @wraps(call)
    def call_clean(*given: P.args, **fields: P.kwargs) -> T:
        try:
            return call(*given, **fields)
        except GlyphMemoryError as error:
            clean = _clean(error, given, fields)
            if clean is None:
                raise
        del given, fields
        raise clean

    return call_clean


def without_locals_async(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return what `without_locals` does, of a call that is awaited."""

    @wraps(call)
    async def call_clean(*given: P.args, **fields: P.kwargs) -> T:
        try:
            return await call(*given, **fields)
        except GlyphMemoryError as error:
            clean = _clean(error, given, fields)
            if clean is None:
                raise
        del given, fields
        raise clean

    return call_clean


def _find_masker(given: Sequence[object], fields: Mapping[str, object]) -> Masker | None:
    """Return what masks as the guard of a call does; None where that neither masks nor refuses."""
    owner = given[0] if given else None
    guard = owner if hasattr(owner, "mode") else fields.get("secrets", getattr(owner, "secrets", None))
    if getattr(guard, "mode", guard) not in ("mask", "refuse"):
        return None
    finder, key = getattr(guard, "finder", None), getattr(guard, "key", None)
    return Masker(finder=finder or RuleFinder(), key=key or PROCESS_KEY)


def _clean(
    error: GlyphMemoryError, given: Sequence[object], fields: Mapping[str, object]
) -> GlyphMemoryError | None:
    """Return an error without frames and causes, which hold what was given; what it says is masked.

    None where the call's guard hides nothing.
    """
    masker = _find_masker(given, fields)
    if masker is None and not isinstance(error, RefusedSecret):
        return None
    error.__cause__ = error.__context__ = None
    if masker is not None and not isinstance(error, RefusedSecret):
        known = _list_known(masker, given, fields)
        error.args = tuple(_mask(one, masker, known) for one in error.args)
        for name, value in vars(error).items():
            setattr(error, name, _mask(value, masker, known))
    return error.with_traceback(None)


def _list_known(
    masker: Masker, given: Sequence[object], fields: Mapping[str, object]
) -> list[tuple[str, str]]:
    """Return the secrets of what was given, each with its handle."""
    texts = (one if isinstance(one, str) else repr(one) for one in (*given[1:], *fields.values()))
    found = dict.fromkeys(one for text in texts for one in masker.mask(text).found)
    return [(one.secret, masker.make_handle(one)) for one in found]


def _mask(value: object, masker: Masker, known: Sequence[tuple[str, str]]) -> object:
    if isinstance(value, list):
        return [_mask(one, masker, known) for one in value]
    if not isinstance(value, str):
        return value
    for secret, handle in known:
        value = _replace_pieces(value, secret[:_LONGEST], handle)
    return masker.mask(value).text


def _replace_pieces(text: str, secret: str, handle: str) -> str:
    """Return a text without a secret, also where it was cut in quoting it."""
    for size in range(len(secret), min(_PIECE, len(secret)) - 1, -1):
        for piece in (secret[:size], secret[-size:]):
            if piece in text:
                return text.replace(piece, handle)
    return text
