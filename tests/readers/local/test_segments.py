"""The tree of segments: what is found, where it is cut, what leaves first. Keys here say which token they are of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.readers.local.segments import Layers, PrefixTree, Segment

LAYERS, HEADS, DIM = 2, 3, 4
TOKEN_BYTES = LAYERS * 2 * HEADS * DIM * 4


def make_layers(tokens: Sequence[int]) -> Layers:
    """Return keys and values that hold their token's number, and the layer's as a fraction."""
    column = torch.tensor(tokens, dtype=torch.float32)[None, :, None].expand(HEADS, -1, DIM)
    return [(column + layer / 10, -column - layer / 10) for layer in range(LAYERS)]


def add(tree: PrefixTree, tokens: Sequence[int], *, is_stable: bool = False) -> None:
    """Read a prompt: find its beginning, add the rest."""
    marks = np.array(tokens, np.int64)
    found = tree.find(np.append(marks, -1))
    if found.length < len(marks):
        tree.release(
            [tree.insert(marks, found.length, make_layers(tokens[found.length :]), is_stable=is_stable)]
        )


def read(tree: PrefixTree, tokens: Sequence[int]) -> list[int]:
    """Return the tokens whose keys are found, as their keys say, in all layers alike."""
    found = tree.find(np.array([*tokens, -1], np.int64))
    assert sum(map(len, found.path)) == found.length
    held = [
        torch.cat([pair[0] for pair in layer], 1)[0, :, 0] - number / 10
        for number, layer in enumerate(zip(*(s.layers for s in found.path), strict=True))
    ]
    if not held:
        return []
    assert torch.equal(held[0].round(), held[1].round())
    return [int(value) for value in held[0].round()]


def test_a_prompt_that_begins_alike_finds_the_beginning_and_no_more() -> None:
    """Of [1 2 3 4 5], [1 2 3 9] finds three tokens; and the last token of a prompt is always left to be computed."""
    tree = PrefixTree(10**6)
    add(tree, [1, 2, 3, 4, 5])
    assert read(tree, [1, 2, 3, 9]) == [1, 2, 3]
    assert tree.find(np.array([1, 2, 3, 4, 5])).length == 4
    assert read(tree, [9]) == []


def test_a_cut_segment_still_serves_both_ends() -> None:
    """Where two prompts part, the segment is cut, and each finds its own rest."""
    tree = PrefixTree(10**6)
    add(tree, [1, 2, 3, 4])
    add(tree, [1, 2, 8, 9])
    assert read(tree, [1, 2, 3, 4]) == [1, 2, 3, 4]
    assert read(tree, [1, 2, 8, 9]) == [1, 2, 8, 9]
    assert sorted(len(segment) for segment in tree.segments()) == [2, 2, 2]


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=30), max_size=30), st.integers(0, 2))
def test_what_is_found_is_the_longest_beginning_of_any_prompt(prompts: list[list[int]], stable: int) -> None:
    """Whatever came before, in whatever order, a prompt finds its longest known beginning, with its own keys."""
    tree = PrefixTree(10**9)
    for at, prompt in enumerate(prompts):
        expected = max((_count_alike(prompt, known) for known in prompts[:at]), default=0)
        assert read(tree, prompt) == prompt[:expected]
        add(tree, prompt, is_stable=at % 3 == stable)
    assert tree.nbytes == sum(segment.nbytes for segment in tree.segments())


def test_a_long_path_is_joined() -> None:
    """A conversation that grows by a token a turn is not a thousand segments: each would cost a call a layer."""
    tree = PrefixTree(10**9)
    for length in range(1, 60):
        add(tree, list(range(length)))
    assert read(tree, list(range(59))) == list(range(59))
    assert len(tree.find(np.arange(60)).path) <= 8


def test_what_is_least_recently_used_goes_first() -> None:
    """Room for two prompts of three: the one that was not asked again is gone."""
    tree = PrefixTree(8 * TOKEN_BYTES)
    add(tree, [1, 2, 3])
    add(tree, [4, 5, 6])
    read(tree, [1, 2, 3])
    add(tree, [7, 8, 9])
    assert [read(tree, [first]) != [] for first in (1, 4, 7)] == [True, False, True]
    assert tree.nbytes <= tree.max_bytes


def test_what_a_running_prompt_needs_stays() -> None:
    """A pinned path outlives an eviction of everything; released, it goes."""
    tree = PrefixTree(10**6)
    add(tree, [1, 2, 3])
    path = tree.find(np.array([1, 2, 3, -1])).path
    tree.pin(path)
    assert tree.evict(0) == 0
    tree.release(path)
    assert tree.evict(0) == 3 * TOKEN_BYTES
    assert read(tree, [1, 2, 3]) == []


def test_a_running_prompt_keeps_its_keys_though_its_segment_is_cut() -> None:
    """Another prompt cuts a segment that is in use: who uses it still holds the whole."""
    tree = PrefixTree(10**6)
    add(tree, [1, 2, 3, 4])
    (held,) = tree.find(np.array([1, 2, 3, 4, -1])).path
    tree.pin([held])
    add(tree, [1, 2, 9])
    assert len(held) == 4
    assert held.layers[0][0].shape[1] == 4
    tree.release([held])
    assert read(tree, [1, 2, 3, 4]) == [1, 2, 3, 4]


def test_what_is_larger_than_the_cache_is_answered_and_not_kept() -> None:
    """A cache of no bytes keeps nothing, and gives what was added back to who added it."""
    tree = PrefixTree(0)
    segment = tree.insert(np.array([1, 2]), 0, make_layers([1, 2]))
    assert len(segment) == 2
    tree.release([segment])
    assert (tree.nbytes, len(tree)) == (0, 0)


def test_what_follows_a_beginning_that_left_stands_outside() -> None:
    """An answer whose prompt was dropped meanwhile is not put where its keys would be another's."""
    tree = PrefixTree(10**6)
    segment = tree.insert(np.array([1, 2, 3, 4]), 2, make_layers([3, 4]))
    assert isinstance(segment, Segment)
    assert read(tree, [3, 4]) == []
    assert len(tree) == 0


def test_marks_of_pictures_are_their_own() -> None:
    """A picture's marks are below 0, run on, differ by digest, and nobody outside can compute them."""
    tree = PrefixTree(0)
    marks = tree.mark_image("a", 3)
    assert (marks < 0).all()
    assert marks.tolist() == tree.mark_image("a", 3).tolist()
    assert not set(marks.tolist()) & set(tree.mark_image("b", 3).tolist())
    assert marks.tolist() != PrefixTree(0).mark_image("a", 3).tolist()


def _count_alike(first: list[int], second: list[int]) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
