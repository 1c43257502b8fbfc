"""Print what the simulation of routed sessions found, policy beside policy, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.prefix_traces import WAYS
from lib.report import print_table

_NOTES = """
cached     prompt tokens that the server's cache had, of all in the second hour
computed   prompt tokens of a request that it had not, in the mean
after      of requests within five minutes after a server was lost
imbalance  what the busiest server computes in a second that it is there, of the mean of all
±          half of a 95 % interval over seeds of the traffic; the conversations are the same ones for all seeds
not counted: answers, whose blocks a server may keep from decoding; a system prompt that sessions share (the benchmark's
           agents have one of 20 tokens); writing the summaries; queues: a router sees requests in hand, for as long as
           an answer of so many tokens takes (assumed), whatever was cached
not the same: the window and the summary have lost what they left out"""


def print_tables(results: Mapping[str, Any]) -> None:
    """Print shares by policy, shares by size, and computed tokens by size; then what the words mean."""
    rows, policies = results["rows"], list(dict.fromkeys(row["policy"] for row in results["rows"]))
    by_key = {(row["policy"], row["way"], row["size"]): row for row in rows}
    tokens, shown = results["working set, tokens"], results["shown size"]
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    print(
        f"\n{results['sessions']:,} sessions, {results['servers']} servers, "
        f"{results['requests counted']:,.0f} requests counted; the working set as text is {tokens:,.0f} tokens"
    )
    print_table(
        f"cached, by policy; the caches hold {shown:g} of the working set",
        ("policy", *WAYS, "± at most", "imbalance, pages", "pages, after the loss"),
        [
            (
                policy,
                *(by_key[policy, way, shown]["cached"] for way in WAYS),
                max(by_key[policy, way, shown]["cached ±"] or 0.0 for way in WAYS),
                by_key[policy, "pages", shown]["imbalance"],
                by_key[policy, "pages", shown]["cached_after"],
            )
            for policy in policies
        ],
    )
    if results["scale"]:
        print_table(
            f"pages, {shown:g} of the working set: 10 and 50 times as much of all",
            tuple(results["scale"][0]),
            [tuple(row.values()) for row in results["scale"]],
        )
    for what in ("cached", "computed"):
        print_table(
            f"{what}, by size of the caches",
            ("policy, sent as", *(f"{size:g}" for size in sizes)),
            [
                (f"{policy}, {way}", *(by_key[policy, way, size][what] for size in sizes))
                for policy in policies
                for way in WAYS
            ],
        )
    print(_NOTES)
