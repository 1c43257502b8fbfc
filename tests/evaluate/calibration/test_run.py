"""A calibration finds what a reader reads, goes on after a kill, and tells what went wrong."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glyph_memory.context import Context
from glyph_memory.errors import (
    DocumentError,
    GlyphMemoryError,
    ReaderOverflow,
    ReaderRefused,
    ReaderUnavailable,
    StyleError,
)
from glyph_memory.evaluate.calibration import Calibration, CalibrationProgress, Ladder, Rung, calibrate
from glyph_memory.ledger import find_risk
from glyph_memory.readers import Reading
from glyph_memory.style import PageStyle
from glyph_memory.testing import ScriptedReader
from tests.evaluate.calibration.fakes import SMALL, CliffReader, Known

LADDER = Ladder(
    base=SMALL,
    sizes_px=(12, 10, 9, 8),
    letters=("plain",),
    pitches=(10 / 9,),
    columns=(1,),
    marks=(False,),
    pages=(1, 2),
)
FLOOR = 0.9
"""Low, so that a proof takes some forty questions."""
KINDS = ("identifiers", "logs")


def read_from(cliff_px: float, low: float = 0.1) -> Any:
    """Return the chance of a reader that reads letters of so many pixels and larger ones."""
    return lambda rung: 1.0 if LADDER.get_size_px(rung) >= cliff_px else low


def run(reader: Any, **how: Any) -> Calibration:
    """Calibrate two kinds of text on small pages."""
    return calibrate(reader, **{"floor": FLOOR, "ladder": LADDER, "kinds": KINDS, **how})


def test_a_cliff_is_found_end_to_end(known: dict[str, Known]) -> None:
    """With pages, and with what was confused, said not to be stated, and timed."""
    reader = CliffReader(known, read_from(9))
    found = run(reader)
    assert [(one.kind, one.rung, one.is_proven, one.pages) for one in found.kinds] == [
        (kind, Rung(size=2, pages=1), True, 2) for kind in KINDS
    ]
    assert found.style().font_size_pt == 9
    assert (found.model, found.profile, found.left_out) == ("cliff", "glyph", ())
    assert found.confusions[0][:2] == ("8", "B")
    assert (found.not_stated.correct, found.not_stated.asked) == (48, 48)
    assert [(one.shown, one.is_cached, one.tokens) for one in found.prefill] == [
        ("text", False, 1000), ("text", True, 1000), ("page", False, 1000), ("page", True, 1000),
    ]  # fmt: skip
    assert set(reader.asked.values()) == {1}


def test_letters_that_a_reader_confuses_are_measured_to_be_risky(known: dict[str, Known]) -> None:
    """One that takes 0 for O and reads all else: what holds a 0 comes first in a ledger, hex without one last."""
    reader = CliffReader(known, lambda _: 0.5, misread=lambda right: right.replace("0", "O"))
    limits = run(reader, kinds=["logs", "identifiers"]).limits()
    assert limits.letters is not None
    assert {one for one, _, wrong in limits.letters.alone if wrong} == {"0"}
    risk = find_risk(limits.letters)
    texts = ["9d7e4b1a", "8f0c2d1e", "8f0c2d0e", "7b1e4a9c8d2f6e3b5a1c9d7e"]
    assert sorted(texts, key=risk)[2:] == ["8f0c2d1e", "8f0c2d0e"]
    assert risk("8f0c2d1e") > 5 * risk("9d7e4b1a")


def test_a_reader_that_is_never_right_is_not_found_to_read(known: dict[str, Known]) -> None:
    """A calibration that calls everything legible would fail here."""
    found = run(CliffReader(known, lambda _: 0.0), kinds=["logs"])
    assert found.kinds[0].rung is None
    assert {measured.verdict for measured in found.kinds[0].measured} == {"missed"}


def test_a_calibration_that_was_killed_goes_on_with_the_same_result(
    known: dict[str, Known], tmp_path: Path
) -> None:
    """Killed thrice, at any question; nothing is asked twice, and nothing of a line that was half written counts."""
    whole = run(CliffReader(known, read_from(9)))
    asked = Counter[tuple[str, str, str, int]]()
    folder = tmp_path / "answers"
    for stop in (5, 50, 71):
        reader = CliffReader(known, read_from(9), ends_after=(stop, KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            run(reader, folder=folder, max_concurrent=1)
        asked += reader.asked
        with (folder / "answers.jsonl").open("a") as file:
            file.write('{"kind": "logs", "rung": "0.0')
    reader = CliffReader(known, read_from(9))
    found = run(reader, folder=folder)
    asked += reader.asked
    assert replace(found, prefill=()) == replace(whole, prefill=())
    assert set(asked.values()) == {1}
    assert asked.total() == whole.questions - 12  # those that take times


def test_a_calibration_that_is_done_asks_nothing_again(known: dict[str, Known], tmp_path: Path) -> None:
    """Its times are those that were taken."""
    first = run(CliffReader(known, read_from(9)), folder=tmp_path)
    reader = CliffReader(known, read_from(9), ends_after=(0, AssertionError("asked")))
    assert run(reader, folder=tmp_path) == first


def test_a_folder_of_other_settings_is_refused_by_name(known: dict[str, Known], tmp_path: Path) -> None:
    """With what is other."""
    run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)
    with pytest.raises(GlyphMemoryError, match=r"are of floor=0\.9, not of 0\.8; give another folder"):
        run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path, floor=0.8)


def test_two_runs_do_not_write_to_one_folder(known: dict[str, Known], tmp_path: Path) -> None:
    """The second is refused while the first asks."""
    refused = list[str]()

    def chance(rung: Rung) -> float:
        if not refused:
            with pytest.raises(GlyphMemoryError, match="another run writes to") as caught:
                run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)
            refused.append(str(caught.value))
        return 0.0

    run(CliffReader(known, chance), kinds=["logs"], folder=tmp_path, max_concurrent=1)
    assert refused


def test_lines_that_are_no_answers_are_named(known: dict[str, Known], tmp_path: Path) -> None:
    """By number and file."""
    run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)
    path = tmp_path / "answers.jsonl"
    path.write_text(json.dumps({"kind": "logs"}) + "\n" + path.read_text())
    with pytest.raises(GlyphMemoryError, match=r"line 1 of .*answers\.jsonl' holds no answer"):
        run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)


@pytest.mark.parametrize(
    "changed", [{"rung": "zz"}, {"said": 5}, {"prompt_tokens": "many"}, {"is_cut_off": "no"}, {"phase": []}]
)
def test_a_line_whose_fields_hold_something_else_is_named(
    known: dict[str, Known], tmp_path: Path, changed: dict[str, object]
) -> None:
    """Before anybody is asked, and not by an error from the middle of the sums."""
    run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)
    path = tmp_path / "answers.jsonl"
    first, *rest = path.read_text().splitlines(True)
    path.write_text(json.dumps(json.loads(first) | changed) + "\n" + "".join(rest))
    with pytest.raises(GlyphMemoryError, match=r"line 1 of .*answers\.jsonl' holds no answer"):
        run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)


def test_a_line_that_is_no_text_is_named_and_not_called_a_full_disk(
    known: dict[str, Known], tmp_path: Path
) -> None:
    """As a disk that fails leaves it."""
    run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)
    path = tmp_path / "answers.jsonl"
    path.write_bytes(b"\xff\xfe\n" + path.read_bytes())
    with pytest.raises(GlyphMemoryError, match=r"line 1 of .*answers\.jsonl' holds no answer"):
        run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)


def test_answers_without_their_settings_are_refused(known: dict[str, Known], tmp_path: Path) -> None:
    """Nobody knows of which texts, styles and reader they are."""
    run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)
    (tmp_path / "settings.json").unlink()
    with pytest.raises(GlyphMemoryError, match=r"has answers and no settings\.json"):
        run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path)


def test_answers_of_two_models_are_never_one_calibration(known: dict[str, Known], tmp_path: Path) -> None:
    """The server was started again with another model: that is told at its first answer, which is not kept."""
    ended = ReaderUnavailable("no answer from the server")
    with pytest.raises(ReaderUnavailable):
        run(CliffReader(known, read_from(9), ends_after=(20, ended)), folder=tmp_path, max_concurrent=1)

    class Other(CliffReader):
        def read(self, context: Context) -> Reading:
            return replace(super().read(context), model="another")

    kept = (tmp_path / "answers.jsonl").read_bytes()
    with pytest.raises(
        GlyphMemoryError, match=r"holds answers of the model 'cliff', and 'another' answers now"
    ):
        run(Other(known, read_from(9)), folder=tmp_path)
    assert (tmp_path / "answers.jsonl").read_bytes() == kept
    assert run(CliffReader(known, read_from(9)), folder=tmp_path).model == "cliff"


def test_answers_within_another_limit_of_tokens_are_refused(known: dict[str, Known], tmp_path: Path) -> None:
    """What was cut off would stay so, however much is allowed now."""
    run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path, max_tokens=512)
    with pytest.raises(GlyphMemoryError, match="are of max_tokens=512, not of 4096"):
        run(CliffReader(known, lambda _: 0.0), kinds=["logs"], folder=tmp_path, max_tokens=4096)


def test_a_prompt_that_is_too_large_to_time_loses_no_calibration(
    known: dict[str, Known], tmp_path: Path
) -> None:
    """The window of a small server holds pages, and not the long text whose time is taken."""

    class Small(CliffReader):
        def read(self, context: Context) -> Reading:
            if not context.images:
                raise ReaderOverflow("the window is too small")
            return super().read(context)

    found = run(Small(known, read_from(9)), kinds=["logs"], folder=tmp_path)
    assert (found.kinds[0].rung, found.kinds[0].is_proven) == (Rung(size=2, pages=1), True)
    assert (found.prefill, found.left_out) == ((), ("no times are taken: the window is too small",))


def test_an_answer_may_hold_any_characters(known: dict[str, Known], tmp_path: Path) -> None:
    """Half a letter, and what other programs take for the end of a line."""

    def blind() -> CliffReader:
        return CliffReader(known, lambda _: 0.0, misread=lambda _: "\ud800 \u2028 \x85 \x00 編")

    first = run(blind(), kinds=["logs"], folder=tmp_path)
    assert run(blind(), kinds=["logs"], folder=tmp_path) == first


def test_a_server_that_dies_is_told_with_what_is_kept(known: dict[str, Known], tmp_path: Path) -> None:
    """Its failures are no wrong answers; the next run goes on."""
    dead = ReaderUnavailable("no answer from the server")
    reader = CliffReader(known, read_from(9), ends_after=(40, dead))
    with pytest.raises(
        ReaderUnavailable, match=r"no answer from the server \(40 questions are answered; .* goes on"
    ):
        run(reader, folder=tmp_path, max_concurrent=1)
    assert run(CliffReader(known, read_from(9)), folder=tmp_path).kinds[0].rung == Rung(size=2, pages=1)


def test_requests_that_are_too_large_are_no_wrong_answers(known: dict[str, Known], tmp_path: Path) -> None:
    """Two pages are more than the server takes: one is what was proven, also when it goes on."""

    class Narrow(CliffReader):
        def read(self, context: Context) -> Reading:
            if len(context.images) > 1:
                raise ReaderRefused("at most 1 image may be provided")
            return super().read(context)

    found = run(Narrow(known, read_from(9)), kinds=["logs"], folder=tmp_path)
    assert (found.kinds[0].rung, found.kinds[0].pages) == (Rung(size=2), 1)
    assert run(Narrow(known, read_from(9)), kinds=["logs"], folder=tmp_path) == found


def test_a_server_that_takes_no_page_is_an_error(known: dict[str, Known]) -> None:
    """There is nothing to measure."""
    reader = CliffReader(known, read_from(9), ends_after=(0, ReaderOverflow("the window is too small")))
    with pytest.raises(ReaderOverflow, match="the window is too small"):
        run(reader)


def test_it_ends_when_the_time_is_over(known: dict[str, Known], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found by then is told as not proven."""
    passed_s = 0.0

    def pass_time(now: CalibrationProgress) -> None:
        nonlocal passed_s
        passed_s = 61.0 if "proving" in now.doing else 0.0

    monkeypatch.setattr(time, "monotonic", lambda: passed_s)
    found = run(CliffReader(known, read_from(9)), kinds=["logs"], minutes=1, progress=pass_time)
    assert found.left_out == (
        "the time was over while logs: proving it; what comes after is not measured, or not proven",
    )
    assert (found.kinds[0].rung, found.kinds[0].is_proven) == (Rung(size=2, pages=1), False)
    assert found.prefill == ()


def test_answers_that_were_cut_off_are_told(known: dict[str, Known]) -> None:
    """A model that thinks until its tokens are used up reads nothing, and may not be to blame."""
    found = run(ScriptedReader(lambda _: Reading(text="", finish_reason="length")), kinds=["logs"])
    assert found.kinds[0].tally.abstained == found.kinds[0].tally.asked
    assert "answers were cut off" in found.left_out[0]
    assert (found.not_stated.correct, found.not_stated.abstained) == (0, 24)


def test_progress_tells_how_many_questions_are_left(known: dict[str, Known]) -> None:
    """And how long they will take, once that can be told."""
    told = list[CalibrationProgress]()
    found = run(CliffReader(known, read_from(9)), kinds=["logs"], progress=told.append)
    assert [one.asked for one in told] == list(range(1, found.questions + 1))
    assert all(one.expected > one.asked for one in told)
    assert told[0].seconds_left is None
    assert told[-1].seconds_left is not None
    assert "logs: looking for a style" in {one.doing for one in told}
    assert abs(told[30].expected - found.questions) < found.questions


def test_the_nano_reader_reads_large_letters_and_not_tiny_ones() -> None:
    """A reader of pixels, end to end: 12 px, and never 4."""
    wide = PageStyle(page_height_pt=170, snap_px=1)
    ladder = replace(LADDER, base=wide, sizes_px=(12, 4), pages=(1,))
    found = calibrate("nano", floor=0.6, ladder=ladder, kinds=["identifiers", "cjk"])
    assert [(one.kind, one.rung, one.is_proven) for one in found.kinds] == [("identifiers", Rung(), True)]
    assert found.left_out == ("cjk is left out: the nano reader does not vouch for Chinese",)
    assert found.model == "nano"


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"floor": 1.0}, StyleError, r"floor=1\.0 is above 0\.999"),
        ({"floor": "high"}, StyleError, "floor='high' is no finite number"),
        ({"minutes": 0}, StyleError, "minutes=0 is not above 0"),
        ({"max_concurrent": 0}, StyleError, "max_concurrent=0 is below 1"),
        ({"kinds": ["poems"]}, DocumentError, "no kind of text 'poems' can be calibrated"),
        ({"kinds": []}, DocumentError, "no kind of text can be calibrated: none was given"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(
    how: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Before anything is asked."""
    with pytest.raises(error, match=message):
        run(ScriptedReader([]), **how)


def test_what_is_no_reader_is_refused() -> None:
    """A name that there is not, and a class."""
    with pytest.raises(ReaderRefused, match="'nanno' is no reader"):
        run("nanno")
