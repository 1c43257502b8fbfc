"""`RefusedSecret`, and calls that raise it without a secret in their own frames. Knows nothing about what was found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from glyph_memory.errors import TurnError

P = ParamSpec("P")
T = TypeVar("T")


class RefusedSecret(TurnError):
    """A turn with a secret, where secrets are refused."""


def without_locals(call: Callable[P, T]) -> Callable[P, T]:
    """Return a call whose refusals carry no frame that holds what it was given: reporters of errors print locals."""

    @wraps(call)
    def called(*given: P.args, **fields: P.kwargs) -> T:
        try:
            return call(*given, **fields)
        except RefusedSecret as error:
            refused = error
        del given, fields
        raise refused.with_traceback(None)

    return called


def without_locals_async(call: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Return what `without_locals` does, of a call that is awaited."""

    @wraps(call)
    async def called(*given: P.args, **fields: P.kwargs) -> T:
        try:
            return await call(*given, **fields)
        except RefusedSecret as error:
            refused = error
        del given, fields
        raise refused.with_traceback(None)

    return called
