"""Where the links on a page lead, as lines to send beside it: print shows a link's words and not its target.

Knows targets and token budgets; knows nothing about documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from glyph_memory.ledger.write import quote_text


def choose_links(
    targets: Iterable[str], *, budget_tokens: int, count: Callable[[str], int]
) -> tuple[tuple[str, ...], int]:
    """Return the lines of the links that a token budget holds, in order, each once, and how many were left out.

    One that does not fit is passed over for a shorter one.

    Args:
        targets: Where links lead.
        budget_tokens: What all lines may cost.
        count: Counts the tokens of a text.

    Example:
        >>> choose_links(["https://a.example/", "https://a.example/"], budget_tokens=100, count=len)
        (('"https://a.example/"',), 0)
    """
    lines, spent, omitted = list[str](), 0, 0
    for target in dict.fromkeys(targets):
        line = quote_text(target)
        cost = count(f"{line}\n")
        if spent + cost > budget_tokens:
            omitted += 1
            continue
        lines.append(line)
        spent += cost
    return tuple(lines), omitted
