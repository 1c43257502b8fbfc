"""The `ServedModel`: what a server really serves: which model, in how large a window, with how many images.

Knows models and options; knows nothing about how that was found out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Unpack

from glyph_memory.context import PageOptionFields, PageOptions
from glyph_memory.errors import ProfileError, warn
from glyph_memory.style import ReadingLimits
from glyph_memory.tokens import ModelProfile

_CONTRADICTS = (
    "{where} serves {model!r}, which is {served!r}, and the profile is {given!r}: pages would be counted and drawn for "
    "another model; give profile={served!r}"
)
_SMALLER = "{where} takes {window:,} tokens and the policy is for {policy:,}: it is narrowed to that"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedModel:
    """What a server serves; `None` where it does not say.

    Example:
        >>> served = ServedModel(model="Qwen/Qwen2.5-VL-7B-Instruct", window_tokens=32_768)
        >>> served.profile.name, served.page_options().window_tokens
        ('qwen2.5-vl', 32768)
    """

    model: str | None = None
    """The model's name there, to be sent with requests."""
    window_tokens: int | None = None
    """What it takes, prompt and answer together."""
    max_images: int | None = None
    """Images that a request may hold."""
    takes_images: bool | None = None
    """Whether it takes images at all."""
    server: str | None = None
    """Which server it is, such as "vllm", "sglang", "llama.cpp", "ollama", "lmstudio", "tgi" or "litellm"."""
    weights: str | None = None
    """What the model was loaded from, a hub's id or a path, where that is told beside its name."""
    base_url: str | None = None
    """The address, without a name or password."""

    @property
    def profile(self) -> ModelProfile | None:
        """The profile of the model, by its name or by what it was loaded from; `None` where neither is known."""
        for name in filter(None, (self.weights, self.model)):
            try:
                profile = ModelProfile.from_name(name)
            except ProfileError:
                continue
            few = [limit for limit in (self.max_images, profile.max_images) if limit is not None]
            return replace(profile, max_images=min(few, default=None))
        return None

    def page_options(
        self, options: PageOptions | None = None, **fields: Unpack[PageOptionFields]
    ) -> PageOptions:
        """Return options that fit: the model's profile and the server's window, unless others are given.

        Warns, as `GlyphMemoryWarning`, of a given profile that is another model's, and of a given policy for a larger
        window.

        Args:
            options: What is wanted besides; or its fields as keywords.
            **fields: The fields of `PageOptions`.

        Raises:
            PolicyError: The window is too small for a memory.
            ProfileError: A calibration is given, and it is of another model than the one that is served.
        """
        served, where = self.profile, repr(self.base_url or "the server")
        changes: PageOptionFields = {}
        if served is not None and options is None and fields.get("profile") is None:
            fields["profile"] = served  # at once: a calibration given beside it is of this model
        given = PageOptions.merge(options, fields)
        self.check_calibration(given.calibration)
        if served is not None and served.image_rule != given.profile.image_rule:
            told = {"model": self.weights or self.model, "served": served.name, "given": given.profile.name}
            warn(_CONTRADICTS.format(where=where, **told))
        if given.window_tokens is None and self.window_tokens is not None:
            policy = given.policy
            if policy is not None and policy.window_tokens > self.window_tokens:
                said = _SMALLER.format(where=where, window=self.window_tokens, policy=policy.window_tokens)
                warn(said)
            changes["window_tokens"] = self.window_tokens
        return PageOptions.merge(given, changes)

    def check_calibration(self, limits: ReadingLimits | None) -> None:
        """Raise an error for a calibration of another model than the one that is served, by the server's name for it.

        Args:
            limits: What the model was found to read; None says nothing.

        Raises:
            ProfileError: It is of another model.
        """
        if limits is not None and limits.model != self.weights:
            limits.check_model(model=self.model)
