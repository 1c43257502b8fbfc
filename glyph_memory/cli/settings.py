"""How a session's old turns become pages, as it was typed; kept beside the database for the next time.

A fold depends on all of this: opened with other settings, a session would be drawn anew. So what was typed once holds
until something else is. Where the database is no file, nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from glyph_memory.cli import files
from glyph_memory.cli.look import Look, find_profile
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.files import read_file
from glyph_memory.folding import FoldPolicy
from glyph_memory.readers import ServedModel
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile

_BYTES_AT_MOST = 16 << 20
"""Of all sessions' settings together: some hundred thousand."""

NO_CALIBRATION = "none"
"""What is typed to go on without a calibration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What was typed; `None` where nothing was."""

    profile: str | None = None
    """The model's name."""
    tokenizer: str | None = None
    """Path of its own tokenizer.json."""
    window: int | None = None
    """What the server takes, in tokens."""
    served_profile: str | None = None
    """The model, as the server said last; counts where none was typed."""
    served_window: int | None = None
    """What the server takes, as it said last; counts where none was typed."""
    keep: int | None = None
    """Recent text, in tokens."""
    max_tokens: int | None = None
    """Longest answer."""
    style: str | None = None
    """A preset's name, or a file's path."""
    dense: bool | None = None
    """Whether lines run together."""
    font: str | None = None
    """Instead of the style's own."""
    fallback_fonts: tuple[str, ...] | None = None
    """Tried for what that one lacks."""
    size_pt: float | None = None
    """Instead of the style's own."""
    dpi: float | None = None
    """Instead of the style's own."""
    canaries: int | None = None
    """Of sealed pages each so-many-th carries a code; none does where it is 0."""
    calibration: str | None = None
    """The file of what the model was found to read; `none` for none."""

    @property
    def calibration_file(self) -> str | None:
        """The calibration's file, if there is one."""
        return None if self.calibration == NO_CALIBRATION else self.calibration

    @property
    def is_look_calibrated(self) -> bool:
        """Whether the calibration alone says how pages look, so that each kind of text may have a style of its own."""
        typed = (self.dense, self.font, self.fallback_fonts, self.size_pt, self.dpi)
        return self.calibration_file is not None and self.style in {None, "auto"} and not any(typed)

    def fill_from(self, earlier: Settings) -> Settings:
        """Return these settings, with the earlier ones where nothing was typed."""
        return replace(earlier, **self.to_json())

    def with_served(self, served: ServedModel | None) -> Settings:
        """Return these settings with what the server said; with what it said earlier where it says nothing."""
        if served is None:
            return self
        profile = served.profile
        return replace(
            self,
            served_profile=self.served_profile if profile is None else profile.name,
            served_window=served.window_tokens or self.served_window,
        )

    def to_json(self) -> dict[str, Any]:
        """Return what was typed as plain values for JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def model(self) -> ModelProfile:
        """Return the model's profile.

        Raises:
            ProfileError: There is no such model, or no such tokenizer.
        """
        return find_profile(self.profile or self.served_profile or "glyph", tokenizer=self.tokenizer)

    def served_model(self) -> ModelProfile:
        """Return the model's profile with the window that is served.

        Raises:
            ProfileError: There is no such model, or no such tokenizer.
        """
        profile = self.model()
        return replace(profile, window_tokens=self.window or self.served_window or profile.window_tokens)

    def page_style(self, profile: ModelProfile) -> PageStyle:
        """Return the style, fitted to the model.

        Raises:
            StyleError: There is none such, or it cannot be drawn.
        """
        look = Look(
            style=self.style or "auto",
            font=self.font,
            fallback_fonts=self.fallback_fonts or (),
            size_pt=self.size_pt,
            dpi=self.dpi,
            dense=bool(self.dense),
            calibration=self.calibration_file,
        )
        return look.build_style(profile)

    def policy(self, profile: ModelProfile) -> FoldPolicy:
        """Return the policy that fits the window, with as much recent text as was asked for.

        Raises:
            PolicyError: The window has no room for that.
        """
        policy = FoldPolicy.for_profile(self.served_model())
        keep = self.keep or policy.keep_recent_tokens
        return replace(
            policy,
            output_tokens=max(policy.output_tokens, self.max_tokens or 0),
            keep_recent_tokens=keep,
            trigger_tokens=policy.trigger_tokens + keep - policy.keep_recent_tokens,
        )


def name_calibration(typed: str | None) -> str | None:
    """Return a calibration's file as it is kept, with its whole path: the next chat may begin in another folder."""
    return typed if typed in {None, NO_CALIBRATION} else str(Path(typed or "").absolute())


def load_settings(path: Path | None, session: str) -> Settings:
    """Return the saved settings of a session; empty ones where there are none that make sense."""
    found = _load_all(path).get(_key(session))
    known = {field.name for field in fields(Settings)}
    if not isinstance(found, dict) or not found.keys() <= known:
        return Settings()
    fonts = found.get("fallback_fonts")
    return (
        Settings(**found | {"fallback_fonts": tuple(fonts)}) if isinstance(fonts, list) else Settings(**found)
    )


def save_settings(path: Path | None, session: str, settings: Settings) -> None:
    """Save what was typed for a session.

    Raises:
        GlyphMemoryError: It cannot be written.
    """
    if path is None or load_settings(path, session) == settings:
        return
    everything = _load_all(path) | {_key(session): settings.to_json()}
    files.write(_settings_path(path), json.dumps(everything, indent=1).encode(), is_private=True)


def _load_all(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found = json.loads(read_file(_settings_path(path), at_most=_BYTES_AT_MOST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _settings_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.settings")


def _key(session: str) -> str:
    """Return a hash that stands for a session's name, so that only the database holds the name itself."""
    return hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_usable(settings: Settings) -> bool:
    """Return whether settings can still be used; a tokenizer's file may be missing by now."""
    try:
        profile = settings.model()
        settings.page_style(profile)
        settings.policy(profile)
    except (GlyphMemoryError, TypeError):
        return False
    return True
