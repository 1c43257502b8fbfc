"""`ReadingLimits`: what a memory takes of a calibration: which styles are read, and which letters are misread.

Knows styles and counts; knows nothing about how they were measured, nor about models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from glyph_memory.checks import check_number
from glyph_memory.errors import ProfileError, StyleError, show_value
from glyph_memory.style.calibration_file import (
    CALIBRATE_AGAIN,
    CALIBRATION_FORMAT,
    check_format,
    read_calibration_file,
    tell_no_kind,
    tell_no_style,
)
from glyph_memory.style.denser import find_denser, measure_letters
from glyph_memory.style.letter_counts import LetterCounts
from glyph_memory.style.page_style import PageStyle
from glyph_memory.style.spelling import read_style_fields, style_to_json
from glyph_memory.style.typesetter import TYPESETTER


@runtime_checkable
class Calibrated(Protocol):
    """What has reading limits: a `Calibration` does."""

    def limits(self) -> ReadingLimits:
        """Return what a memory takes of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KindLimit:
    """The densest style of one kind of text that is read."""

    kind: str
    """Which: prose, code, logs, identifiers or cjk."""
    style: PageStyle | None
    """The style; None where none on the ladder could be proven to keep the floor."""
    is_proven: bool = True
    """Whether that holds with the calibration's confidence; otherwise the time was over."""
    fingerprint: str = ""
    """Of that style where it was measured, with the fonts and libraries of the machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingLimits:
    """What one model reads, as a memory takes it: a calibration's `limits()`, or `ReadingLimits.load` of its file.

    Example:
        >>> limits = ReadingLimits(profile="glyph", floor=0.98, style=PageStyle.glyph())
        >>> limits.check_style(PageStyle(font_size_pt=7))
        Traceback (most recent call last):
        ...
        glyph_memory.errors.StyleError: letters of 7 px are smaller than 9 px: with 'glyph' that is below the floor \
of 0.98, or was not measured; take a sharper style, or calibrate again
    """

    profile: str
    """The name of the model's profile."""
    floor: float
    """The share of right answers that the styles keep."""
    style: PageStyle | None
    """The densest that is nowhere denser than that of any kind; None where a kind has none."""
    kinds: tuple[KindLimit, ...] = ()
    """By kind of text."""
    model: str | None = None
    """The model's name, as its server gave it."""
    letters: LetterCounts | None = None
    """How often letters were misread; None where that was not counted."""

    @property
    def name(self) -> str:
        """What the model is called in messages."""
        return self.model or self.profile

    @classmethod
    def of(cls, value: ReadingLimits | Calibrated | str | Path) -> ReadingLimits:
        """Return reading limits, given themselves, a calibration, or the path of its file.

        Raises:
            GlyphMemoryError: The file cannot be read.
            StyleError: It is no calibration, or of another version.
        """
        if isinstance(value, ReadingLimits):
            return value
        if isinstance(value, str | Path):
            return cls.load(value)
        if not isinstance(value, type) and isinstance(value, Calibrated):
            found = value.limits()
            if isinstance(found, ReadingLimits):
                return found
        raise StyleError(
            f"{show_value(value)} is no calibration; give a Calibration, its limits(), or the path of its file"
        )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what a memory takes of a calibration's file.

        Raises:
            GlyphMemoryError: It cannot be read.
            StyleError: It is no calibration, or of another version.
        """
        return cls.from_json(read_calibration_file(path))

    def find_style(self, kind: str | None = None) -> PageStyle:
        """Return the densest style that keeps the floor.

        Args:
            kind: For which kind of text; for all of them unless given.

        Raises:
            StyleError: There is none.
        """
        style = self.style if kind is None else self.find_kind(kind).style
        if style is None:
            unread = [one.kind for one in self.kinds if one.style is None and kind in {None, one.kind}]
            raise StyleError(tell_no_style(self.name, self.floor, unread))
        return style

    def find_kind(self, kind: str) -> KindLimit:
        """Return the limit of a kind of text.

        Raises:
            StyleError: It was not measured.
        """
        for one in self.kinds:
            if one.kind == kind:
                return one
        raise StyleError(tell_no_kind(self.name, kind, [one.kind for one in self.kinds]))

    def for_kind(self, kind: str) -> Self:
        """Return the limits for a memory that holds one kind of text alone.

        Raises:
            StyleError: It was not measured.
        """
        only = self.find_kind(kind)
        return replace(self, style=only.style, kinds=(only,))

    def check_style(
        self, style: PageStyle | str, *, measure: Callable[[PageStyle], float] = measure_letters
    ) -> None:
        """Raise an error for a style that is denser anywhere than what was found to keep the floor.

        Args:
            style: Any.
            measure: Returns the em of a style's letters in pixels, where the model sees them.

        Raises:
            StyleError: It is denser, or has a look that was not measured; or no style keeps the floor.
        """
        given = PageStyle.of(style)
        fault = find_denser(given, self.find_style(), measure=measure)
        if not fault:
            return
        unread = [
            one.kind
            for one in self.kinds
            if one.style is not None and find_denser(given, one.style, measure=measure)
        ]
        if self.kinds and not unread:  # what helps to read one of them is not needed for larger letters
            return
        kind = f" for {', '.join(unread)}" if unread else ""
        raise StyleError(
            f"{fault}: with {self.name!r} that is below the floor of {self.floor:.4g}{kind}, or was not measured; "
            "take a sharper style, or calibrate again"
        )

    def check_model(self, *, profile: str | None = None, model: str | None = None) -> None:
        """Raise an error where the limits are of another model.

        Args:
            profile: The name of the profile of the model that will read.
            model: Its name, as its server gives it.

        Raises:
            ProfileError: It is another.
        """
        if profile not in {None, self.profile}:
            raise ProfileError(
                f"this calibration is of {show_value(self.profile)}, not of {profile!r}; {CALIBRATE_AGAIN} for that "
                f"model, or give profile={show_value(self.profile)}"
            )
        if model is not None and self.model is not None and model != self.model:
            raise ProfileError(
                f"this calibration is of {show_value(self.model)}, not of {model!r}; {CALIBRATE_AGAIN} for that model"
            )

    def to_json(self) -> dict[str, object]:
        """Return the limits as plain values for JSON: the part of a calibration's file that `from_json` reads."""
        return {
            "format": CALIBRATION_FORMAT,
            "style_version": TYPESETTER,
            "model": self.model,
            "profile": self.profile,
            "floor": self.floor,
            "letters": None if self.letters is None else self.letters.to_json(),
            "limits": {
                "style": None if self.style is None else style_to_json(self.style),
                "kinds": [
                    {
                        "kind": one.kind,
                        "style": None if one.style is None else style_to_json(one.style),
                        "is_proven": one.is_proven,
                        "fingerprint": one.fingerprint,
                    }
                    for one in self.kinds
                ],
            },
        }

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the limits of what `to_json` returned, or of what a calibration's file holds.

        Raises:
            StyleError: It is none, or of another version of the format or the typesetter.
        """
        known = check_format(value)
        try:
            limits = known["limits"]
            check_number("floor", known["floor"], StyleError, at_most=1, is_open=True)
            return cls(
                profile=str(known["profile"]),
                floor=float(known["floor"]),
                style=_read_style(limits["style"]),
                kinds=tuple(map(_read_kind, limits["kinds"])),
                model=None if known["model"] is None else str(known["model"]),
                letters=None if known["letters"] is None else LetterCounts.from_json(known["letters"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise StyleError(f"no calibration: {error!s:.200}; {CALIBRATE_AGAIN}") from error


def _read_style(value: object) -> PageStyle | None:
    return None if value is None else PageStyle(**read_style_fields(value))


def _read_kind(value: Mapping[str, Any]) -> KindLimit:
    return KindLimit(
        kind=str(value["kind"]),
        style=_read_style(value["style"]),
        is_proven=bool(value["is_proven"]),
        fingerprint=str(value["fingerprint"]),
    )
