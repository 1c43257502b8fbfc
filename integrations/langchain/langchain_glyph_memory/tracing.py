"""`hide_pages`: what tracers record, without the pictures in it; each becomes its size and a digest.

Knows how LangChain and its providers write pictures; knows nothing about memories.
"""

from __future__ import annotations

import base64
import copy
import dataclasses
import functools
import hashlib
import inspect
import operator
import re
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

from langchain_core.callbacks import BaseCallbackHandler
from pydantic import BaseModel

from langchain_glyph_memory.counting import read_size

V = TypeVar("V")
H = TypeVar("H", bound=BaseCallbackHandler)

_BEGIN = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
"""How PNG, JPEG, GIF and WebP begin in base64."""
_FILES = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
"""How their files do, with their media types."""
_PICTURE = re.compile(
    r"data:(?P<kind>image/[\w.+-]+)(?:;[\w=.-]+)*;base64,(?P<data>[A-Za-z0-9+/_\-]{2,}={0,2})"
    r"|(?<![A-Za-z0-9+/_\-])"
    r"(?P<bare>(?:iVBORw0KGgo|/9j/|R0lGOD|UklGR[A-Za-z0-9+/_\-]{6}XRUJQ)[A-Za-z0-9+/_\-]{64,}={0,2})"
)
_DATA = ("base64", "data", "bytes")
"""Under which names a block holds a picture's base64."""
_TYPES = ("mime_type", "media_type", "mimeType")
_HIDDEN = "<image"
"""How a hidden picture begins."""


def hide_pages(value: V) -> V:
    """Return a copy of what a tracer records in which every picture is its media type, its size and a short digest.

    For whatever LangChain and LangSmith pass on: dictionaries, lists, messages, prompts, results, and texts that hold
    pictures as `data:` addresses or as base64. What holds no picture stays the same object; nothing given is changed.
    It never raises an error: what cannot be read is said to be so.

    Args:
        value: Inputs or outputs of a run, or a part of them.

    Example:
        >>> # langsmith.Client(hide_inputs=hide_pages, hide_outputs=hide_pages)
        >>> hide_pages({"url": "data:image/png;base64,iVBORw0KGgo="})
        {'url': '<image/png, 8 bytes, sha256 4c4b6a3be131>'}
    """
    return cast("V", _hide(value, {}))


def hide_pages_from(handler: H) -> H:
    """Return a callback handler, or tracer, that is from now on given everything without pictures: see `hide_pages`.

    For LangSmith give its client the functions instead: LangChain makes tracers of its own from it.

    Args:
        handler: The handler; its own methods are replaced, so that it stays what it is.

    Example:
        >>> from langchain_core.callbacks import StdOutCallbackHandler
        >>> handler = hide_pages_from(StdOutCallbackHandler())  # chain.invoke(…, config={"callbacks": [handler]})
    """
    for name in dir(handler):
        method = getattr(handler, name)
        if name.startswith("on_") and callable(method):
            object.__setattr__(handler, name, _hide_arguments(method))  # some handlers are pydantic's models
    return handler


def _hide_arguments(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # whatever the handler takes and gives
        return method(*hide_pages(args), **hide_pages(kwargs))

    @functools.wraps(method)
    async def call_async(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        return await method(*hide_pages(args), **hide_pages(kwargs))

    return call_async if inspect.iscoroutinefunction(method) else call


def _hide(value: object, known: dict[int, object]) -> object:
    """Return a value without pictures.

    Args:
        value: The value.
        known: What became of values by their ids, while those are alive: a picture that is there seven times is read
            once, and what holds itself ends.
    """
    if id(value) in known:
        return known[id(value)]
    known[id(value)] = value
    try:
        hidden = _hide_in(value, known)
    except Exception:  # of a class of somebody's own, or too deep
        hidden = f"<{type(value).__name__} that could not be read for pictures>"
    known[id(value)] = hidden
    return hidden


def _hide_in(value: object, known: dict[int, object]) -> object:
    hidden = value
    if isinstance(value, str):
        hidden = _hide_in_text(value)
    elif isinstance(value, bytes | bytearray):
        hidden = _hide_file(value)
    elif isinstance(value, dict):
        hidden = _hide_in_dict(value, known)
    elif isinstance(value, list | tuple):
        hidden = _hide_in_list(value, known)
    elif isinstance(value, set | frozenset | deque):
        found = [_hide(one, known) for one in value]
        hidden = value if all(map(operator.is_, found, value)) else type(value)(found)
    elif _is_send(value):
        hidden = _hide_in_send(value, known)
    elif isinstance(value, BaseModel):
        changed = _hide_in_fields({**vars(value), **(value.model_extra or {})}, known)
        hidden = value.model_copy(update=changed) if changed else value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
        if changed := _hide_in_fields(fields, known):
            hidden = copy.copy(value)
            for name, one in changed.items():
                object.__setattr__(hidden, name, one)  # frozen ones, too
    return hidden


def _is_send(value: object) -> bool:
    """Return whether a value is LangGraph's `Send`; where that is not loaded there is none."""
    return isinstance(value, getattr(sys.modules.get("langgraph.types"), "Send", ()))


def _hide_in_send(value: Any, known: dict[int, object]) -> object:  # noqa: ANN401  # a class that is not loaded here
    arg = _hide(value.arg, known)
    if arg is value.arg:
        return value
    hidden = copy.copy(value)
    hidden.arg = arg
    return hidden


def _hide_in_list(value: list[Any] | tuple[Any, ...], known: dict[int, object]) -> object:
    hidden = [_hide(one, known) for one in value]
    if all(one is before for one, before in zip(hidden, value, strict=True)):
        return value
    return value._make(hidden) if hasattr(value, "_make") else type(value)(hidden)


def _hide_in_dict(value: dict[Any, Any], known: dict[int, object]) -> object:
    changed = _hide_in_fields(value, known) | _find_picture(value)
    if not changed:
        return value
    hidden = copy.copy(value)
    hidden.update(changed)
    return hidden


def _hide_in_fields(fields: dict[Any, Any], known: dict[int, object]) -> dict[Any, object]:
    """Return the fields that hold pictures, without them."""
    hidden = ((name, _hide(one, known)) for name, one in dict.items(fields))
    return {name: one for name, one in hidden if one is not fields[name]}


def _find_picture(block: dict[Any, Any]) -> dict[str, str]:
    """Return descriptions of the base64 in a block that says it is a picture, whatever its format."""
    kind = next((block[name] for name in _TYPES if isinstance(block.get(name), str)), "")
    if not (kind.startswith("image/") or (block.get("type") == "image" and not kind)):
        return {}
    held = ((name, block.get(name)) for name in _DATA)
    return {
        name: _describe_base64(data.partition(",")[2] if data.startswith("data:") else data, kind)
        for name, data in held
        if isinstance(data, str) and data and not data.startswith(_HIDDEN)
    }


def _hide_file(data: bytes | bytearray) -> object:
    return _describe(bytes(data), "").encode() if _find_type(data) else data


def _find_type(data: bytes | bytearray) -> str:
    """Return a picture's media type by how its file begins; empty of all else."""
    if data[8:12] == b"WEBP":  # a sound begins with RIFF, too
        return "image/webp"
    return next((kind for begin, kind in _FILES.items() if data.startswith(begin)), "")


def _hide_in_text(text: str) -> str:
    if ";base64," not in text and not any(begin in text for begin in _BEGIN):
        return text
    hidden = _PICTURE.sub(_describe_match, text)
    return text if hidden == text else hidden


def _describe_match(found: re.Match[str]) -> str:
    return _describe_base64(found["data"] or found["bare"], found["kind"] or "")


def _describe_base64(text: str, kind: str) -> str:
    plain = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4))
    except ValueError:
        data = text.encode("utf-8", "surrogatepass")
    return _describe(data, kind)


def _describe(data: bytes, kind: str) -> str:
    size = read_size(data)
    pixels = f" {size[0]} x {size[1]} px," if size else ""
    digest = hashlib.sha256(data).hexdigest()[:12]
    return f"<{kind or _find_type(data) or 'image'},{pixels} {len(data):,} bytes, sha256 {digest}>"
