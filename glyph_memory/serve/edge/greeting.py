"""The lines that a server prints when it starts: where it listens, whom it asks, and what to tell clients.

Asks each upstream once; knows nothing about requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from glyph_memory import __version__
from glyph_memory.errors import ReaderError
from glyph_memory.readers import find_served_model
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.serve.options import ServeOptions, Upstream
from glyph_memory.store.address import parse_address


def describe_server(options: ServeOptions, *, url: str) -> Iterator[str]:
    """Yield what a server says of itself, line by line.

    Args:
        options: What it was told.
        url: Where it listens.
    """
    yield f"glyph-memory {__version__} listens at {url}"
    for upstream in options.upstreams:
        yield f"  upstream   {_describe_upstream(upstream, options)}"
    if not options.upstreams:
        yield "  upstream   none: the nano reader answers on the page; --upstream URL names a model's server"
    yield f"  memory     {_describe_memory(options.memory)}"
    if options.upstreams:
        yield f"  clients    OPENAI_BASE_URL={url}/v1  or  ANTHROPIC_BASE_URL={url}"
    if options.key_file is not None:
        yield f"  keys       {options.key_file}"
    if options.has_web:
        yield f"  page       {url}/"
    yield f"Ctrl-C ends it; open answers then have {options.grace_s:g} s."


def _describe_upstream(upstream: Upstream, options: ServeOptions) -> str:
    address = Endpoint.parse(upstream.url).base_url
    shown = f"{upstream.name} = {address}" if upstream.name else address
    try:
        served = find_served_model(upstream.url, api_key=upstream.api_key)
    except ReaderError as error:
        return f"{shown}: it does not answer yet ({error})"
    told = options.pages
    profile = told.get("profile") or served.profile
    if served.takes_images is False:
        pages = "takes no images, so old turns stay text"
    elif profile is None:
        pages = "no profile is known for it, so old turns stay text; --profile names one"
    else:
        pages = f"pages for {getattr(profile, 'name', profile)}"
    window = told.get("window_tokens") or served.window_tokens
    parts = [f"{shown}: {served.model or 'no model is named'}", pages, f"window {window:,}" if window else ""]
    return ", ".join(filter(None, parts))


def _describe_memory(memory: str | Path) -> str:
    address = parse_address(memory)
    if address.path is not None:
        return str(Path(address.path).resolve())
    return address.safe_url
