"""`RefusedSecret`, and calls whose errors hold no secret: neither in what they say nor in frames of ours.

Knows errors and guards; knows nothing about how secrets are found.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from glyph_memory.errors import GlyphMemoryError, TurnError

if TYPE_CHECKING:
    from glyph_memory.secrets.guard import SecretGuard

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
            guard = _find_guard(given, fields)
            if guard is None and not isinstance(error, RefusedSecret):
                raise
            clean = _clean(error, guard, given, fields)
        del given, fields, guard
        raise clean

    return call_clean


def without_locals_async(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return what `without_locals` does, of a call that is awaited."""

    @wraps(call)
    async def call_clean(*given: P.args, **fields: P.kwargs) -> T:
        try:
            return await call(*given, **fields)
        except GlyphMemoryError as error:
            guard = _find_guard(given, fields)
            if guard is None and not isinstance(error, RefusedSecret):
                raise
            clean = _clean(error, guard, given, fields)
        del given, fields, guard
        raise clean

    return call_clean


def _find_guard(given: Sequence[object], fields: Mapping[str, object]) -> SecretGuard | None:
    """Return the guard of a call; None where it neither masks nor refuses."""
    from glyph_memory.secrets.guard import SecretGuard  # noqa: PLC0415 - it raises what is here

    owner = given[0] if given else None
    found = (
        owner if isinstance(owner, SecretGuard) else fields.get("secrets", getattr(owner, "secrets", None))
    )
    mode = found.mode if isinstance(found, SecretGuard) else found
    if mode not in ("mask", "refuse"):
        return None
    return found if isinstance(found, SecretGuard) else SecretGuard()


def _clean(
    error: GlyphMemoryError, guard: SecretGuard | None, given: Sequence[object], fields: Mapping[str, object]
) -> GlyphMemoryError:
    """Return an error without frames and causes, which hold what was given; what it says is masked."""
    error.__cause__ = error.__context__ = None
    if guard is not None and not isinstance(error, RefusedSecret):
        known = _list_known(guard, given, fields)
        error.args = tuple(_mask(one, guard, known) for one in error.args)
        for name, value in vars(error).items():
            setattr(error, name, _mask(value, guard, known))
    return error.with_traceback(None)


def _list_known(
    guard: SecretGuard, given: Sequence[object], fields: Mapping[str, object]
) -> list[tuple[str, str]]:
    """Return the secrets of what was given, each with its handle."""
    texts = (one if isinstance(one, str) else repr(one) for one in (*given[1:], *fields.values()))
    return [pair for text in texts for pair in guard.list_secrets(text)]


def _mask(value: object, guard: SecretGuard, known: Sequence[tuple[str, str]]) -> object:
    if isinstance(value, list):
        return [_mask(one, guard, known) for one in value]
    if not isinstance(value, str):
        return value
    for secret, handle in known:
        value = _replace_pieces(value, secret[:_LONGEST], handle)
    return guard.mask_text(value)


def _replace_pieces(text: str, secret: str, handle: str) -> str:
    """Return a text without a secret, also where it was cut in quoting it."""
    for size in range(len(secret), min(_PIECE, len(secret)) - 1, -1):
        for piece in (secret[:size], secret[-size:]):
            if piece in text:
                return text.replace(piece, handle)
    return text
