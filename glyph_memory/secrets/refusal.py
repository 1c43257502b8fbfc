"""`RefusedSecret`, and calls that raise it without a secret in their own frames. Knows nothing about what was found."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from glyph_memory.errors import TurnError

P = ParamSpec("P")
T = TypeVar("T")


class RefusedSecret(TurnError):
    """A turn with a secret, where secrets are refused."""


def without_locals(call: Callable[P, T]) -> Callable[P, T]:
    """Return a call whose refusals carry no frame that holds what it was given: reporters of errors print locals."""

    @wraps(call)
    def call_clean(*given: P.args, **fields: P.kwargs) -> T:
        try:
            return call(*given, **fields)
        except RefusedSecret as error:
            refused = error
        del given, fields
        raise refused.with_traceback(None)

    return call_clean


def without_locals_async(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return what `without_locals` does, of a call that is awaited."""

    @wraps(call)
    async def call_clean(*given: P.args, **fields: P.kwargs) -> T:
        try:
            return await call(*given, **fields)
        except RefusedSecret as error:
            refused = error
        del given, fields
        raise refused.with_traceback(None)

    return call_clean
