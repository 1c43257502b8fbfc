"""`glyph-memory serve`: read what was typed, and start the proxy."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from glyph_memory.cli.server import KEY_VARIABLE
from glyph_memory.context import PageOptionFields, PageOptions, open_place
from glyph_memory.errors import show_value
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.serve.edge.keys import read_private_file
from glyph_memory.serve.options import ServeError, ServeOptions, Upstream
from glyph_memory.style import ReadingLimits

if TYPE_CHECKING:
    from types import ModuleType

_NAMED = re.compile(r"([A-Za-z0-9_.-]{1,64})=(?=https?://)")
_EXTRA = frozenset(
    {"anyio", "fastapi", "h11", "httpx2", "multipart", "prometheus_client", "starlette", "uvicorn"}
)


def run(
    *,
    upstreams: Sequence[str],
    upstream_key_file: Path | None,
    pages: Mapping[str, object],
    off: Sequence[str],
    on: Sequence[str],
    **options: Any,  # noqa: ANN401 - the fields of ServeOptions, as typed
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Raises:
        GlyphMemoryError: Something that was typed is wrong, or what it needs is not there.
    """
    app, start = _load("glyph_memory.serve.app"), _load("glyph_memory.serve.edge.run")
    told = ServeOptions(
        upstreams=_read_upstreams(upstreams, upstream_key_file),
        pages=_read_pages(pages),
        switched_off=_read_rules("--off", off),
        switched_on=_read_rules("--on", on),
        **options,
    )
    start.run_server(told, make_app=app.create_app)


def _load(name: str) -> ModuleType:
    """Return a module that needs the extra.

    Raises:
        ServeError: The extra is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in _EXTRA:
            raise
        raise ServeError(
            f"serve needs {missing}, which is not installed; pip install 'glyph-memory[serve]'"
        ) from None


def _read_pages(given: Mapping[str, object]) -> PageOptionFields:
    """Return those fields of `PageOptions` that were typed, checked.

    Raises:
        GlyphMemoryError: No such profile or style is known, the window is too small, or pages cannot be kept there.
    """
    fields = cast("PageOptionFields", {name: value for name, value in given.items() if value is not None})
    limits = None if (calibration := fields.get("calibration")) is None else ReadingLimits.of(calibration)
    if limits is not None:
        fields["calibration"] = limits  # read once: it does not change under a server that runs
    checked = fields if limits is None or "profile" in fields else {**fields, "profile": limits.profile}
    if isinstance(place := PageOptions(**checked).pages, str):
        open_place(place)  # what it needs is there
    return fields


def _read_rules(option: str, typed: Sequence[str]) -> frozenset[str]:
    from glyph_memory.serve.dialects.prefix_rules import PREFIX_RULES  # noqa: PLC0415 - needed where one is typed

    known = [rule.name for rule in PREFIX_RULES]
    for name in typed:
        if name not in known:
            raise ServeError(
                f"{option} {show_value(name)}: no rule has that name; known are {', '.join(known)}"
            )
    return frozenset(typed)


def _read_upstreams(typed: Sequence[str], key_file: Path | None) -> tuple[Upstream, ...]:
    named = [(_NAMED.match(one), one) for one in typed]
    pairs = [(found[1], one[found.end() :]) if found else ("", one) for found, one in named]
    keys = _read_keys([name for name, _ in pairs], key_file)
    for url, key in zip((url for _, url in pairs), keys, strict=True):
        Endpoint.parse(url, api_key=key).check()
    names = [name for name, _ in pairs if name]
    if len(names) != len(set(names)):
        raise ServeError("two upstreams have one name; give each its own, as in --upstream NAME=URL")
    return tuple(
        Upstream(url=url.rstrip("/"), name=name, api_key=key)
        for (name, url), key in zip(pairs, keys, strict=True)
    )


def _read_keys(names: Sequence[str], key_file: Path | None) -> list[str | None]:
    """Return each upstream's key; none is ever sent to another one.

    Raises:
        ServeError: The file cannot be read, or it is not clear whose a key is.
    """
    if key_file is None:
        key = os.environ.get(KEY_VARIABLE) or None
        if key is not None and len(names) > 1:
            raise ServeError(
                f"{KEY_VARIABLE} holds one key, and there are {len(names)} upstreams; give lines NAME:KEY by "
                "--upstream-key-file"
            )
        return [key] * len(names)
    data, problem = read_private_file(key_file)
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    del data
    keys: list[str | None] = list(lines[:1])
    if not problem and len(names) > 1:
        by_name = dict(line.split(":", 1) for line in lines if ":" in line)
        keys = [by_name.pop(name, "").strip() or None for name in names]
        problem = "has keys of names that no upstream has; give each as NAME=URL" if by_name else ""
    elif not problem and len(lines) != 1:
        problem = f"has {len(lines)} lines; give the key alone"
    if problem:
        del lines, keys
        raise ServeError(f"the upstream's key file {str(key_file)!r} {problem}")
    return keys
