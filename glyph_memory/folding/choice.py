"""Choose what a server is shown: text, pages, or both, by its prices; and say why.

Knows prices and policies; knows nothing about what is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from glyph_memory.errors import PolicyError, show_value
from glyph_memory.folding.forecast import Workload, foresee_pages, foresee_text
from glyph_memory.folding.policy import FoldPolicy
from glyph_memory.folding.prices import ServerPrices
from glyph_memory.folding.trigger import find_latest_trigger

ShownForm = Literal["text", "pages", "both"]
"""What old turns are sent as: text as long as it fits; pages; or text for longer, then pages."""

_MARGIN = 0.02
"""By how much another choice has to be cheaper to take the place of pages, or of an earlier choice."""
_WIDE_MARGIN = 0.05
"""The same where not all fits the window as text: when seals leave, a sum of equal turns is off by as much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeChoice:
    """What is chosen for turns of one size, and what it is expected to cost."""

    turn_tokens: int
    """Tokens of a turn."""
    trigger_tokens: int
    """Above how many tokens of text turns are sealed."""
    shows: ShownForm
    """What that comes to."""
    cost: float
    """Of the whole conversation, as chosen."""
    pages_cost: float
    """As pages, under the policy as it is."""
    text_cost: float | None
    """All of it as text; None where it does not fit the window."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What is shown to a server, and why."""

    shows: ShownForm
    """Text as long as it fits, pages, or both: text for longer than the policy has it, then pages."""
    reason: str
    """Why, in one sentence with the numbers."""
    sizes: tuple[SizeChoice, ...] = ()
    """What was compared, by the size of turns; empty where prices are unknown."""
    prices: ServerPrices | None = None
    """The prices; None where they are unknown."""
    workload: Workload = field(default_factory=Workload)
    """What a conversation is assumed to be like."""

    @property
    def late_triggers(self) -> tuple[tuple[int, int], ...]:
        """The policy's dial that carries it out."""
        if all(one.shows == "pages" for one in self.sizes):
            return ()
        # Each size stands for those that are nearer to it than to another.
        return tuple((round(one.turn_tokens * 2**0.5), one.trigger_tokens) for one in self.sizes)

    def apply(self, policy: FoldPolicy) -> FoldPolicy:
        """Return the policy that carries it out: the same, but for how long turns may wait as text."""
        return replace(policy, late_triggers=self.late_triggers)

    def to_json(self) -> dict[str, object]:
        """Return the choice as plain values for JSON."""
        return asdict(self) | {"prices": self.prices and self.prices.to_json()}


def choose_for_prices(
    prices: ServerPrices | None,
    *,
    policy: FoldPolicy,
    workload: Workload | None = None,
    before: Choice | None = None,
) -> Choice:
    """Choose what a server is shown, by what whole conversations would cost it.

    For each size of turns, pages under the policy are compared with the same policy whose turns wait as text for
    longer: twice as long, four times, and so on, up to as long as they fit. Nothing is lost for the sake of cost: text
    that does not fit becomes pages.

    Args:
        prices: The server's; where there are none, pages are chosen for their fewer tokens.
        policy: When turns are sealed where pages are chosen, and the window.
        workload: What conversations are assumed to be like.
        before: An earlier choice, which is kept where it is dearer by less than 2 %; by less than 5 % with turns so
            large that not all fits the window as text.

    Raises:
        PolicyError: What was given as prices, policy, workload or choice is none.
    """
    workload = Workload() if workload is None else workload
    if not isinstance(prices, ServerPrices | None):
        raise PolicyError(
            f"prices={show_value(prices)} are no ServerPrices; give calibration.prices(), or None"
        )
    if not isinstance(policy, FoldPolicy):
        raise PolicyError(f"policy={show_value(policy)} is no FoldPolicy; give memory.policy")
    if not isinstance(workload, Workload):
        raise PolicyError(f"workload={show_value(workload)} is no Workload; give one, or None")
    if not isinstance(before, Choice | None):
        raise PolicyError(f"before={show_value(before)} is no Choice; give what choose_for_prices returned")
    if prices is None:
        return Choice(shows="pages", reason=_UNKNOWN.format(ratio=workload.page_ratio), workload=workload)
    policy = replace(policy, late_triggers=())
    known = {one.turn_tokens: one.trigger_tokens for one in before.sizes} if before is not None else {}
    sizes = tuple(
        _choose_for_size(size, prices, policy, workload, before=known.get(size))
        for size in workload.turn_tokens
    )
    found = [one for one in sizes if one.cost != one.pages_cost] or sizes
    shows = _join([one.shows for one in found])
    return Choice(
        shows=shows,
        reason=_tell(shows, sizes, prices, policy=policy, workload=workload),
        sizes=sizes,
        prices=prices,
        workload=workload,
    )


def _choose_for_size(
    size: int, prices: ServerPrices, policy: FoldPolicy, workload: Workload, *, before: int | None
) -> SizeChoice:
    costs = {
        trigger: prices.cost(foresee_pages(_wait(policy, trigger), size, workload))
        for trigger in _list_triggers(policy, workload, size)
    }
    pages_cost, latest = costs[policy.trigger_tokens], max(costs)
    chosen = policy.trigger_tokens if before not in costs else before
    last = workload.count_tokens(size)
    least, margin = min(costs.values()), _find_margin(size, policy, workload)
    if least < (1 - margin) * costs[chosen]:
        near = [trigger for trigger in costs if costs[trigger] <= (1 + _MARGIN) * least]
        chosen = max(near) if last <= latest else min(near)
    text = foresee_text(size, workload)
    shows: ShownForm = "both"
    if chosen == policy.trigger_tokens:
        shows = "pages"
    elif chosen == latest or last <= chosen:
        shows = "text"
    return SizeChoice(
        turn_tokens=size,
        trigger_tokens=chosen,
        shows=shows,
        cost=costs[chosen],
        pages_cost=pages_cost,
        text_cost=prices.cost(text) if last <= policy.prompt_tokens else None,
    )


def _find_margin(size: int, policy: FoldPolicy, workload: Workload) -> float:
    """Return by how much another choice has to be cheaper with turns of that size."""
    latest = find_latest_trigger(policy, head_tokens=workload.head_tokens)
    return _MARGIN if workload.count_tokens(size) <= latest else _WIDE_MARGIN


def _list_triggers(policy: FoldPolicy, workload: Workload, size: int) -> Iterator[int]:
    """Return the policy's trigger, its multiples, and the latest that leaves room for anything."""
    latest = find_latest_trigger(policy, head_tokens=workload.head_tokens)
    if 2 * size * workload.requests > latest:
        # It will not all fit, and what fills the window to the brim has larger seals, which leave sooner.
        budget = policy.seal_budget_tokens(head_tokens=workload.head_tokens)
        latest = min(latest, policy.trigger_tokens + budget)
    trigger = policy.trigger_tokens
    while trigger < latest:
        yield trigger
        trigger *= 2
    yield latest


def _wait(policy: FoldPolicy, trigger: int) -> FoldPolicy:
    if trigger == policy.trigger_tokens:
        return policy
    return replace(policy, late_triggers=((1, trigger),))


def _join(shown: Sequence[ShownForm]) -> ShownForm:
    found = set(shown)
    return found.pop() if len(found) == 1 else "both"


_UNKNOWN = (
    "pages, as a token of them stands for about {ratio:.3g} of text; "
    "what this server's tokens cost was not measured"
)
_PAGES = (
    "pages: text that waits for longer than the policy has it saves no more than {margin:.0%} with turns of any size "
    "from {first:,} to {last:,} tokens"
)
_LATER = (
    "{what}: with turns of {size:,} tokens, {requests:,} requests cost {cost:.3g} where turns wait as text for up to "
    "{trigger:,} tokens, and {pages:.3g} where they become pages from {at:,} on{others}"
)
_KEPT = "; an earlier choice is kept until another is more than {margin:.0%} cheaper"
_PRICES = (
    "; a token of text costs {text:.3g} and cached {cached_text:.3g}, one of a page {page:.3g} and cached "
    "{cached_page:.3g} ({source})"
)


def _tell(
    shows: ShownForm,
    sizes: Sequence[SizeChoice],
    prices: ServerPrices,
    *,
    policy: FoldPolicy,
    workload: Workload,
) -> str:
    """Return why something is chosen: by the size of turns for which it makes the most of a difference."""
    told = _PRICES.format(
        text=prices.text,
        cached_text=prices.known_cached_text,
        page=prices.page,
        cached_page=prices.known_cached_page,
        # One line, whatever a server calls its model.
        source=" ".join("".join(one if one.isprintable() else " " for one in prices.source).split()),
    )
    if shows == "pages":
        margin = max(_find_margin(one.turn_tokens, policy, workload) for one in sizes)
        return _PAGES.format(margin=margin, first=sizes[0].turn_tokens, last=sizes[-1].turn_tokens) + told
    one = min(sizes, key=lambda one: one.cost / one.pages_cost)
    at_once = [f"{one.turn_tokens:,}" for one in sizes if one.shows == "pages"]
    others = f"; turns of {', '.join(at_once)} tokens become pages as the policy has it" if at_once else ""
    said = _LATER.format(
        what="text as long as it fits" if shows == "text" else "text for longer, then pages",
        size=one.turn_tokens,
        requests=workload.requests,
        cost=one.cost,
        trigger=one.trigger_tokens,
        pages=one.pages_cost,
        at=policy.trigger_tokens,
        others=others,
    )
    if one.cost >= one.pages_cost:
        said += _KEPT.format(margin=_find_margin(one.turn_tokens, policy, workload))
    return said + told
