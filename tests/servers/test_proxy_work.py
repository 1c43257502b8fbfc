"""An agent's long work through the proxy to the real vLLM, by the vendors' own packages, streamed, in each dialect.

It is sent beside the same work without the proxy, which the server takes to the end of its window and no further. How
much of all prompts was cached is what the server itself counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from lib.servers import WINDOW_TOKENS
from real_server import CPU_BLOCK_TOKENS, load_profile
from tests.serve.running import run_proxy
from tests.servers.prefixes import count_prompt, find_shared, list_pages
from tests.servers.talkers import TALKERS, ChatTalker, Counted, Talker
from tests.servers.tap import open_tap
from tests.servers.work import find_share, hold_work, list_requests, make_long_work, print_shares

WINDOW = WINDOW_TOKENS["glm4v"]
FLOOR = 0.6
"""Of all prompt tokens of a conversation, those that were cached, at least; pages pay anew where one begins."""
MOST_GENERATIONS = 2
ANSWER_TOKENS = 8
"""What the template adds where the answer begins, at the most."""


@pytest.mark.parametrize(("kind", "every"), [(kind, 2 if kind is ChatTalker else 4) for kind in TALKERS])
def test_long_work_fits_and_its_prefix_never_breaks(
    vllm: str, capsys: pytest.CaptureFixture[str], kind: type[Talker], every: int
) -> None:
    """No request is refused, twice beyond the window; where no page is new, all that was sent comes again."""
    plain = hold_work(kind(vllm), list_requests(make_long_work(f"{kind.__name__}, direct"), every=every))
    asked = list_requests(make_long_work(f"{kind.__name__}, proxy"), every=every)
    with (
        open_tap(vllm) as (tap, root),
        run_proxy(f"{root}/v1", pages={"profile": load_profile()}) as address,
    ):
        folded = hold_work(kind(address), asked)
    print_shares(
        capsys,
        **{
            f"{kind.__name__} direct": plain,
            f"{kind.__name__} proxy": folded,
            f"{kind.__name__} proxy, so far": folded[: len(plain)],
        },
    )
    assert len(plain) < len(folded) == len(tap.bodies) == len(asked)
    assert len(folded) >= 30
    assert max(one.prompt_tokens for one in folded) < WINDOW
    assert all(find_ends(one) == find_ends(plain[0]) and one.answer_tokens for one in folded)
    check_prefixes(vllm, kind, tap.bodies, folded)
    assert find_share(folded) >= FLOOR


def find_ends(counted: Counted) -> tuple[str, str]:
    """Return the kinds of a stream's first and last event."""
    return counted.events[0], counted.events[-1]


def check_prefixes(
    root: str, kind: type[Talker], bodies: Sequence[Mapping[str, Any]], counted: Sequence[Counted]
) -> None:
    """Hold each request against the one before it, and the server's count against what both begin with.

    Within a generation all pages come again, and all else does where no page is new. The server has each whole block.
    """
    generations = 0
    for (former, later), told in zip(pairwise(bodies), counted[1:], strict=True):
        before, after = former[kind.items], later[kind.items]
        shared = find_shared(before, after)
        pages, now = list_pages(before), list_pages(after)
        if pages[:1] != now[: len(pages[:1])]:
            generations += 1
        else:
            assert list_pages(shared) == pages
            assert len(now) > len(pages) or shared == before
        if shared:
            stable = count_prompt(root, kind, former, shared) - ANSWER_TOKENS
            assert told.cached_tokens >= stable // CPU_BLOCK_TOKENS * CPU_BLOCK_TOKENS
    assert generations <= MOST_GENERATIONS
