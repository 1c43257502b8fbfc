"""How the pages of many documents are asked about: `AskOptions`, and the `AskJob` that workers get.

Knows names and numbers; asks nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, get_args

from glyph_memory.checks import check_number, check_text, check_whole
from glyph_memory.errors import DocumentError, show_value
from glyph_memory.readers.openai.options import copy_fields
from glyph_memory.tokens import ModelProfile

Per = Literal["document", "page"]
"""What is asked about at a time: all pages of a document, in as few requests as they fit into; or each page alone."""
_LAYOUT = 1
"""Goes up whenever the same pages and question would be asked in other words than before."""


class AskFields(TypedDict, total=False):
    """The fields of `AskOptions`, as keywords."""

    model: str | None
    api_key: str | None
    per: Per
    profile: ModelProfile | str | None
    window_tokens: int | None
    answer_tokens: int
    overlap: int
    beside: float
    temperature: float | None
    seed: int | None
    extra_body: Mapping[str, object] | None
    timeout_s: float
    retries: int
    backoff_s: float
    max_concurrent: int
    documents_per_shard: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AskOptions:
    """How the pages of many documents are asked about."""

    model: str | None = None
    """The model's name at the servers; the first that they list unless given."""
    api_key: str | None = field(default=None, repr=False)
    """Sent as a bearer token. It goes to workers, and stands in no file and no error."""
    per: Per = "document"
    """What is asked about at a time."""
    profile: ModelProfile | str | None = None
    """The model that reads, whose rules count pages; unless given, the one that the servers name, else Glyph."""
    window_tokens: int | None = None
    """Prompt and answer of a request together; unless given, what the servers say, else the profile's."""
    answer_tokens: int = 1024
    """The longest answer; so much of the window is kept free for it."""
    overlap: int = 1
    """How many pages of a part the next one shows again, where a document is asked about in parts."""
    beside: float = 1 / 16
    """How much of a page's text tokens the links and identifiers quoted beside it may take; 0 for none."""
    temperature: float | None = 0.0
    """None leaves it to the server."""
    seed: int | None = None
    """Sent where given."""
    extra_body: Mapping[str, object] | None = None
    """Further fields of each request."""
    timeout_s: float = 300.0
    """How long a server may be silent."""
    retries: int = 5
    """How often a server is asked again that is overloaded, fails or is not there; then the next server is asked."""
    backoff_s: float = 0.5
    """The wait before the first of these; doubled each time. A server's `Retry-After` is kept."""
    max_concurrent: int = 16
    """How many requests of a worker are under way at a time."""
    documents_per_shard: int = 16
    """Documents of a file, at most."""

    def __post_init__(self) -> None:
        """Raise an error for options that mean nothing.

        Raises:
            DocumentError: The message says which.
        """
        check_text("model", self.model, DocumentError, or_none=True)
        for name in ("answer_tokens", "max_concurrent", "documents_per_shard"):
            check_whole(name, getattr(self, name), DocumentError, at_least=1)
        check_whole("window_tokens", self.window_tokens, DocumentError, at_least=1, or_none=True)
        check_whole("overlap", self.overlap, DocumentError)
        check_number("beside", self.beside, DocumentError, at_most=1)
        if isinstance(fields := copy_fields(self.extra_body), str):
            raise DocumentError(fields)
        if self.per not in get_args(Per):
            raise DocumentError(f"per={show_value(self.per)} is not known; give 'document' or 'page'")


@dataclass(frozen=True, kw_only=True, slots=True)
class AskJob:
    """What a worker has to know: who reads, in how large a window, and how it is asked."""

    pages: str
    """Address of the pages."""
    out: str
    """Address of the answers."""
    urls: tuple[str, ...] = field(repr=False)
    """The servers'; none where others ask."""
    model: str | None
    """The model's name."""
    profile: ModelProfile
    """The model that reads."""
    window_tokens: int
    """Prompt and answer of a request together."""
    options: AskOptions
    """The rest."""

    @property
    def settings(self) -> str:
        """A digest of all that changes what is answered, besides pages and question."""
        options = self.options
        told: list[Any] = [
            _LAYOUT, self.model, self.profile.name, options.per, options.window_tokens, options.answer_tokens,
            options.overlap, options.beside, options.temperature, options.seed, dict(options.extra_body or {}),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def find_key(self, *told: object) -> str:
        """Return what tells something that is asked with these settings from all others."""
        return hashlib.sha256(json.dumps([self.settings, *told]).encode()).hexdigest()
