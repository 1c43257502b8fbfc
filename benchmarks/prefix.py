"""How well does a server's prefix cache hold over a conversation, and from which length do pages pay?

An agent's conversation is sent turn by turn, a request before every assistant's turn with everything before it, in
six ways, in one run:

* *pages*: ours, `step` and `write_context` under the policy that fits the profile: what is new is text until it was
  answered.
* *pages at once*: the same, but what is new may become pages at once (`unseen="pages"`), and sooner, as it did
  before.
* *plain text*: the whole history; the prefix only ever grows.
* *sliding window*: the newest turns that come to `trigger_tokens` at the most; the older ones are forgotten.
* *rewritten summary*: when the turns that are text exceed `trigger_tokens`, all but the newest
  `keep_recent_tokens` are summed up anew in a tenth of the words of everything older.
* *re-stacked image*: at every request all but the newest `keep_recent_tokens` are typeset again as one stack,
  oldest first, so that its last page is never the same twice. No captions, no ledger.

Aimed at: 0.93 of ours cached under that policy in the heavy conversation. Then: short histories, where plain text
wins; and the dials.

    python benchmarks/prefix.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from glyph_memory.context import Binder
from glyph_memory.folding import FoldPolicy
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from lib.prefix_cache import Keys
from lib.report import print_table, say_whether
from lib.results import write_results
from lib.ways import Request, RequestLog, Talk, list_ways, send

PROFILE = "glyph"
CACHED_TARGET = 0.93
TOOL_LINES = {"light": None, "heavy": 60, "files": 250}
"""Of the conversations: results of a few lines; of some 60, and up to 300; and of 5 to 60 kB."""

_LENGTHS = (5, 10, 20, 50, 100, 200, 400, 1000)
_DIALS = (
    (1024, 3072),
    (4096, 12_288),
    (4096, 16_384),
    (4096, 20_480),
    (4096, 24_576),
    (4096, 32_768),
    (8192, 24_576),
)
"""`keep_recent_tokens` and `trigger_tokens`."""
_NOTES = """
cached      tokens in leading blocks of 16 that an earlier request of the same run had; nothing is ever dropped
computed    prompt less cached
recomputed  computed, for every token that the conversation has as text; plain text needs 1, and pages less where a
            result is so long that it becomes pages before it was ever read as text
not counted as cached: answers, whose blocks a server may have from decoding; every way is charged for them once
not counted at all: writing the summaries; encoding an image again where what is cached ends inside it; tools'
            descriptions, ids of calls, and most of what a chat template puts round messages, which the policy
            counts at its most
not the same: pages show every turn until the oldest leave; window and summary have lost what they left out, and
            the stack has no captions and no ledger"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, write the numbers."""
    parser = argparse.ArgumentParser(
        description="Send an agent's conversation in five ways; watch the cache."
    )
    parser.add_argument("--quick", action="store_true", help="shorter conversations, no dials")
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = parser.parse_args(given)
    turns, lengths = (60, _LENGTHS[:5]) if options.quick else (200, _LENGTHS)
    profile = ModelProfile.from_name(PROFILE)
    keys = Keys(profile)
    results: dict[str, object] = {"profile": profile.name, "keys": keys.name, "aim": CACHED_TARGET}
    results["ways"] = {kind: compare_ways(kind, turns, keys) for kind in TOOL_LINES}
    results["lengths"] = {kind: compare_lengths(kind, lengths, keys) for kind in ("light", "heavy")}
    if not options.quick:
        results["dials"] = {kind: compare_dials(kind, turns, keys) for kind in ("light", "heavy")}
    print(_NOTES)
    write_results("prefix", results, arguments=given)


def compare_ways(kind: str, turns: int, keys: Keys) -> Mapping[str, object]:
    """Send a conversation in every way."""
    binder = Binder(PROFILE)
    talk = Talk(agent_conversation(turns=turns, tool_lines=TOOL_LINES[kind]), binder=binder, keys=keys)
    new = _count_new_tokens(talk)
    runs = {name: send(talk, way, keys) for name, way in list_ways(binder).items()}
    counted = sum(binder.count_message_tokens(turn) for turn in talk.turns[: talk.asked_at[-1]])
    print_table(
        f"{kind} conversation, {turns} turns, {new:,} tokens of text ({counted:,} as the policy counts)",
        ("sent as", "all prompts", "cached", "recomputed", "largest", "images then", "last"),
        [
            (
                name,
                run.prompts,
                run.cached_share,
                run.computed / new,
                run.largest.prompt,
                run.largest.images,
                run.requests[-1].prompt,
            )
            for name, run in runs.items()
        ],
    )
    share = runs["pages"].cached_share
    aim = f"; aimed at {CACHED_TARGET:.2f}: {say_whether(share >= CACHED_TARGET)}" if kind == "heavy" else ""
    print(f"  pages: {share:.3f} cached{aim}")
    return {"tokens": new, "counted": counted, **{name: _summarize(run, new) for name, run in runs.items()}}


def compare_lengths(kind: str, lengths: Sequence[int], keys: Keys) -> dict[str, object]:
    """Send a conversation as pages and as plain text, and compare both after several numbers of turns."""
    binder = Binder(PROFILE)
    talk = Talk(agent_conversation(turns=lengths[-1], tool_lines=TOOL_LINES[kind]), binder=binder, keys=keys)
    chosen = list_ways(binder)
    text, pages = (send(talk, chosen[name], keys) for name in ("plain text", "pages"))
    rows = []
    for length in lengths:
        ours, plain = pages.limit_turns(length), text.limit_turns(length)
        rows.append(
            {
                "turns": length,
                "plain, last": plain.requests[-1].prompt,
                "pages, last": ours.requests[-1].prompt,
                "plain, all": plain.prompts,
                "pages, all": ours.prompts,
                "plain, computed": plain.computed,
                "pages, computed": ours.computed,
                "plain, cached": plain.cached_share,
                "pages, cached": ours.cached_share,
            }
        )
    print_table(
        f"{kind} conversation: prompts after so many turns, plain text and pages",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    found: dict[str, object] = {"rows": rows}
    for what, summed in (("the prompt", False), ("all prompts so far", True)):
        at = _find_break_even(text, pages, summed=summed)
        print(
            f"  {what}: plain text is as small before turn {at.turns}, {at.prompt:,} tokens of text; then pages win"
            if at
            else f"  {what}: plain text is as small all along"
        )
        found[f"pages win, {what}"] = {"turn": at.turns, "text tokens": at.prompt} if at else None
    limit = binder.policy.prompt_tokens
    over = next((request.turns for request in text.requests if request.prompt > limit), None)
    if over:
        print(f"  plain text is more than the model takes ({limit:,} tokens) from turn {over} on")
    left = next((new.turns for old, new in pairwise(pages.requests) if new.images < old.images), None)
    if left:
        print(f"  the oldest pages leave, and only recall finds what they said, from turn {left} on")
    return found | {"limit": limit, "plain text over the limit": over, "oldest pages leave": left}


def compare_dials(kind: str, turns: int, keys: Keys) -> list[dict[str, object]]:
    """Send a conversation as pages under several other policies."""
    fitting = FoldPolicy.for_profile(ModelProfile.from_name(PROFILE))
    rows = []
    talk = agent_conversation(turns=turns, tool_lines=TOOL_LINES[kind])
    for keep, trigger in _DIALS:
        policy = replace(fitting, keep_recent_tokens=keep, seal_tokens=keep, trigger_tokens=trigger)
        policy = replace(policy, max_run_tokens=max(policy.max_run_tokens, keep))
        binder = Binder(PROFILE, policy=policy)
        measured = Talk(talk, binder=binder, keys=keys)
        run = send(measured, list_ways(binder)["pages"], keys)
        rows.append(
            {"keep / trigger": f"{keep:,} / {trigger:,}", **_summarize(run, _count_new_tokens(measured))}
        )
    print_table(
        f"{kind} conversation, {turns} turns: pages, by the policy's dials",
        tuple(rows[0]),
        [tuple(row.values()) for row in rows],
    )
    return rows


def _count_new_tokens(talk: Talk) -> int:
    """Return the tokens that the conversation has up to its last request."""
    return sum(talk.tokens[: talk.asked_at[-1]])


def _find_break_even(text: RequestLog, pages: RequestLog, *, summed: bool = False) -> Request | None:
    """Return the plain-text request from which on pages take fewer tokens, per prompt or summed up."""
    found, ours, plain = None, 0, 0
    for one, other in zip(pages.requests, text.requests, strict=True):
        ours, plain = (ours + one.prompt, plain + other.prompt) if summed else (one.prompt, other.prompt)
        if ours >= plain:
            found = None
        elif found is None:
            found = other
    return found


def _summarize(run: RequestLog, new: int) -> dict[str, object]:
    return {
        "all prompts": run.prompts,
        "cached": run.cached_share,
        "recomputed": run.computed / new,
        "largest": run.largest.prompt,
        "images then": run.largest.images,
        "last": run.requests[-1].prompt,
    }


if __name__ == "__main__":
    main()
