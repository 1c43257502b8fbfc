"""What two requests of one conversation begin with alike, in any dialect, and what a server counts of that beginning.

Knows bodies; knows nothing about why they differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx2

from tests.servers.talkers import Talker

Item = Mapping[str, Any]
_IMAGES = frozenset({"image_url", "input_image", "image"})


def find_shared(former: Sequence[Item], later: Sequence[Item]) -> list[Item]:
    """Return the items with which both begin, the last one as far as its parts are the same."""
    shared: list[Item] = []
    for one, other in zip(former, later, strict=False):
        if one == other:
            shared.append(one)
            continue
        mine, theirs = one.get("content"), other.get("content")
        if isinstance(mine, list) and isinstance(theirs, list) and one["role"] == other["role"]:
            parts = _take_equal(mine, theirs)
            shared += [{**one, "content": parts}] if parts else []
        break
    return shared


def _take_equal(former: Sequence[Any], later: Sequence[Any]) -> list[Any]:
    equal: list[Any] = []
    for one, other in zip(former, later, strict=False):
        if one != other:
            break
        equal.append(one)
    return equal


def list_pages(items: Sequence[Item]) -> list[Item]:
    """Return all pictures of a history, in order."""
    return [*_iterate_pages(items)]


def _iterate_pages(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        content = item.get("content")
        for part in content if isinstance(content, list) else ():
            if part["type"] in _IMAGES:
                yield part


def count_prompt(root: str, kind: type[Talker], body: Item, items: Sequence[Item]) -> int:
    """Return how many tokens a server makes of a request with these items, the beginning of an answer included."""
    limit = "max_output_tokens" if "max_output_tokens" in body else "max_tokens"
    asked = {name: value for name, value in body.items() if not name.startswith("stream")}
    answer = httpx2.post(
        f"{root}{kind.path}", json=asked | {kind.items: items, limit: 1}, timeout=300.0
    ).raise_for_status()
    usage = answer.json()["usage"]
    cached = (
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
    )  # counted apart, in Anthropic's form alone
    return sum(usage.get(name) or 0 for name in ("prompt_tokens", "input_tokens", *cached))
