"""What a model reads of ours when it has searched a conversation or reads a turn again; each sentence stands here once.

Knows words; knows nothing about histories.
"""

from __future__ import annotations

import re

RECALL_TOOL = (
    "Search everything that was ever said in this conversation, including what stands on pages and what is no longer "
    "shown. Gives exact passages, word for word, each under a line such as [§42 user, page 3]. Use it before quoting a "
    "number, a name, a path or an identifier from a page."
)
"""What a model is told of the tool `recall`."""
ZOOM_TOOL = (
    "Read one turn of this conversation, or all turns of one page, exactly as they were said. Ask for an anchor as it "
    "stands on the pages, '§42', or for 'page 3'."
)
"""What a model is told of the tool `zoom`."""
QUERY = "Words to look for. Nothing in it is syntax; rare words find more."
WHAT = "An anchor such as '§42', or a page such as 'page 3'."
START = "Where to go on in a long text, in characters."
"""What a model is told of their arguments."""

RECALLED = "recalled, as it is no longer shown"
"""Remark on a passage of an evicted turn that is sent again beside a new message."""

_BREAK = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")


def describe_nothing_found(query: str) -> str:
    """Return what a model reads where nothing fits its query."""
    return (
        f"Nothing that was said fits {query!r}. Try other words: names, numbers, or words as they were used."
    )


def describe_end(what: str, *, total: int) -> str:
    """Return what a model reads that goes on after the end of what it reads again."""
    return f"There are {total:,} characters in {what}; give a start below that."


def describe_rest(what: str, *, left: int, start: int) -> str:
    """Return the line under a part of a long text: how much is left, and how to go on."""
    return f"\n[{left:,} more characters; zoom with what={what!r} and start={start} goes on]"


def format_quote(
    text: str,
    *,
    anchor: int,
    role: str,
    name: str,
    page: int | None,
    part: tuple[int, int, int] | None,
    beside: str,
) -> str:
    """Return what was said, indented, under a line of ours, so that nothing in it can pass for another turn.

    Args:
        text: What was said, cleaned.
        anchor: The turn's.
        role: Who speaks.
        name: The speaker's or the tool's name, cleaned; may be empty.
        page: The page on which the turn begins, where it is shown on one.
        part: Where the text begins and stops, and how long all of it is; None where it is whole.
        beside: Remarks on what came with the turn, cleaned, each on an indented line of its own.
    """
    called = f" {name}" if name else ""
    where = f", page {page}" if page is not None else ""
    piece = "" if part is None else f", characters {part[0]:,} to {part[1]:,} of {part[2]:,}"
    said = _BREAK.sub(lambda found: f"{found[0]}  ", text)
    return f"[§{anchor} {role}{called}{where}{piece}]\n  {said}{beside}"


def describe_bad_call(name: str) -> str:
    """Return what a model reads whose call lacks what it needs."""
    return f"Nothing was looked for: {name!r} is missing. Call it again, with {name!r} as a text."
