"""A training sample: images where they belong, a row for TRL and Parquet and back, one name for equal samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from glyph_memory.training import ImageSlot, SampleMessage, TrainingError, TrainingSample

SAMPLE = TrainingSample(
    family="conversation",
    prompt=(
        SampleMessage(role="system", parts=("Cite anchors.",)),
        SampleMessage(role="user", parts=("Old:", ImageSlot(0), ImageSlot(1), "Which port?")),
    ),
    images=(b"one", b"two"),
    answer="8093 (§7)",
    reasoning="It stands in §7.",
    details={"anchors": [7], "style": {"dpi": 72}},
)


def test_a_row_is_what_trl_takes_and_gives_the_sample_back() -> None:
    """Messages with parts, images beside them, and thoughts before the answer."""
    row = SAMPLE.to_row()
    assert [part["type"] for part in row["prompt"][1]["content"]] == ["text", "image", "image", "text"]
    assert [image["bytes"] for image in row["images"]] == [b"one", b"two"]
    assert row["completion"][0]["content"][0]["text"] == "<think>It stands in §7.</think>8093 (§7)"
    assert TrainingSample.from_row(row) == SAMPLE


def test_equal_samples_have_one_name_and_others_another() -> None:
    """Whatever differs: a word, an image, the answer, where an image stands."""
    assert SAMPLE.name == replace(SAMPLE, details={}).name
    moved = SampleMessage(role="user", parts=("Old:", ImageSlot(0), "Which port?", ImageSlot(1)))
    others = [
        replace(SAMPLE, answer="8094"),
        replace(SAMPLE, reasoning=""),
        replace(SAMPLE, images=(b"one", b"2")),
        replace(SAMPLE, prompt=(SAMPLE.prompt[0], moved)),
    ]
    assert len({SAMPLE.name, *(other.name for other in others)}) == 5


@pytest.mark.parametrize(
    "change",
    [
        {"images": (b"one",)},
        {"images": (b"one", b"two", b"three")},
        {"answer": ""},
        {"family": "poem"},
        {"prompt": (SampleMessage(role="user", parts=(ImageSlot(1), ImageSlot(0))),)},
    ],
)
def test_a_sample_that_teaches_nothing_is_refused(change: dict[str, Any]) -> None:
    """Images without a place, places without an image, no answer, no such family."""
    with pytest.raises(TrainingError):
        replace(SAMPLE, **change)


@pytest.mark.parametrize(
    "row", [{}, {**SAMPLE.to_row(), "images": None}, {**SAMPLE.to_row(), "details": "{"}]
)
def test_a_row_of_something_else_is_refused(row: dict[str, Any]) -> None:
    """One line that says what is missing."""
    with pytest.raises(TrainingError, match="no row of a sample"):
        TrainingSample.from_row(row)
