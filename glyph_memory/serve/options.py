"""`ServeOptions`: what a proxy is told when it starts. Plain values, so that a worker process can be told the same.

Knows names and values; opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from glyph_memory.context import PageOptionFields


@dataclass(frozen=True, kw_only=True, slots=True)
class Upstream:
    """A server that models are asked at."""

    url: str
    """Its address, up to `/v1`."""
    api_key: str | None = field(default=None, repr=False)
    """What it wants as a key; never sent to anybody else."""
    name: str = ""
    """What it is called in logs, where there are several."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServeOptions:
    """What a proxy is told when it starts.

    Example:
        >>> ServeOptions(upstreams=(Upstream(url="http://127.0.0.1:8000/v1"),)).port
        8400
    """

    upstreams: tuple[Upstream, ...]
    """The servers; a request goes to the first that lists its model, else to the first."""
    memory: str | Path = "glyph-serve.db"
    """The store, a file or a database's URL: turns, bookmarks and page files are kept here."""
    pages: PageOptionFields = field(default_factory=PageOptionFields)
    """Fields of `PageOptions`, such as profile, window and style, that are not to be what the upstream says."""
    host: str = "127.0.0.1"
    """Where it listens. Anything but loopback needs keys."""
    port: int = 8400
    """The port there."""
    key_file: Path | None = None
    """A file of keys, a line each: `name:key`. Whoever asks has to have one, and sees its own conversations alone."""
    switched_off: frozenset[str] = frozenset()
    """Names of the rules that keep prefixes which are not to be applied."""
    recall: bool = False
    """Whether models are given `recall` and `zoom`, which the proxy answers itself."""
    web: bool | None = None
    """Whether there is a web page; on loopback alone unless given."""
    workers: int = 1
    """How many processes answer."""
    log_bodies: bool = False
    """Whether bodies are written into the log."""
    max_body_bytes: int = 256 << 20
    """The largest body that is taken."""
    max_image_px: int = 64_000_000
    """The largest picture of a body that is taken, in pixels."""
    max_requests: int = 256
    """How many requests are answered at a time; others are told to come again."""
    connect_timeout_s: float = 10.0
    """How long to wait for an upstream's connection."""
    answer_timeout_s: float = 600.0
    """How long to wait for the next bytes of its answer."""
    grace_s: float = 30.0
    """How long open answers may go on after Ctrl-C or SIGTERM."""
