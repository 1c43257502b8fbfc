"""`ServeOptions`: what a proxy is told when it starts. Plain values, so that a worker process can be told the same.

Knows names and values; opens nothing.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from glyph_memory.checks import check_number, check_whole
from glyph_memory.context import PageOptionFields
from glyph_memory.errors import GlyphMemoryError, show_value

_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9_.:\[\]-]+/?")


class ServeError(GlyphMemoryError):
    """A server that cannot be started as it was asked for; the message says what to give instead."""


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
    switched_on: frozenset[str] = frozenset()
    """Names of rules that are to be applied though they are not by default."""
    recall: bool = False
    """Whether models are given `recall` and `zoom`, which the proxy answers itself."""
    web: bool | None = None
    """Whether there is a web page; on loopback alone unless given."""
    allow_hosts: tuple[str, ...] = ()
    """Further names in a request's Host header, beside loopback's, where nothing but loopback is listened at."""
    allow_origins: tuple[str, ...] = ()
    """Other sites whose pages may ask from a browser, such as `https://chat.example`."""
    workers: int = 1
    """How many processes answer."""
    shared_folder: Path | None = None
    """Where several processes find what the page was given, whichever of them it was; `run_server` makes one."""
    check_every_s: float | None = None
    """How long to wait, while no client asks anything, between two questions for the code of a page; None: none is
    asked. Only with `canaries` among the `pages`."""
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

    def __post_init__(self) -> None:
        """Raise ServeError where a field is wrong, or strangers could ask without a key."""
        if not self.upstreams and not self.has_web:  # the web page works without: the nano reader answers
            raise ServeError("no upstream is given; name a model's server, such as http://127.0.0.1:8000/v1")
        check_whole("port", self.port, ServeError, at_most=65_535)
        check_whole("workers", self.workers, ServeError, at_least=1, at_most=256)
        for name in ("max_body_bytes", "max_image_px", "max_requests"):
            check_whole(name, getattr(self, name), ServeError, at_least=1)
        for name in ("connect_timeout_s", "answer_timeout_s"):
            check_number(name, getattr(self, name), ServeError, is_open=True)
        check_number("grace_s", self.grace_s, ServeError)
        check_number("check_every_s", self.check_every_s, ServeError, is_open=True, or_none=True)
        if self.check_every_s is not None and self.pages.get("canaries") is None:
            raise ServeError(
                "check_every_s asks for codes of pages, and no page carries one; give canaries, too (--canaries 8)"
            )
        for name in self.allow_hosts:
            if not _HOST.fullmatch(name):
                raise ServeError(
                    f"{show_value(name)} is no host's name; give it without http:// and port, such as "
                    "host.docker.internal"
                )
        for origin in self.allow_origins:
            if not _ORIGIN.fullmatch(origin):
                raise ServeError(
                    f"{show_value(origin)} is no site; give each by name, such as https://chat.example"
                )
        if not self.is_loopback and self.key_file is None:
            raise ServeError(
                f"host={self.host!r} is reached by others, and no keys are asked for; give a file of keys "
                "(--key-file), or listen at 127.0.0.1"
            )

    @property
    def has_web(self) -> bool:
        """Whether there is a web page."""
        return self.is_loopback if self.web is None else self.web

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine reaches it."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False
