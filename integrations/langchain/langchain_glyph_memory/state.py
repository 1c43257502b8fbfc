"""What an agent's state keeps for us: a bookmark beside its messages, as plain JSON.

Knows the name under which it stands; knows nothing about agents.
"""

from __future__ import annotations

from collections.abc import Mapping

from glyph_memory import Bookmark

BOOKMARK = "_glyph_bookmark"
"""The key in the state: small, without a byte of a page, checkpointed with the messages that it tells of."""

WINDOWS = "_glyph_windows"
"""The key in the state under which stands what servers were found to take: a number of tokens a model."""

SECRETS = "_glyph_secrets"
"""The key in the state under which stands what handles of secrets are made with, in this conversation alone: beside
the messages, which hold the secrets themselves."""

_NO_BOOKMARK = (
    f"what the state keeps under {BOOKMARK!r} is no bookmark of this version ({{error}}); it is ignored, and folding "
    "starts anew. Was it kept by another version, or does something else write there?"
)


def read_bookmark(state: Mapping[str, object]) -> tuple[Bookmark | None, str]:
    """Return the bookmark in a state; or None, and a line that says what is wrong with it."""
    return parse_bookmark(state.get(BOOKMARK), _NO_BOOKMARK)


def parse_bookmark(kept: object, fault: str) -> tuple[Bookmark | None, str]:
    """Return the bookmark in plain JSON; or None, and a line that says what is wrong with it.

    Args:
        kept: What was kept; None where nothing was.
        fault: The line, with a place for `error`.
    """
    if kept is None:
        return None, ""
    try:
        if not isinstance(kept, Mapping):
            raise TypeError(f"a {type(kept).__name__}")
        return Bookmark.from_json(kept), ""
    except (TypeError, ValueError, KeyError) as error:
        return None, fault.format(error=error)


def read_windows(state: Mapping[str, object]) -> dict[str, int]:
    """Return the windows in a state, by the model's key; nothing that is none."""
    kept = state.get(WINDOWS)
    found = kept if isinstance(kept, Mapping) else {}
    return {str(key): window for key, window in found.items() if type(window) is int and window > 0}


def read_secret_key(state: Mapping[str, object]) -> str:
    """Return the key of a state for handles of secrets; empty where there is none."""
    kept = state.get(SECRETS)
    return kept if isinstance(kept, str) else ""
