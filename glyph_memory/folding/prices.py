"""`ServerPrices`: what a server charges for a token of text or of a page, read anew or from its prefix cache.

In seconds, in money, in whatever adds up. Knows numbers; knows nothing about servers and conversations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any, Self

from glyph_memory.checks import check_number, check_text
from glyph_memory.errors import PolicyError, show_value
from glyph_memory.files import read_file, write_atomic

_FORMAT = 1
_BYTES_AT_MOST = 1 << 20
_HIGHEST = 1e12
_HOW = "write one with ServerPrices(text=…, page=…).save(path), or give a calibration's file"


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptTokens:
    """The tokens of one prompt, or of many together."""

    text: float = 0
    """Of text, read anew."""
    cached_text: float = 0
    """Of text that the prefix cache had."""
    page: float = 0
    """Of pages, read anew."""
    cached_page: float = 0
    """Of pages that the prefix cache had."""
    answer: float = 0
    """Written."""
    requests: int = 1
    """How many prompts these are."""

    def __add__(self, other: PromptTokens) -> PromptTokens:
        """Return the tokens of both together."""
        names = [field.name for field in fields(self)]
        return PromptTokens(**{name: getattr(self, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerPrices:
    """What a server charges for a token, in one unit for all: seconds where they were measured.

    Example:
        >>> prices = ServerPrices(text=1e-4, page=3e-4, cached_text=1e-6, cached_page=1e-6)
        >>> f"{prices.cost(PromptTokens(text=10_000, cached_page=20_000)):.2f}"
        '1.02'
    """

    text: float
    """A token of text that it has not seen."""
    page: float
    """A token of a page that it has not seen: finding out what is on the picture included."""
    cached_text: float | None = None
    """A token of text that is in its prefix cache; as `text` unless given: nothing is cached then."""
    cached_page: float | None = None
    """A token of a page that is in its prefix cache; as `page` unless given."""
    answer: float = 0.0
    """A token of the answer."""
    request: float = 0.0
    """A request, whatever is in it."""
    source: str = "typed by hand"
    """Where the prices come from, in words."""

    def __post_init__(self) -> None:
        """Raise `PolicyError` for what is no price."""
        # Frozen values' own constructor.
        for name, full in (("cached_text", "text"), ("cached_page", "page")):
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(self, full))
        for name in ("text", "page"):
            check_number(name, getattr(self, name), PolicyError, at_most=_HIGHEST, is_open=True)
        for name in ("cached_text", "cached_page", "answer", "request"):
            check_number(name, getattr(self, name), PolicyError, at_most=_HIGHEST)
        check_text("source", self.source, PolicyError)

    @property
    def known_cached_text(self) -> float:
        """What a cached token of text costs."""
        return self.text if self.cached_text is None else self.cached_text

    @property
    def known_cached_page(self) -> float:
        """What a cached token of a page costs."""
        return self.page if self.cached_page is None else self.cached_page

    def cost(self, tokens: PromptTokens) -> float:
        """Return what tokens cost."""
        return (
            self.text * tokens.text
            + self.known_cached_text * tokens.cached_text
            + self.page * tokens.page
            + self.known_cached_page * tokens.cached_page
            + self.answer * tokens.answer
            + self.request * tokens.requests
        )

    def to_json(self) -> dict[str, object]:
        """Return the prices as plain values for JSON."""
        return {"prices_format": _FORMAT} | asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the prices of what `to_json` returned.

        Raises:
            PolicyError: It is none, or of another version.
        """
        if not isinstance(value, Mapping) or value.get("prices_format") != _FORMAT:
            raise PolicyError(f"{show_value(value)} is no price list of format {_FORMAT}; {_HOW}")
        given: dict[str, Any] = {name: one for name, one in value.items() if name != "prices_format"}
        known = {field.name for field in fields(cls)}
        if odd := sorted(map(str, given.keys() ^ known)):
            raise PolicyError(f"no price list: {odd[0]!r} is missing or unknown; {_HOW}")
        return cls(**given)

    def save(self, path: str | Path) -> None:
        """Write the prices as a file of JSON.

        Raises:
            PolicyError: It cannot be written.
        """
        try:
            write_atomic(Path(path), f"{json.dumps(self.to_json(), indent=2)}\n".encode())
        except OSError as error:
            raise PolicyError(
                f"cannot write {str(path)!r}: {error.strerror or error}; give another path"
            ) from error

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read prices from a file that `save` wrote.

        Raises:
            PolicyError: It cannot be read, or holds no prices.
        """
        return cls.from_json(read_json(path))


def read_json(path: str | Path) -> object:
    """Return what is in a file of JSON.

    Raises:
        PolicyError: It cannot be read, or is none.
    """
    try:
        return json.loads(read_file(path, at_most=_BYTES_AT_MOST), parse_constant=_refuse_constant)
    except OSError as error:
        raise PolicyError(f"cannot read {str(path)!r}: {error.strerror or error}; {_HOW}") from error
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{str(path)!r} holds no prices: {error!s:.200}; {_HOW}") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no price")


def divide(cost: float, tokens: float) -> float:
    """Return what one token costs; 0 where there is none."""
    return cost / tokens if tokens > 0 and isfinite(cost) else 0.0
