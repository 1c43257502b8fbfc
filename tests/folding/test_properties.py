"""What holds for every conversation: nothing is lost, limits are kept, and when one asks makes no difference."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.folding import (
    Fold,
    FoldPolicy,
    Seal,
    count_answered,
    count_fixed_tokens,
    fold,
    has_open_call,
    is_crowded,
    resume,
    run_digest,
    step,
)
from glyph_memory.folding.room import count_beside, find_trigger
from glyph_memory.folding.runs import list_sealable_groups
from glyph_memory.transcript import ToolCall, Turn
from tests.folding.fakes import WordCosts, conversations, one_by_one, places, policies, words_of
from tests.folding.fakes import turns as any_turn

thorough = settings(deadline=None, max_examples=40)


def states(turns: list[Turn], policy: FoldPolicy) -> list[Fold]:
    """The fold before the first turn and after each."""
    costs, passed = WordCosts(), [Fold()]
    for turn in turns:
        passed.append(step(passed[-1], turn, policy=policy, costs=costs))
    return passed


def unfolded(folded: Fold, turns: list[Turn]) -> list[Turn]:
    """The turns that a fold holds or names, looked up as a store would: by anchor."""
    return [replace(turns[(anchor or 0) - 1], anchor=anchor) for anchor in places(folded)]


@thorough
@given(conversations, policies())
def test_every_turn_is_in_the_head_one_seal_or_the_tail_in_order(
    turns: list[Turn], policy: FoldPolicy
) -> None:
    """Numbered from 1 without a gap; what seals say of their turns is what the turns are."""
    for count, folded in enumerate(states(turns, policy)):
        assert places(folded) == [*range(1, count + 1)]
        assert all(turn.role == "system" for turn in folded.head)
        numbered = unfolded(folded, turns)
        kept = [*folded.head, *(recent.turn for recent in folded.tail)]
        assert [turn for turn in numbered if turn in kept] == kept
        for seal in folded.seals:
            run = numbered[seal.anchors[0] - 1 : seal.anchors[-1]]
            assert run_digest(run) == seal.turns
            assert seal.text_tokens == sum(words_of(turn) for turn in run)
            assert seal.sealed_at <= folded.last_anchor


@thorough
@given(conversations, policies())
def test_the_head_is_the_leading_system_turns(turns: list[Turn], policy: FoldPolicy) -> None:
    """All of them and no other, whatever is sealed."""
    folded = one_by_one(turns, policy=policy)
    length = next((place for place, turn in enumerate(turns) if turn.role != "system"), len(turns))
    assert [turn.anchor for turn in folded.head] == [*range(1, length + 1)]
    assert folded.head_tokens == sum(words_of(turn) for turn in turns[:length])


@thorough
@given(conversations, policies())
def test_one_by_one_equals_all_at_once(turns: list[Turn], policy: FoldPolicy) -> None:
    """Down to the digests."""
    assert fold(iter(turns), policy=policy, costs=WordCosts()) == one_by_one(turns, policy=policy)


@thorough
@given(conversations, policies(), st.data())
def test_going_on_from_any_seals_that_were_kept_equals_never_having_stopped(
    turns: list[Turn], policy: FoldPolicy, data: st.DataObject
) -> None:
    """Whenever one stops, and though only the first of the seals were stored, not even all of one step's."""
    passed = states(turns, policy)
    stopped = data.draw(st.sampled_from(passed))
    kept = stopped.seals[: data.draw(st.integers(0, len(stopped.seals)))]
    if data.draw(st.booleans()):
        kept = tuple(Seal.from_json(seal.to_json()) for seal in kept)
    highest = stopped.highest_sealed_anchor if len(kept) == len(stopped.seals) else 0
    again = fold(turns, seals=kept, highest_sealed_anchor=highest, policy=policy,
                 costs=WordCosts())  # fmt: skip
    assert again == passed[-1]


@thorough
@given(conversations, policies(), st.data())
def test_a_store_goes_on_from_its_seals_and_the_turns_after_them(
    turns: list[Turn], policy: FoldPolicy, data: st.DataObject
) -> None:
    """`resume` never sees the turns that are sealed; whether the others have their anchors already or not."""
    whole = one_by_one(turns, policy=policy)
    kept = whole.seals[: data.draw(st.integers(0, len(whole.seals)))]
    last = kept[-1].anchors[-1] if kept else len(whole.head)
    numbered = [replace(turn, anchor=anchor) for anchor, turn in enumerate(turns, 1)]
    sealed = numbered[len(whole.head) : last]
    users = [turn for turn in sealed if turn.role == "user"]
    again = resume(
        head=whole.head,
        seals=kept,
        recent=data.draw(st.sampled_from([turns, numbered]))[last:],
        request=users[-1] if users else None,
        pinned=[turn for turn in sealed if turn.pinned],
        policy=policy,
        costs=WordCosts(),
    )
    assert again == whole


@thorough
@given(conversations, policies())
def test_the_tail_stays_within_the_policys_bound_once_no_call_is_open(
    turns: list[Turn], policy: FoldPolicy
) -> None:
    """However large turns are: what was answered is sealed in time, or as soon as what is new needs the room."""
    for folded in states(turns, policy):
        recent = [recent.turn for recent in folded.tail]
        if policy.unseen == "text":
            groups = list(list_sealable_groups(folded, policy))
            ready = sum(one.total_tokens for group in groups for one in group)
            assert ready < policy.seal_tokens or not is_crowded(folded, policy)
        elif not has_open_call(recent) and not is_crowded(folded, policy):
            room = policy.seal_budget_tokens(head_tokens=folded.head_tokens)
            waits = find_trigger(folded, policy) - policy.trigger_tokens
            assert folded.tail_tokens <= policy.tail_tokens + waits or folded.tail_tokens >= room


@thorough
@given(conversations, policies())
def test_runs_are_as_large_as_the_policy_says(turns: list[Turn], policy: FoldPolicy) -> None:
    """At least a seal's size, leaving at least the recent turns; or else a group that is larger closes the run.

    Unless what is new needs the room, as it never does here.
    """
    policy = replace(
        policy, window_tokens=10**6, max_images=None, max_request_px=None, max_request_bytes=None
    )
    for before, after in pairwise(states(turns, policy)):
        costs = {recent.turn.anchor: recent.total_tokens for recent in before.tail}
        costs |= {recent.turn.anchor: recent.total_tokens for recent in after.tail}
        new = after.seals[len(before.seals) :]
        if not new:
            continue
        newest = after.last_anchor
        turn = turns[newest - 1]
        costs.setdefault(newest, words_of(turn) + 10 * len(turn.images) + 7 * len(turn.attachments))
        left = after.tail_tokens + sum(costs[anchor] for seal in new for anchor in seal.anchors)
        for seal in new:
            run = sum(costs[anchor] for anchor in seal.anchors)
            assert run >= policy.seal_tokens
            assert left > policy.trigger_tokens
            left -= run
            if left < policy.keep_recent_tokens:
                assert run > policy.seal_tokens
            if seal.kind == "text":
                assert run >= policy.max_run_tokens
            else:
                shown = seal.tokens - count_beside(seal.pictures, seal.attachments)
                assert shown * policy.min_ratio <= seal.text_tokens


@thorough
@given(conversations, policies())
def test_what_is_shown_fits_and_only_grows_at_its_end_within_a_generation(
    turns: list[Turn], policy: FoldPolicy
) -> None:
    """A new generation begins when seals leave: down to half of each limit, to the newest alone, or for what is new."""
    limits = [policy.max_images, policy.max_request_px, policy.max_request_bytes]
    for before, after in pairwise(states(turns, policy)):
        room = [policy.seal_budget_tokens(head_tokens=after.head_tokens)]
        room += [10**9 if limit is None else limit * 7 // 8 for limit in limits]
        used = [
            sum(figures)
            for figures in zip(
                *((seal.tokens, seal.images, seal.pixels, seal.bytes) for seal in after.visible_seals),
                strict=True,
            )
        ] or [0, 0, 0, 0]
        assert all(spent <= limit for spent, limit in zip(used, room, strict=True))
        assert after.generation >= before.generation
        assert (*after.evicted_seals, *after.visible_seals) == after.seals
        assert after.seals[: len(before.seals)] == before.seals
        if after.generation == before.generation:
            assert after.visible_seals[: len(before.visible_seals)] == before.visible_seals
            assert after.evicted_seals == before.evicted_seals
        elif len(after.seals) == len(before.seals) + 1:
            assert len(after.evicted_seals) > len(before.evicted_seals)
            halves = all(2 * spent <= limit for spent, limit in zip(used, room, strict=True))
            assert halves or after.visible_seals == after.seals[-1:] or after.oldest > after.seals[-1].oldest


@thorough
@given(conversations, policies())
def test_no_seal_ends_between_a_call_and_its_results(turns: list[Turn], policy: FoldPolicy) -> None:
    """As far as they had come when it was made; one that comes after that is too late."""
    for seal in one_by_one(turns, policy=policy).seals:
        last = seal.anchors[-1]
        assert not has_open_call(turns[:last])
        assert last == seal.sealed_at or turns[last].role != "tool"


@thorough
@given(conversations, policies())
def test_all_that_is_sent_fits_or_what_is_new_is_shown_as_pages_or_in_parts(
    turns: list[Turn], policy: FoldPolicy
) -> None:
    """Seals leave until recent turns fit as they came; all seals, unless pages of those turns leave room for some."""
    for folded in states(turns, policy):
        if not is_crowded(folded, policy):
            continue
        assert is_crowded(folded, policy, without_seals=True)
        pages = int(folded.tail_tokens / policy.min_ratio)
        seals = sum(seal.tokens for seal in folded.visible_seals)
        assert not seals or count_fixed_tokens(folded, policy) + seals + pages <= policy.prompt_tokens


def test_calls_that_are_told_once_their_seal_has_left_make_one_more_leave() -> None:
    """They take room beside the request that they did not take before."""
    turns = [
        Turn(role="user", text="w w w w w"),
        Turn(role="assistant", text="", tool_calls=(ToolCall(id="", name="look", arguments="{}"),)),
        Turn(role="tool", text="w " * 119 + "w", tool_call_id="a"),
        Turn(role="assistant", text="0x " + "w " * 58 + "w"),
        *(Turn(role="user", text="w w w w w") for _ in range(3)),
    ]
    policy = FoldPolicy(
        window_tokens=683, output_tokens=0, tools_tokens=312, keep_recent_tokens=1, seal_tokens=1,
        trigger_tokens=2, max_run_tokens=1, min_ratio=1, ledger_share=0, pinned_tokens=10, unseen="text",
    )  # fmt: skip
    for folded in states(turns, policy):
        assert not is_crowded(folded, policy) or is_crowded(folded, policy, without_seals=True)


@thorough
@given(conversations, policies())
def test_nothing_is_sealed_that_the_model_has_not_answered(turns: list[Turn], policy: FoldPolicy) -> None:
    """But where there are so many turns that nobody answered that the newest would not fit; those are marked."""
    policy = replace(policy, unseen="text")
    for count, folded in enumerate(states(turns, policy)):
        answered = count_answered(turns[:count])
        for seal in folded.seals:
            assert seal.anchors[-1] <= answered or seal.is_unseen or seal.sealed_at < count
        users = [anchor for anchor, turn in enumerate(turns[:count], 1) if turn.role == "user"]
        marked = [seal for seal in folded.seals if seal.is_unseen and seal.sealed_at == count]
        assert all(seal.anchors[-1] < users[-1] for seal in marked)


@thorough
@given(conversations, policies())
def test_seals_are_a_chain(turns: list[Turn], policy: FoldPolicy) -> None:
    """Numbered from 1, each with the digest of the one before it; pages are numbered through all of them."""
    seals = one_by_one(turns, policy=policy).seals
    assert [seal.number for seal in seals] == [*range(1, len(seals) + 1)]
    assert [seal.previous for seal in seals] == ["", *(seal.digest for seal in seals)][: len(seals)]
    numbers = [page.number for seal in seals for page in seal.pages]
    assert numbers == [*range(1, len(numbers) + 1)]
    assert len({seal.digest for seal in seals}) == len(seals)


@thorough
@given(conversations, policies())
def test_the_latest_user_turn_is_text_somewhere(turns: list[Turn], policy: FoldPolicy) -> None:
    """In the tail, or repeated once it is sealed, until the next seal; and so are pinned turns, for good."""
    for count, folded in enumerate(states(turns, policy)):
        users = [anchor for anchor, turn in enumerate(turns[:count], 1) if turn.role == "user"]
        sealed = {anchor for seal in folded.seals for anchor in seal.anchors}
        request = folded.request.anchor if folded.request else None
        then = [anchor for anchor in users if folded.seals and anchor <= folded.seals[-1].sealed_at]
        assert request == (then[-1] if then and then[-1] in sealed else None)
        assert not users or users[-1] not in sealed or request == users[-1]
        pinned = [anchor for anchor, turn in enumerate(turns[:count], 1) if turn.pinned]
        assert [turn.anchor for turn in folded.pinned] == [anchor for anchor in pinned if anchor in sealed]


@thorough
@given(conversations, policies(), any_turn)
def test_a_step_changes_nothing_that_it_was_given(turns: list[Turn], policy: FoldPolicy, turn: Turn) -> None:
    """Folds are values: the same step gives the same twice, and the fold before is what it was."""
    begun, same = one_by_one(turns, policy=policy), one_by_one(turns, policy=policy)
    first = step(begun, turn, policy=policy, costs=WordCosts())
    assert begun == same
    assert step(begun, turn, policy=policy, costs=WordCosts()) == first


@thorough
@given(conversations, policies())
def test_a_step_counts_its_turn_once_and_draws_three_runs_at_the_most_beside_those_it_seals(
    turns: list[Turn], policy: FoldPolicy
) -> None:
    """So a turn costs the same however long the conversation is."""
    costs, folded = WordCosts(), Fold()
    for turn in turns:
        costs.counted.clear()
        costs.bound.clear()
        before, folded = folded, step(folded, turn, policy=policy, costs=costs)
        assert costs.counted == [folded.last_anchor]
        assert len(costs.bound) <= 3 * (1 + len(folded.seals) - len(before.seals))
