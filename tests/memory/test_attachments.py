"""A memory keeps what came with a turn and cannot be drawn, sends it, says that it was there, and erases it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from glyph_memory import Attachment, FoldPolicy, GlyphMemory, StoreError, Turn
from glyph_memory.memory.jsonl import format_turn
from glyph_memory.nano import NanoReader

DATA = "d2hhdCB0aGUgY29udHJhY3Qgc2F5cyBp"
CONTRACT = Attachment(
    block=json.dumps({"type": "file", "file": {"filename": "contract.pdf", "file_data": DATA}}),
    name="contract.pdf",
    media_type="application/pdf",
)
CALL = Attachment(
    block='{"type": "input_audio", "input_audio": {"data": "\\ud800", "format": "mp3"}}', name="call.mp3"
)
ASKED = Turn(role="user", text="Who signed?", attachments=(CONTRACT, CALL))


def test_attachments_come_back_exactly_after_a_restart(database: Path) -> None:
    """Block, name and type; a stored turn is the same one when it is given again, and another with another file."""
    with GlyphMemory.open(database) as memory:
        (stored,) = memory.extend([replace(ASKED, id="first")])
    with GlyphMemory.open(database) as memory:
        assert [*memory.turns()] == [stored]
        assert stored.attachments == ASKED.attachments
        assert memory.extend([replace(ASKED, id="first")]) == (stored,)
        with pytest.raises(StoreError, match="another content"):
            memory.extend([replace(ASKED, id="first", attachments=(CONTRACT,))])


def test_attachments_are_erased_with_their_turn(database: Path, talk: tuple[Turn, ...]) -> None:
    """From the database's files, sealed or not."""
    policy = FoldPolicy(window_tokens=32_000, trigger_tokens=2_000)
    with GlyphMemory.open(database, policy=policy) as memory:
        memory.extend([ASKED, *talk])
        assert memory.fold().seals[0].attachments
        memory.delete(1)
        assert memory.context().attachments == ()
    assert not any(
        DATA.encode() in path.read_bytes() for path in database.parent.glob("chat.db*") if path.is_file()
    )


def test_a_fork_has_them_too(memory: GlyphMemory) -> None:
    """As they were."""
    memory.extend([ASKED])
    assert [turn.attachments for turn in memory.fork("other").turns()] == [ASKED.attachments]


def test_a_turn_says_that_it_had_attachments(memory: GlyphMemory) -> None:
    """For people, and where it is searched by a name."""
    memory.extend([ASKED])
    assert (
        format_turn(memory.zoom(1).turns[0])
        == "§1 user:\n  Who signed?\n  [2 attachments: contract.pdf, call.mp3]\n"
    )
    assert memory.unfold().endswith("call.mp3]\n")
    (passage,) = memory.recall("contract.pdf")
    assert passage.turn.attachments == ASKED.attachments


def test_the_report_says_what_is_sent_left_out_and_not_counted(
    memory: GlyphMemory, talk: tuple[Turn, ...]
) -> None:
    """Audio cannot be counted: it counts as nothing, and is named."""
    large = replace(CONTRACT, name="large.pdf", block=json.dumps({"data": DATA * 50_000}))
    memory.extend([replace(ASKED, attachments=(large, CALL)), *talk[:60]])
    report = memory.report()
    assert (report.attachments, report.attachments_left_out, report.uncounted) == (1, 1, ("call.mp3",))
    assert [loss.anchor for loss in report.losses if "large.pdf" in loss.message] == [1]
    assert report.to_json()["uncounted"] == ("call.mp3",)


def test_a_plan_and_its_twin_are_what_a_context_is_made_of(memory: GlyphMemory) -> None:
    """For adapters, which spell recent turns themselves."""
    memory.extend([Turn(role="system", text="Be brief."), ASKED])
    plan = memory.plan_request()
    assert [turn.text for turn in plan.head] == ["Be brief."]
    assert plan.messages[-1].turns[0].turn.attachments == ASKED.attachments
    assert asyncio.run(memory.aplan_request()) == plan


def test_the_nano_reader_says_that_it_reads_no_attachments(memory: GlyphMemory) -> None:
    """Rather than that nothing is there."""
    asked = replace(ASKED, attachments=(CALL, replace(CALL, name="reply.mp3")))
    memory.extend([asked, Turn(role="assistant", text="Ada signed it.")])
    text = NanoReader().read(memory.context("Who is Ada?")).text
    assert "Ada signed it." in text
    assert "(The nano reader reads no attachments: call.mp3, reply.mp3.)" in text
