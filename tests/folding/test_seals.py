"""Seals: small JSON that never changes, and digests that tell if it did."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from glyph_memory.folding import (
    FoldPolicy,
    Seal,
    SealedAttachment,
    SealedCall,
    SealedPage,
    SealedPicture,
    run_digest,
)
from glyph_memory.transcript import Attachment, ToolCall, Turn
from tests.folding.fakes import conversations, one_by_one, policies

PAGE = SealedPage(number=1, digest="aa", size=(588, 840), tokens=632, bytes=9, anchors=(1, 2), escapes=3)
PICTURE = SealedPicture(anchor=2, position=1, size=(20, 10), tokens=4, bytes=7, digest="bb")
LOST = SealedPicture(anchor=2, position=2, size=None, tokens=0)
CONTRACT = SealedAttachment(
    anchor=1, position=1, name="a.pdf", is_sent=True, tokens=9, bytes=5, is_image=False, digest="ff"
)
SOUND = SealedAttachment(anchor=1, position=2, name="b.mp3", is_sent=False, tokens=None, bytes=6)
CALL = SealedCall(anchor=2, name="look", arguments='{"at": "x"}')
SEAL = Seal(
    number=2, generation=3, oldest=2, kind="pages", anchors=(1, 2), turns="cc", sealed_at=9, pages=(PAGE,),
    pictures=(PICTURE, LOST), attachments=(CONTRACT, SOUND), calls=(CALL,), ledger=("key «\udcff»",),
    ledger_omitted=4, text_tokens=99, tokens=700, previous="dd", fingerprint="ee",
)  # fmt: skip
OTHER: dict[str, Any] = {
    "number": 7, "generation": 8, "oldest": 3, "kind": "text", "anchors": (1, 3), "turns": "c", "sealed_at": 10,
    "pages": (PAGE, PAGE), "layout": "marks", "pictures": (LOST, PICTURE), "attachments": (SOUND,), "calls": (),
    "is_unseen": True, "ledger": ("key", "«\udcff»"), "ledger_omitted": 5, "text_tokens": 98, "tokens": 701,
    "characters": 5, "previous": "d", "fingerprint": "e",
}  # fmt: skip
OTHER_PAGE: dict[str, Any] = {
    "number": 2, "digest": "a", "size": (840, 588), "tokens": 633, "bytes": 8, "anchors": (2, 2), "escapes": 0,
    "kind": "code",
}  # fmt: skip
OTHER_PICTURE: dict[str, Any] = {
    "anchor": 1, "position": 2, "size": None, "tokens": 5, "bytes": 8, "digest": "b",
}  # fmt: skip
OTHER_ATTACHMENT: dict[str, Any] = {
    "anchor": 2, "position": 2, "name": "b", "is_sent": False, "tokens": None, "bytes": 6, "is_image": True,
    "digest": "f",
}  # fmt: skip


def test_a_seal_survives_json() -> None:
    """Half a surrogate in its ledger included."""
    stored = json.dumps(SEAL.to_json())
    loaded = Seal.from_json(json.loads(stored))
    assert loaded == SEAL
    assert loaded.digest == SEAL.digest
    assert stored.isascii()


@settings(deadline=None, max_examples=30)
@given(conversations, policies())
def test_every_seal_of_every_fold_survives_json(talk: list[Turn], policy: FoldPolicy) -> None:
    """Equal, with equal digests."""
    for seal in one_by_one(talk, policy=policy).seals:
        loaded = Seal.from_json(json.loads(json.dumps(seal.to_json())))
        assert loaded == seal
        assert loaded.digest == seal.digest


@pytest.mark.parametrize("field", [field.name for field in fields(Seal)])
def test_the_digest_changes_with_every_field(field: str) -> None:
    """So that a chain tells if any of its seals was touched."""
    assert replace(SEAL, **{field: OTHER[field]}).digest != SEAL.digest


@pytest.mark.parametrize("field", [field.name for field in fields(SealedPage)])
def test_the_digest_changes_with_every_field_of_a_page(field: str) -> None:
    """What it cost and where it stood included."""
    assert replace(SEAL, pages=(replace(PAGE, **{field: OTHER_PAGE[field]}),)).digest != SEAL.digest


@pytest.mark.parametrize("field", [field.name for field in fields(SealedPicture)])
def test_the_digest_changes_with_every_field_of_a_picture(field: str) -> None:
    """As with a page's."""
    changed = replace(PICTURE, **{field: OTHER_PICTURE[field]})
    assert replace(SEAL, pictures=(changed, LOST)).digest != SEAL.digest


@pytest.mark.parametrize("field", [field.name for field in fields(SealedAttachment)])
def test_the_digest_changes_with_every_field_of_an_attachment(field: str) -> None:
    """Whether it is still sent included."""
    changed = replace(CONTRACT, **{field: OTHER_ATTACHMENT[field]})
    assert replace(SEAL, attachments=(changed, SOUND)).digest != SEAL.digest


def test_a_seal_from_before_there_were_attachments_is_read_and_keeps_its_digest() -> None:
    """A stored chain goes on."""
    plain = replace(SEAL, attachments=())
    spelled = json.loads(json.dumps(plain.to_json()))
    assert "attachments" not in spelled
    assert Seal.from_json(spelled) == plain
    assert Seal.from_json({**spelled, "attachments": []}).digest == plain.digest


def test_the_digest_is_what_it_will_be_in_the_first_release() -> None:
    """Stored chains would break otherwise."""
    seal = Seal(number=1, kind="text", anchors=(1, 2), turns="ab", sealed_at=2, tokens=9, text_tokens=9)
    assert seal.digest == "6af0c30f46c2569772abf4ddd93faf425758ed0479317d823b9b563a511b770a"


@pytest.mark.parametrize("missing", ["number", "pages", "anchors", "tokens"])
def test_what_is_no_seal_is_a_type_error(missing: str) -> None:
    """Whether a field is missing, or there is one too many."""
    spelled = SEAL.to_json()
    with pytest.raises(TypeError):
        Seal.from_json({**spelled, "colour": "red"})
    del spelled[missing]
    with pytest.raises(TypeError, match=missing):
        Seal.from_json(spelled)


def test_images_count_what_is_shown() -> None:
    """A picture that cannot be decoded is none; a sent one by its address is; files that are sent take bytes."""
    assert (SEAL.images, SEAL.pixels, SEAL.bytes) == (2, 588 * 840 + 200, 21)
    far = replace(CONTRACT, is_image=True)
    assert replace(SEAL, attachments=(far, replace(far, is_sent=False))).images == 3


TURN = Turn(
    role="assistant", text="a", name="ada", tool_calls=(ToolCall(name="f", arguments="{}", id="1"),),
    tool_call_id="x", images=(b"png",), attachments=(Attachment(block="{}", name="a.pdf"),), anchor=4,
)  # fmt: skip
SAID: dict[str, Any] = {
    "role": "user", "text": "b", "name": None, "tool_call_id": None, "images": (b"png", b"png"), "anchor": 5,
    "tool_calls": (ToolCall(name="f", arguments="{}", id="2"),),
    "attachments": (Attachment(block="{}", name="b.pdf"),),
}  # fmt: skip


@pytest.mark.parametrize("field", [field.name for field in fields(Turn)])
def test_a_runs_digest_is_of_what_was_said(field: str) -> None:
    """And by whom, to which call, under which anchor; not when, what else it is called, or where it came from."""
    unsaid: dict[str, Any] = {
        "id": "7",
        "time": datetime(2025, 1, 1, tzinfo=UTC),
        "pinned": True,
        "origin": "{}",
    }
    changed = replace(TURN, **{field: (SAID | unsaid)[field]})
    assert (run_digest([TURN]) == run_digest([changed])) is (field in unsaid)


def test_a_turn_without_attachments_has_the_digest_it_had_before_there_were_any() -> None:
    """Else every stored seal would be dropped."""
    plain = Turn(role="user", text="a", anchor=1)
    assert run_digest([plain]) == "ecb02cf874e402bdc09eb75ca59aaae67607c60abe3a87043d617d22e7013641"
    one = Attachment(block="{}", name="a.pdf")
    digests = {run_digest([replace(plain, attachments=held)]) for held in ((), (one,), (one, one))}
    assert len(digests) == 3


def test_a_runs_digest_is_of_its_turns_one_by_one() -> None:
    """In order; what one turn says is not taken for what two do."""
    first, second = Turn(role="user", text="a"), Turn(role="user", text="b")
    digests = {
        run_digest(run)
        for run in (
            [],
            [first],
            [first, first],
            [first, second],
            [second, first],
            [Turn(role="user", text="ab")],
        )
    }
    assert len(digests) == 6
