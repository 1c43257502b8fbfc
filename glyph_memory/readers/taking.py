"""Take the contexts that a caller gives, and refuse in one line what is none.

Knows contexts; knows nothing about readers, threads and event loops.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Iterator
from threading import Event

from glyph_memory.context import Context
from glyph_memory.errors import ReaderRefused, show_value

_HOW = "give a Context: Context.of(question, pages=…), or memory.context(question)"


def check_context(context: object, *, name: str = "") -> Context:
    """Return a context.

    Args:
        context: What was given for one.
        name: What the caller calls it.

    Raises:
        ReaderRefused: It is something else.
    """
    if isinstance(context, Context):
        return context
    shown = f"{name} is {show_value(context)}, which" if name else show_value(context)
    raise ReaderRefused(f"{shown} is no context; {_HOW}")


def take_contexts(contexts: object, stop: Event | None = None) -> Iterator[Context]:
    """Yield contexts, each looked at.

    Args:
        contexts: What was given for many.
        stop: Set where nobody waits for them any more: no other is taken then.

    Raises:
        ReaderRefused: They are something else, or one of them is.
    """
    if isinstance(contexts, Context):
        raise ReaderRefused("a single context was given for many; put it into a list")
    if isinstance(contexts, AsyncIterable):
        raise ReaderRefused(
            f"{show_value(contexts)} is asynchronous; give [context async for context in …], a list or a generator"
        )
    if isinstance(contexts, str | bytes) or not isinstance(contexts, Iterable):
        raise ReaderRefused(f"{show_value(contexts)} holds no contexts; give a list of them")
    for place, context in enumerate(contexts):
        if stop is not None and stop.is_set():
            return
        yield check_context(context, name=f"contexts[{place}]")
