"""Histories that somebody else keeps are folded as a memory's are, from a small bookmark, in any process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory import (
    Bookmark,
    FoldedHistory,
    Folding,
    FoldPolicy,
    ImagePart,
    StoreError,
    Text,
    ToolCall,
    Turn,
)
from glyph_memory.context import Part, Parts
from glyph_memory.search.ranking import search
from glyph_memory.testing import agent_conversation

POLICY = FoldPolicy(
    window_tokens=6_000, tools_tokens=0, output_tokens=500, keep_recent_tokens=200, seal_tokens=400, trigger_tokens=700,
    max_run_tokens=1_200, pinned_tokens=100,
)  # fmt: skip
"""Seals after a few turns; the oldest leave after some sixty."""
TALK = tuple(replace(turn, id=f"m{place}") for place, turn in enumerate(agent_conversation(turns=240)))
Shown = list[Part | bytes]


def folding_of(
    *, pages: Path | None = None, policy: FoldPolicy = POLICY, profile: str = "glyph"
) -> Folding[Turn]:
    """A folding of turns, each of them named by its id and compared by what it says."""
    return Folding(
        profile,
        turn_of=lambda turn: replace(turn, anchor=None),
        key_of=lambda turn: (turn.id, turn.text),
        name_of=lambda turn: turn.id or turn.text,
        policy=policy,
        pages=pages,
    )


def shown(folded: FoldedHistory[Turn]) -> Shown:
    """All that a user is to say, pictures as their files."""
    return [part.data if isinstance(part, ImagePart) else part for part in sealed(folded)]


def sealed(folded: FoldedHistory[Turn], *, merge_pages: bool = False) -> Parts:
    """What stands before the recent messages."""
    first, *_ = folded.plan_request(merge_pages=merge_pages).messages
    return first.before


def saved(folded: FoldedHistory[Turn]) -> Bookmark:
    """The bookmark, as a framework hands it back."""
    return Bookmark.from_json(json.loads(json.dumps(folded.bookmark.to_json())))


def grown(folding: Folding[Turn], talk: Sequence[Turn] = TALK, *, step: int = 1) -> FoldedHistory[Turn]:
    """Fold a history as it grows, each time from the bookmark of the last."""
    mark = Bookmark()
    for stop in range(1, len(talk) + 1, step):
        mark = saved(folding.fold(talk[:stop], mark))
    return folding.fold(talk, mark)


ONCE = folding_of().fold(TALK)


def test_the_history_that_the_others_fold() -> None:
    """Some seals are shown, more have left, and what is recent is text."""
    assert (len(ONCE.fold.visible_seals), ONCE.bookmark.evicted_count, len(ONCE.recent)) == (9, 163, 14)
    assert ONCE.notice == ""


@pytest.mark.parametrize("step", [1, 7])
def test_turn_by_turn_gives_what_all_at_once_gives(step: int) -> None:
    """From a bookmark after each turn, from one now and then, or from none."""
    folded = grown(folding_of(), step=step)
    assert (folded.fold, folded.bookmark) == (ONCE.fold, ONCE.bookmark)
    assert shown(folded) == shown(ONCE)
    assert [kept.message for kept in folded.recent] == list(TALK[-len(folded.recent) :])


def test_another_process_goes_on_from_the_bookmark() -> None:
    """With nothing remembered, the same pages are drawn."""
    folded = folding_of().fold(TALK, saved(ONCE))
    assert (folded.fold, shown(folded), folded.notice) == (ONCE.fold, shown(ONCE), "")


def test_what_was_shown_stays_until_the_oldest_leave() -> None:
    """Within a generation each request begins with all the seals of the one before."""
    folding, mark, before, generations = folding_of(), Bookmark(), Shown(), set[int]()
    for stop in range(1, len(TALK) + 1):
        folded = folding.fold(TALK[:stop], mark)
        seals = [part for seal in folded.fold.visible_seals for part in folded.parts[seal.number]]
        told: Shown = [part.data if isinstance(part, ImagePart) else part for part in seals]
        if folded.fold.generation == mark.generation:
            assert told[: len(before)] == before
        generations.add(folded.fold.generation)
        mark, before = saved(folded), told
    assert len(generations) > 2


def test_a_bookmark_holds_no_text_but_ledgers_no_pixels_and_does_not_grow() -> None:
    """It is plain JSON, and grows with what is shown alone."""
    early, late = folding_of().fold(TALK[:100]).bookmark, ONCE.bookmark
    assert len(early.seals) > len(late.seals)
    assert len(json.dumps(early.to_json())) > len(json.dumps(late.to_json()))
    spelled = json.dumps(late.to_json())
    sentences = [turn.text for turn in TALK if len(turn.text) > 60]
    assert not any(json.dumps(text)[1:40] in spelled for text in sentences)
    assert "iVBOR" not in spelled


def test_an_empty_bookmark_is_what_a_new_history_has() -> None:
    """Nothing is sealed yet, so nothing has to be kept."""
    folded = folding_of().fold(TALK[:3])
    assert (folded.bookmark, sealed(folded), len(folded.recent)) == (Bookmark(), (), 2)


@pytest.mark.parametrize(
    "broken", [{}, {"seals": []}, {**Bookmark().to_json(), "evicted": [[1]]},
    {**Bookmark().to_json(), "generation": "x"},
               {**Bookmark().to_json(), "seals": [{}]}, {**Bookmark().to_json(), "seals": ["s"]}]
)  # fmt: skip
def test_what_is_no_bookmark_is_refused(broken: dict[str, object]) -> None:
    """With the error of a wrong type, whatever is wrong with it."""
    with pytest.raises(TypeError):
        Bookmark.from_json(broken)


def test_an_edited_message_takes_its_seal_and_the_later_ones_with_it() -> None:
    """Those before it stay; one line tells how many went."""
    talk, kept = [*TALK], ONCE.fold.visible_seals[:2]
    place = ONCE.anchors.index(ONCE.fold.visible_seals[2].anchors[1])
    talk[place] = replace(talk[place], text="I never said that.")
    folded = folding_of().fold(talk, ONCE.bookmark)
    assert folded.fold.seals[:2] == kept
    assert folded.fold.seals[2] != ONCE.fold.visible_seals[2]
    assert "7 of 9 seals no longer match" in folded.notice
    assert min(folded.anchors[place:]) > ONCE.fold.last_anchor - len(ONCE.recent)


def test_a_history_cut_from_behind_keeps_the_seals_that_still_match() -> None:
    """As after time travel without the bookmark of then."""
    talk = TALK[: ONCE.anchors.index(ONCE.fold.visible_seals[3].anchors[0])]
    folded = folding_of().fold(talk, ONCE.bookmark)
    assert folded.fold.visible_seals[:3] == ONCE.fold.visible_seals[:3]
    assert "6 of 9 seals" in folded.notice


@pytest.mark.parametrize("change", ["edited", "removed", "gone"])
def test_a_history_changed_before_the_pages_is_folded_anew(change: str) -> None:
    """A message that was no longer shown has another name, or is missing: all is made again, and one line says so."""
    talk = [*TALK]
    if change == "edited":
        talk[5] = replace(talk[5], id="another")
    elif change == "removed":
        del talk[5]
    else:
        talk = talk[:1] + talk[120:]
    folded = folding_of().fold(talk, ONCE.bookmark)
    assert "all seals were dropped" in folded.notice
    assert folded.fold.generation > ONCE.fold.generation
    assert min(anchor for anchor in folded.anchors[1:]) > ONCE.bookmark.highest_sealed_anchor
    assert folding_of().fold(talk, saved(folded)).notice == ""


def test_another_model_draws_anew_what_is_shown() -> None:
    """In a new generation, with the anchors that the turns had, and one line."""
    folded = folding_of(profile="qwen3-vl").fold(TALK, ONCE.bookmark)
    assert "drawn anew" in folded.notice
    assert folded.anchors == ONCE.anchors
    assert folded.fold.generation > ONCE.fold.generation


def test_pages_that_cannot_be_drawn_as_they_were_are_drawn_anew() -> None:
    """Fonts may change unseen between two processes; no page is shown that does not say what it should."""
    seals = list(ONCE.bookmark.seals)
    page = replace(seals[-1].pages[0], digest="0" * 64)
    seals[-1] = replace(seals[-1], pages=(page, *seals[-1].pages[1:]))
    folded = folding_of().fold(TALK, replace(ONCE.bookmark, seals=tuple(seals)))
    assert "fonts changed" in folded.notice
    assert all(page.digest != "0" * 64 for seal in folded.fold.seals for page in seal.pages)
    assert folded.fold.generation > ONCE.fold.generation


def test_deleted_page_files_are_drawn_again(tmp_path: Path) -> None:
    """The folder holds files of sealed pages alone, and may be emptied at any time."""
    folded = folding_of(pages=tmp_path).fold(TALK)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.stem for path in files} >= {
        page.digest for seal in folded.fold.visible_seals for page in seal.pages
    }
    for path in files:
        path.unlink()
    assert shown(folding_of(pages=tmp_path).fold(TALK, folded.bookmark)) == shown(ONCE)


def test_what_else_the_prompt_holds_makes_the_oldest_leave_earlier() -> None:
    """Tools and a system prompt kept elsewhere take their room from the pages; small changes move nothing."""
    crowded = folding_of().fold(TALK, reserved_tokens=2_000)
    assert sum(seal.tokens for seal in crowded.fold.visible_seals) < sum(
        seal.tokens for seal in ONCE.fold.visible_seals
    )
    assert folding_of().fold(TALK, reserved_tokens=2_040).fold == crowded.fold


def test_a_request_that_left_with_its_seal_is_repeated_after_a_restart() -> None:
    """One user's turn, and so much work after it that its page is no longer shown."""
    work = [turn for turn in TALK[2:] if turn.role == "assistant" and not turn.tool_calls]
    talk = [TALK[1], *(replace(turn, id=f"{turn.id} {time}") for time in range(9) for turn in work)]
    folded = folding_of().fold(talk)
    assert folded.bookmark.evicted_count
    assert folded.fold.request is not None
    assert folded.fold.request.text == TALK[1].text
    again = folding_of().fold(talk, saved(folded))
    assert (again.fold, shown(again)) == (folded.fold, shown(folded))


edits = st.lists(
    st.tuples(st.sampled_from(["say", "edit", "cut", "drop", "restart"]), st.integers(0, 300)), max_size=12
)


@settings(max_examples=25, deadline=None)
@given(edits)
def test_what_is_remembered_saves_time_and_changes_nothing(changes: list[tuple[str, int]]) -> None:
    """Whatever happens to a history, a folding that saw it all gives what a new one gives."""
    warm, mark, talk = folding_of(), Bookmark(), [*TALK[:90]]
    for kind, number in changes:
        place = number % len(talk)
        if kind == "say":
            talk += [replace(turn, id=f"{turn.id} {number}") for turn in TALK[place % 60 : place % 60 + 9]]
        elif kind == "edit":
            talk[place] = replace(talk[place], text=f"edited {number}")
        elif kind == "cut":
            del talk[max(2, place) :]
        elif kind == "drop":
            del talk[place : min(place + 2, len(talk) - 2)]
        else:
            warm = folding_of()
        folded, cold = warm.fold(talk, mark), folding_of().fold(talk, mark)
        assert (folded.fold, folded.bookmark, folded.notice) == (cold.fold, cold.bookmark, cold.notice)
        assert shown(folded) == shown(cold)
        assert len(folded.anchors) == len(talk)
        mark = saved(folded)


@pytest.mark.parametrize("cut", range(50, 90, 8))
def test_a_history_that_was_cut_back_and_comes_again_is_folded_as_anew(cut: int) -> None:
    """What was remembered of the short one lacks seals that the long one has, or asks what that one does not."""
    mark = saved(grown(folding_of(), TALK[:90], step=3))
    for longer in range(cut + 2, 90, 6):
        warm = folding_of()
        warm.fold(TALK[:cut], mark)
        assert warm.fold(TALK[:longer], mark).fold == folding_of().fold(TALK[:longer], mark).fold


def test_one_folding_serves_many_histories_and_threads() -> None:
    """Twelve histories at once, turn by turn, each as if it were alone."""
    folding = folding_of()
    talks = [
        [replace(turn, id=f"{thread} {turn.id}") for turn in TALK[thread : thread + 80]]
        for thread in range(12)
    ]
    with ThreadPoolExecutor(max_workers=6) as pool:
        together = list(pool.map(lambda talk: grown(folding, talk, step=5), talks))
    for talk, folded in zip(talks, together, strict=True):
        alone = folding_of().fold(talk)
        assert (folded.fold, shown(folded)) == (alone.fold, shown(alone))


def test_every_message_is_found_by_its_anchor_wherever_it_is() -> None:
    """In the head, no longer shown, on a page, or recent."""
    assert len(ONCE.anchors) == len(TALK)
    for place in (0, 3, 150, 200, 239):
        turn = ONCE.turn(ONCE.anchors[place])
        assert turn == replace(TALK[place], anchor=ONCE.anchors[place])
    assert ONCE.turn(99_999) is None


def test_recall_finds_word_for_word_what_is_no_longer_shown() -> None:
    """With the anchor that its page had."""
    wanted = next(turn for turn in TALK[20:] if turn.role == "assistant" and len(turn.text) > 50)
    found = ONCE.recall(wanted.text, k=1)[0]
    assert (found.turn.id, found.place, found.page) == (wanted.id, "evicted", None)
    assert found.text in wanted.full_text
    assert ONCE.recall(wanted.text, k=0) == ()


def test_recall_knows_who_spoke() -> None:
    """A tool's results are found by its name, as in a store."""
    talk = [TALK[1], Turn(role="tool", name="weather_report", text="Rain.", tool_call_id="a"), *TALK[2:20]]
    assert folding_of().fold(talk).recall("weather_report", k=1)[0].text == "Rain."


def test_zoom_gives_turns_and_pages_exactly() -> None:
    """By anchor, with and without its sign, and by the number in a page's caption."""
    assert ONCE.zoom("§42").text == ONCE.zoom(42).text == TALK[41].full_text
    page = ONCE.fold.visible_seals[1].pages[0]
    zoomed = ONCE.zoom(f"page {page.number}")
    assert [turn.anchor for turn in zoomed.turns] == list(range(page.anchors[0], page.anchors[1] + 1))
    assert zoomed.turns[0].text.split("\n")[0][:20] in zoomed.text
    for what in ("§99999", "page 1", "somewhere", -1):
        with pytest.raises(StoreError, match="no "):
            ONCE.zoom(what)


def test_results_without_a_call_and_calls_without_a_result_are_told_in_words() -> None:
    """Servers refuse both."""
    talk = [
        Turn(role="tool", text="42", name="add", tool_call_id="lost"),
        Turn(role="assistant", text="", tool_calls=(ToolCall(name="look", arguments="{}", id="a"),)),
        Turn(role="user", text="Never mind."),
        Turn(role="assistant", text="", tool_calls=(ToolCall(name="look", arguments="{}", id="b"),)),
    ]
    plan = folding_of().fold(talk).plan_request()
    first, second, _, last = (message.turns[0] for message in plan.messages)
    assert (first.shows, first.heading) == ("result", "Result of add, whose call is not shown:")
    assert second.unanswered == ((0, "[called look {}; no result came]"),)
    assert (last.shows, last.calls, last.unanswered) == ("message", ((0, "b"),), ())


def test_a_history_that_begins_with_someone_else_is_opened() -> None:
    """Most chat templates insist on a user's message first."""
    assert sealed(folding_of().fold([Turn(role="assistant", text="Welcome.")])) == (
        Text("(The conversation begins here.)", kind="note"),
    )
    assert sealed(folding_of().fold([Turn(role="user", text="Hello.")])) == ()
    assert folding_of().fold([]).plan_request().messages == ()


def test_a_line_leads_over_to_what_the_user_says_next() -> None:
    """Where pages and the next user's words become one message."""
    said = [Turn(role="user", text=f"{place}: {'so they say ' * 40}") for place in range(40)]
    talk = [*said[:36], Turn(role="assistant", text="Do they?"), *said[36:]]
    folded = folding_of().fold(talk)
    assert len(folded.recent) < len(talk)
    assert sealed(folded, merge_pages=True)[:-1] == sealed(folded)
    assert sealed(folded, merge_pages=True)[-1] == Text("The conversation goes on in words:\n", kind="note")


def test_search_finds_phrases_and_prefers_what_is_rare_short_and_late() -> None:
    """The same words and weights as the store's search; of equals, the latest."""
    texts = ["red fish", "blue fish", "a blue and a red fish in the sea", "BLUE FISH", "fishing"]
    assert [place for place, _ in search(texts, "blue fish", k=9)] == [3, 1, 2, 0]
    assert [place for place, _ in search(texts, "ｂｌｕｅ", k=2)] == [3, 1]
    assert search(texts, "", k=5) == search([], "fish", k=5) == search(texts, "whale", k=5) == []


def test_looking_ahead_finds_the_seals_of_the_next_call(tmp_path: Path) -> None:
    """The next call's pages, or nothing where pages stay; and the next call is the same as without having looked."""
    folding, plain = folding_of(pages=tmp_path / "a"), folding_of(pages=tmp_path / "b")
    mark, other, moved = Bookmark(), Bookmark(), 0
    for end in range(1, 120):
        ahead = folding.fold(TALK[:end], mark, reserved_tokens=300).look_ahead([TALK[end]])
        mark = folding.fold(TALK[:end], mark, reserved_tokens=300).bookmark
        before = plain.fold(TALK[:end], other, reserved_tokens=300)
        other = before.bookmark
        after = plain.fold(TALK[: end + 1], other, reserved_tokens=300)
        assert mark == other
        if ahead is None:
            assert after.fold.visible_seals == before.fold.visible_seals
        else:
            moved += 1
            assert ahead.fold == after.fold
            assert ahead.stable_prefix() == after.stable_prefix()
    assert moved > 5
