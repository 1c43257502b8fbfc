"""`calibrate`: find out which styles a model reads.

Wiring only: what is asked next is decided in `search`, by the tests in `sequential`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from glyph_memory import __version__
from glyph_memory.checks import check_number, check_whole
from glyph_memory.errors import DocumentError, ReaderRefused, StyleError, show_value
from glyph_memory.evaluate.calibration.answers import Answer, AnswerBook
from glyph_memory.evaluate.calibration.calibration import Calibration
from glyph_memory.evaluate.calibration.drawing import SheetDrawer
from glyph_memory.evaluate.calibration.examiner import Examiner
from glyph_memory.evaluate.calibration.judging import count_letters, find_confusions
from glyph_memory.evaluate.calibration.ladder import Ladder, Rung
from glyph_memory.evaluate.calibration.prefill import PrefillSpeed, measure_prefill
from glyph_memory.evaluate.calibration.progress import CalibrationProgress, Estimate
from glyph_memory.evaluate.calibration.results import KindCalibration, Measured, Tally
from glyph_memory.evaluate.calibration.search import (
    Found,
    OutOfTime,
    Proven,
    RungRefused,
    prove_rung,
    search_rungs,
)
from glyph_memory.evaluate.calibration.sequential import Verdict
from glyph_memory.evaluate.calibration.sheets import KINDS, make_records
from glyph_memory.nano import NanoReader
from glyph_memory.nano.claims import find_unclaimed
from glyph_memory.readers import Reader
from glyph_memory.style import TYPESETTER
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import style_fingerprint

_NOT_STATED = 24
"""Questions of a kind that its pages do not tell."""


def calibrate(
    reader: Reader | str,
    profile: ModelProfile | str = "glyph",
    *,
    floor: float = 0.98,
    confidence: float = 0.95,
    kinds: Sequence[str] = KINDS,
    ladder: Ladder | None = None,
    minutes: float | None = None,
    folder: str | Path | None = None,
    seed: int = 0,
    max_tokens: int | None = None,
    max_concurrent: int = 8,
    progress: Callable[[CalibrationProgress], None] | None = None,
) -> Calibration:
    """Find, for each kind of text, the densest style of a ladder that a model reads.

    The model is asked small questions with exact answers about invented texts, by sequential tests: a style that is
    clearly misread costs a few questions, the one that is proven some two hundred at a floor of 0.98. A question is
    answered where the answer is right to the letter; "not stated" is no right answer to what the pages tell.

    Args:
        reader: Who is asked, or "nano" for the embedded one. One that may write without end needs a limit of its own,
            as `OpenAIReader(max_tokens=…)`.
        profile: The model's: pages get sides that it does not rescale.
        floor: The share of right answers that a style is to keep.
        confidence: With which it does, for each kind of text.
        kinds: Which texts, of `KINDS`.
        ladder: Styles to look at; `Ladder.for_profile` unless given.
        minutes: When to stop: what is not proven by then is told as such. Without a limit unless given.
        folder: Where answers are kept as they come. Another run with the same settings asks nothing again that stands
            there, and ends with the same result.
        seed: Another one asks about other texts.
        max_tokens: The longest answer that the reader may write, as it was told; only noted in the folder.
        max_concurrent: Questions that are asked at a time.
        progress: Called after each answer.

    Raises:
        DocumentError: There is no such kind, or none that can be drawn here.
        GlyphMemoryError: Another run holds the folder, or it is of other settings.
        ProfileError: There is no such model.
        ReaderError: The reader fails; what it answered until then is kept in the folder.
        StyleError: A number is out of range.
    """
    if reader == "nano":
        reader, max_concurrent = NanoReader(), 1
    if isinstance(reader, str) or not callable(getattr(reader, "read", None)):
        raise ReaderRefused(
            f"{show_value(reader)} is no reader; give an object with a method read(context), or 'nano'"
        )
    model = ModelProfile.of(profile)
    ladder = Ladder.for_profile(model) if ladder is None else ladder
    check_number("floor", floor, StyleError, at_least=0.5, at_most=0.999)
    check_number("confidence", confidence, StyleError, at_least=0.5, at_most=0.9999)
    check_number("minutes", minutes, StyleError, is_open=True, or_none=True)
    check_whole("max_concurrent", max_concurrent, StyleError, at_least=1)
    drawer = SheetDrawer(ladder, model, seed=seed)
    drawn, left_out = _choose_kinds(kinds, drawer, is_nano=isinstance(reader, NanoReader))
    settings = {
        "package": __version__,
        "style_version": TYPESETTER,
        "reader": _name_reader(reader),
        "profile": model.name,
        "floor": floor,
        "confidence": confidence,
        "kinds": list(drawn),
        "ladder": ladder.to_json(),
        "seed": seed,
        "max_tokens": max_tokens,
    }
    with AnswerBook.open(None if folder is None else Path(folder), settings) as book:
        run = _Run(
            reader, model, drawer, ladder, book, floor=floor, confidence=confidence, minutes=minutes, progress=progress,
            max_concurrent=max_concurrent,
        )  # fmt: skip
        return run.calibrate_kinds(drawn, left_out)


class _Run:
    """A calibration while it runs."""

    def __init__(
        self,
        reader: Reader,
        profile: ModelProfile,
        drawer: SheetDrawer,
        ladder: Ladder,
        book: AnswerBook,
        *,
        floor: float,
        confidence: float,
        minutes: float | None,
        max_concurrent: int,
        progress: Callable[[CalibrationProgress], None] | None,
    ) -> None:
        self._reader, self._profile, self._drawer, self._ladder, self._book = (
            reader,
            profile,
            drawer,
            ladder,
            book,
        )
        self._floor, self._confidence, self._doing = floor, confidence, ""
        self._estimate = Estimate(ladder, book, floor=floor, confidence=confidence, progress=progress)
        self._examiner = Examiner(
            reader,
            drawer,
            book,
            max_concurrent=max_concurrent,
            deadline_s=None if minutes is None else time.monotonic() + 60 * minutes,
            told=lambda _: self._estimate.tell(),
        )

    def calibrate_kinds(self, kinds: Sequence[str], left_out: Sequence[str]) -> Calibration:
        """Search all kinds, then prove each: where the time is over, there is something to tell of every kind."""
        found, proven, told = dict[str, Found](), dict[str, Proven](), list(left_out)
        prefill: tuple[PrefillSpeed, ...] = ()
        try:
            for place, kind in enumerate(kinds):
                self._begin("looking for a style", kind, searches=len(kinds) - place, proofs=len(kinds))
                found[kind] = search_rungs(
                    self._ladder,
                    self._examiner.ask_about(kind),
                    cost=lambda rung, kind=kind: self._drawer.measure_cost(kind, rung),  # type: ignore[misc] # of now
                    floor=self._floor,
                )
            for place, kind in enumerate(kinds):
                self._begin("proving it", kind, proofs=len(kinds) - place)
                proven[kind] = prove_rung(
                    found[kind].way,
                    self._examiner.ask_about(kind),
                    floor=self._floor,
                    confidence=self._confidence,
                )
            for kind in kinds:
                self._begin("asking for what is not stated", kind)
                self._ask_not_stated(kind, proven[kind].rung or found[kind].way[-1])
            self._begin("taking times")
            rung = next((one.rung for one in proven.values() if one.rung), Rung())
            prefill = measure_prefill(
                self._reader, self._examiner, self._drawer, self._profile, kind=kinds[0], rung=rung
            )
        except RungRefused as error:
            told.append(f"no times are taken: {error}")
        except OutOfTime:
            told.append(
                f"the time was over while {self._doing}; what comes after is not measured, or not proven"
            )
        results = tuple(self._conclude(kind, found.get(kind), proven.get(kind)) for kind in kinds)
        if cut := sum(answer.is_cut_off for answer in self._book.select()):
            told.append(f"{cut:,} answers were cut off: raise the reader's max_tokens, with another folder")
        return self._sum_up(results, prefill, told)

    def _begin(self, doing: str, kind: str = "", *, searches: int = 0, proofs: int = 0) -> None:
        self._doing = f"{kind}: {doing}" if kind else doing
        self._estimate.begin(self._doing, searches=searches, proofs=proofs)

    def _ask_not_stated(self, kind: str, rung: Rung) -> None:
        try:
            self._examiner.ask_about(kind)(rung, "not stated", 0, _NOT_STATED)
        except RungRefused:
            return

    def _conclude(self, kind: str, found: Found | None, proven: Proven | None) -> KindCalibration:
        verdicts = self._list_verdicts(found, proven)
        measured = [
            Measured(
                rung=rung,
                looked_at=_count(self._book.select(kind=kind, rung=rung.key, phase="probe")),
                proof=_count(self._book.select(kind=kind, rung=rung.key, phase="proof")),
                verdict=verdicts.get(rung, "open"),
            )
            for rung in sorted({Rung.from_key(one.rung) for one in self._book.select(kind=kind)})
        ]
        rung = proven.rung if proven is not None else (found.way[-1] if found is not None else None)
        return KindCalibration(
            kind=kind,
            rung=rung,
            is_proven=proven is not None and rung is not None,
            pages=self._ladder.get_pages(rung) if rung else 0,
            ratio=self._drawer.measure_ratio(kind, rung) if rung else 0.0,
            fingerprint=style_fingerprint(self._ladder.build_style(rung)) if rung else "",
            measured=tuple(measured),
        )

    def _list_verdicts(self, found: Found | None, proven: Proven | None) -> dict[Rung, Verdict]:
        verdicts = dict[Rung, Verdict]()
        if found is not None:
            verdicts |= dict.fromkeys(found.way, "kept")
            verdicts |= dict.fromkeys(found.missed, "missed")
        if proven is not None:
            verdicts |= dict(proven.tried)
        return verdicts

    def _sum_up(
        self, kinds: tuple[KindCalibration, ...], prefill: tuple[PrefillSpeed, ...], left_out: Sequence[str]
    ) -> Calibration:
        confused = Counter[tuple[str, str]]()
        for answer in self._book.select():
            if answer.outcome == "silently wrong" and answer.right:
                confused.update(find_confusions(answer.said, answer.right))
        models = self._book.count_models()
        return Calibration(
            model=min(models) if len(models) == 1 else None,
            profile=self._profile.name,
            floor=self._floor,
            confidence=self._confidence,
            ladder=self._ladder,
            kinds=kinds,
            confusions=tuple(
                (truth, said, often)
                for (truth, said), often in sorted(confused.items(), key=lambda one: (-one[1], one[0]))
            ),
            not_stated=_count(self._book.select(phase="not stated")),
            letters=count_letters((one.said, one.right, one.outcome) for one in self._book.select()),
            prefill=prefill,
            questions=len(self._book),
            left_out=tuple(left_out),
        )


def _choose_kinds(
    kinds: Sequence[str], drawer: SheetDrawer, *, is_nano: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the kinds that can be measured, and a sentence for each of the others."""
    chosen, left_out = list[str](), list[str]()
    for kind in dict.fromkeys([kinds] if isinstance(kinds, str) else kinds):
        records = make_records(kind, seed="sample")
        if is_nano and (names := find_unclaimed("".join(next(records).text for _ in range(50)))):
            left_out.append(f"{kind} is left out: the nano reader does not vouch for {', '.join(names)}")
        elif not drawer.can_draw(kind):
            left_out.append(f"{kind} is left out: no font here has its characters; install one")
        else:
            chosen.append(kind)
    if not chosen:
        raise DocumentError(f"no kind of text can be calibrated: {'; '.join(left_out) or 'none was given'}")
    return tuple(chosen), tuple(left_out)


def _count(answers: Iterable[Answer]) -> Tally:
    outcomes = Counter(answer.outcome for answer in answers)
    return Tally(
        correct=outcomes["correct"],
        abstained=outcomes["abstained"],
        silently_wrong=outcomes["silently wrong"],
    )


def _name_reader(reader: Reader) -> str:
    """Return what tells one reader from another in the settings of a folder; readers' own names hold no secrets."""
    is_named = type(reader).__repr__ is not object.__repr__
    return repr(reader) if is_named else type(reader).__name__
