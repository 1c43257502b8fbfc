"""The `Calibration`: what a model reads, measured; as a file, and as the style of a memory's pages.

Knows results; asks nobody anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, Unpack

from glyph_memory import __version__
from glyph_memory.context import PageOptionFields, PageOptions
from glyph_memory.errors import GlyphMemoryError, StyleError, warn
from glyph_memory.evaluate.calibration.ladder import Ladder, Rung
from glyph_memory.evaluate.calibration.limits import make_limits
from glyph_memory.evaluate.calibration.prefill import PrefillSpeed
from glyph_memory.evaluate.calibration.prices import find_prices
from glyph_memory.evaluate.calibration.results import KindCalibration, Tally, kind_from_json, kind_to_json
from glyph_memory.files import write_atomic
from glyph_memory.folding import ServerPrices
from glyph_memory.style import (
    CALIBRATE_AGAIN,
    CALIBRATION_FORMAT,
    TYPESETTER,
    LetterCounts,
    PageStyle,
    ReadingLimits,
    check_format,
    find_denser,
    read_calibration_file,
    tell_no_kind,
    tell_no_style,
)
from glyph_memory.tokens import ModelProfile

_KNOWN = (1, CALIBRATION_FORMAT)
"""Formats that are read; 1 counted no letters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """Which styles a model reads: for each kind of text the densest that keeps a floor, and what else was measured."""

    model: str | None
    """The model's name, as the server gave it."""
    profile: str
    """The name of its profile."""
    floor: float
    """The share of right answers that was asked for."""
    confidence: float
    """With which each kind's style keeps it."""
    ladder: Ladder
    """The styles that were looked at."""
    kinds: tuple[KindCalibration, ...]
    """By kind of text."""
    confusions: tuple[tuple[str, str, int], ...]
    """Letters that were taken for others, and how often, falling: `("0", "O", 7)`; an empty one was left out."""
    not_stated: Tally
    """Answers to questions that the pages do not tell: "correct" says so."""
    letters: LetterCounts | None = None
    """How often letters were asked for, and how often they were misread; None in a file of format 1."""
    prefill: tuple[PrefillSpeed, ...] = ()
    """How fast prompts are taken in."""
    questions: int = 0
    """How many were asked."""
    left_out: tuple[str, ...] = ()
    """A sentence for everything that was not measured, with its reason."""
    package: str = __version__
    """The version of glyph-memory that measured it."""
    style_version: int = TYPESETTER
    """The version of the typesetter, which goes up when pages look different."""

    def find_kind(self, kind: str) -> KindCalibration:
        """Return what was measured of a kind of text.

        Raises:
            StyleError: It was not.
        """
        for one in self.kinds:
            if one.kind == kind:
                return one
        raise StyleError(tell_no_kind(self._name, kind, [one.kind for one in self.kinds]))

    def style(self, kind: str | None = None) -> PageStyle:
        """Return the densest style that keeps the floor.

        Args:
            kind: For which kind of text; for all that were measured unless given: the densest style that is nowhere
                denser than that of any of them.

        Raises:
            StyleError: None on the ladder could be proven to keep it.
        """
        return self.ladder.build_style(self._find_rung(kind))

    def pages(self, kind: str | None = None) -> int:
        """Return the most pages in a request with which the style was proven; raise `StyleError` as `style` does."""
        return self.ladder.get_pages(self._find_rung(kind))

    def prices(self) -> ServerPrices:
        """Return what the server charges for text and pages, in seconds; raise `PolicyError` where none was timed."""
        return find_prices(self.prefill, source=f"measured on {self._name}")

    def _find_rung(self, kind: str | None) -> Rung:
        chosen = self.kinds if kind is None else (self.find_kind(kind),)
        rungs = list[Rung]()
        for one in chosen:
            if one.rung is None:
                raise StyleError(tell_no_style(self._name, self.floor, [one.kind]))
            if not one.is_proven:
                warn(
                    f"the style for {one.kind} with {self._name!r} is not proven: the time was over; {CALIBRATE_AGAIN}"
                )
            rungs.append(one.rung)
        if not rungs:
            raise StyleError(tell_no_style(self._name, self.floor, []))
        return self.ladder.join(rungs)

    @property
    def _name(self) -> str:
        return self.model or self.profile

    def limits(self, kind: str | None = None) -> ReadingLimits:
        """Return what a memory takes of it: `PageOptions(calibration=…)`, `ModelProfile.with_calibration`.

        Args:
            kind: Of which kind of text alone; of all that were measured unless given.

        Raises:
            StyleError: There is no such kind.
        """
        return make_limits(
            self.kinds if kind is None else (self.find_kind(kind),),
            self.ladder,
            profile=self.profile,
            model=self.model,
            floor=self.floor,
            letters=self.letters,
        )

    def options(
        self,
        options: PageOptions | None = None,
        *,
        kind: str | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> PageOptions:
        """Return page options with this calibration; a style that is given and below the floor is refused.

        It is `PageOptions(calibration=self.limits(kind))`, with a word more about what was measured of a style that is
        refused. Whoever wants a style below the floor gives `PageOptions` no calibration.

        Args:
            options: What holds besides.
            kind: For which kind of text; for all unless given.
            **fields: Of `PageOptions`; they win.

        Raises:
            ProfileError: The options are for another model.
            StyleError: As `check_style`, or there is no style to take.
        """
        if options is None and "profile" not in fields:
            fields["profile"] = self.profile
        merged = PageOptions.merge(options, {**fields, "calibration": None})
        self.check_model(profile=merged.profile)
        if merged.style is not None:
            self.check_style(merged.page_style, kind=kind)
        return PageOptions.merge(merged, {"calibration": self.limits(kind)})

    def check_style(self, style: PageStyle | str, *, kind: str | None = None) -> None:
        """Raise an error for a style that is denser anywhere than what was found to keep the floor.

        Args:
            style: Any.
            kind: For which kind of text; for all unless given.

        Raises:
            StyleError: It is denser, which the message tells with the share of right answers where it was measured; or
                it is in a font that was not measured.
        """
        given = PageStyle.of(style)
        if not find_denser(given, self.style(kind)):
            return
        for one in self.kinds if kind is None else (self.find_kind(kind),):
            limit = self.style(one.kind)
            if fault := find_denser(given, limit):
                raise StyleError(
                    f"{fault}: with {self._name!r} that is below the floor of {self.floor:.4g} for {one.kind}, or "
                    f"was not measured{self._tell_share(one, given)}; take calibration.style({one.kind!r}), or "
                    "calibrate again"
                )

    def _tell_share(self, one: KindCalibration, style: PageStyle) -> str:
        size_px = style.to_vertical_px(style.font_size_pt)
        for measured in one.measured:
            tally = measured.proof if measured.proof.asked else measured.looked_at
            if abs(self.ladder.get_size_px(measured.rung) - size_px) < 0.05 and measured.verdict == "missed":
                return f" ({tally.correct} of {tally.asked} answers right at {size_px:.3g} px)"
        return ""

    def check_model(self, *, profile: ModelProfile | str | None = None, model: str | None = None) -> None:
        """Raise an error where the calibration is of another model.

        Args:
            profile: The model that will read.
            model: Its name, as a server gives it.

        Raises:
            ProfileError: It is another.
        """
        name = None if profile is None else ModelProfile.of(profile).name
        self.limits().check_model(profile=name, model=model)

    def to_json(self) -> dict[str, object]:
        """Return the calibration as plain values for JSON."""
        return {
            **self.limits().to_json(),
            "package": self.package,
            "style_version": self.style_version,
            "confidence": self.confidence,
            "ladder": self.ladder.to_json(),
            "kinds": [kind_to_json(one) for one in self.kinds],
            "confusions": [list(one) for one in self.confusions],
            "not_stated": asdict(self.not_stated),
            "prefill": [one.to_json() for one in self.prefill],
            "questions": self.questions,
            "left_out": list(self.left_out),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the calibration of what `to_json` returned.

        Raises:
            StyleError: It is none, or of another version of the format or the typesetter.
        """
        known = check_format(value, known=_KNOWN)
        try:
            return cls(
                model=known["model"],
                profile=str(known["profile"]),
                floor=float(known["floor"]),
                confidence=float(known["confidence"]),
                ladder=Ladder.from_json(known["ladder"]),
                kinds=tuple(map(kind_from_json, known["kinds"])),
                confusions=tuple(
                    (str(truth), str(said), int(often)) for truth, said, often in known["confusions"]
                ),
                not_stated=Tally(**known["not_stated"]),
                letters=None if known.get("letters") is None else LetterCounts.from_json(known["letters"]),
                prefill=tuple(PrefillSpeed(**one) for one in known["prefill"]),
                questions=int(known["questions"]),
                left_out=tuple(map(str, known["left_out"])),
                package=str(known["package"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise StyleError(f"no calibration: {error!s:.200}; {CALIBRATE_AGAIN}") from error

    def save(self, path: str | Path) -> None:
        """Write the calibration as a file of JSON.

        Raises:
            GlyphMemoryError: It cannot be written.
        """
        try:
            text = json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n"
            write_atomic(Path(path), text.encode())
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise GlyphMemoryError(f"cannot write {str(path)!r}: {why}; give another path") from error

    @classmethod
    def load(
        cls, path: str | Path, *, profile: ModelProfile | str | None = None, model: str | None = None
    ) -> Self:
        """Read a calibration from a file.

        Args:
            path: What `save` wrote.
            profile: The model that will read; one of another is refused.
            model: Its name, as a server gives it; likewise.

        Raises:
            GlyphMemoryError: It cannot be read.
            ProfileError: It is of another model.
            StyleError: It is no calibration, or of another version.
        """
        found = cls.from_json(read_calibration_file(path))
        found.check_model(profile=profile, model=model)
        return found
