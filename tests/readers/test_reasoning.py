"""Reasoning and answer are told apart, however a stream cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.readers.reasoning import Splitter, split

CASES = {
    "14:05": ("14:05", ""),
    "  14:05\n": ("  14:05\n", ""),
    "<think>Page 2.</think>14:05": ("14:05", "Page 2."),
    "<think>\nPage 2.\n</think>\n\n14:05": ("14:05", "Page 2."),
    "<think>Page 2.</think>\n<answer>14:05</answer>": ("14:05", "Page 2."),
    "<think>a</think><answer>\nIt is\n14:05\n</answer>\n": ("It is\n14:05", "a"),
    "<answer>14:05</answer> Ask me more.": ("14:05 Ask me more.", ""),
    "<think>a</think>It is <|begin_of_box|>14:05<|end_of_box|>.": ("It is 14:05.", "a"),
    "<|begin_of_box|>14:05<|end_of_box|>": ("14:05", ""),
    "<think>cut off in the midd": ("", "cut off in the midd"),
    "<think></think>yes": ("yes", ""),
    "The tag <think> opens it.": ("The tag <think> opens it.", ""),
    "<thin air": ("<thin air", ""),
    "a < b <": ("a < b <", ""),
    "Page 2.\n</think>\n\n14:05": ("14:05", "Page 2."),
    "": ("", ""),
}


@pytest.mark.parametrize("said", CASES)
def test_what_a_model_writes_is_split(said: str) -> None:
    """Known answers: GLM's, Qwen's and DeepSeek's ways of writing, and text that only looks like them."""
    assert split(said) == CASES[said]


@given(said=st.sampled_from(list(CASES)), data=st.data())
def test_every_cut_gives_the_same(said: str, data: st.DataObject) -> None:
    """Tags split across deltas are recognised as whole ones are."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=8)))
    splitter = Splitter()
    for start, stop in zip([0, *cuts], [*cuts, len(said)], strict=True):
        splitter.feed(said[start:stop])
    splitter.close()
    assert (splitter.text, splitter.reasoning) == split(said)


@pytest.mark.parametrize("said", [said for said in CASES if "<think>" in said or "</think>" not in said])
def test_the_pieces_join_to_the_whole(said: str) -> None:
    """What was given out character by character is what stands in the end."""
    splitter = Splitter()
    pieces = [splitter.feed(character) for character in said]
    pieces.append(splitter.close())
    assert "".join(piece.text for piece in pieces) == splitter.text
    assert "".join(piece.reasoning for piece in pieces) == splitter.reasoning


def test_a_servers_own_split_is_kept() -> None:
    """Where a server sends reasoning in its own field, a tag that the answer quotes ends nothing."""
    splitter = Splitter()
    splitter.feed(reasoning="The user asks about tags.")
    splitter.feed("\n\nReasoning ends with </think>.")
    splitter.close()
    assert splitter.text == "Reasoning ends with </think>."
    assert splitter.reasoning == "The user asks about tags."
