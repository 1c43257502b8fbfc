"""`PageOptions`: for which model old text becomes pages, how they look, and when; one value that everything takes.

Knows names and values; knows nothing about drawing or counting.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Self, cast, get_args

from glyph_memory.checks import check_whole
from glyph_memory.context.option_fields import Captions, PageOptionFields
from glyph_memory.context.places import read_place
from glyph_memory.errors import PolicyError, show_value, warn
from glyph_memory.folding import (
    Choice,
    FoldPolicy,
    PageCapacity,
    ServerPrices,
    choose_for_prices,
    count_showable_pages,
)
from glyph_memory.style import Calibrated, PageStyle, ReadingLimits
from glyph_memory.terminal_text import TerminalEscapes
from glyph_memory.tokens import ModelProfile, build_page_style

_BYTES_PER_PX = 0.075
"""Of a page's file. A full page takes 0.1; of the pages that could be shown, a conversation shows three quarters."""
_MAY_BE_NONE = frozenset({"style", "policy", "pages", "window_tokens", "canaries", "calibration", "prices"})
"""Fields whose None says something; elsewhere it stands for what was not given."""
_WIDER = (
    "the policy is for a window of {policy:,} tokens, and {name!r} has {model:,}; give window_tokens= what the server "
    "takes"
)


@dataclass(frozen=True, slots=True, init=False)
class PageOptions:
    """For which model old text becomes pages, how they look, and when.

    Give it as `options`, where several things are to agree, or its fields as keywords; a keyword wins.

    Args:
        profile: The model that will read, by name or as an object.
        style: How pages look, as a `PageStyle` or by the name of a preset such as "dark", which gets sides that the
            model does not rescale; unless given `PageStyle.auto`, which has the released Glyph model's letters and, for
            each run of turns, the cheapest layout.
        policy: When turns become pages, and what may be spent; `FoldPolicy.for_profile` unless given.
        window_tokens: What the server takes for prompt and answer together, such as vLLM's `--max-model-len`; the
            model's own window unless given. A policy for a larger window is narrowed to it. `find_served_model` asks
            the server.
        captions: Where pages' numbers and turns are told: in "text" before each, or, for servers and chat templates
            that part images from the text round them, on the "page" itself, which then is a little taller.
        pages: A folder for page files, which may be deleted at any time; or the address of one in an object store,
            such as "s3://bucket/pages", which machines may share. Unless given, files are kept beside an SQLite
            database, else in memory.
        terminal_escapes: Of what colours, cursor moves, progress bars and the like are taken out when it is sent, as
            text and on pages: of "tools", the tool results; "strip", of every turn; or "keep", of nothing. What is
            stored stays as it came.
        cached_conversations: Of how many long conversations pages are kept in memory, where one object serves many;
            those of others are drawn again. One takes some 4 MB at a window of 131k, more as the window is larger.
        canaries: Of sealed pages each so-many-th carries a short random code, for which `GlyphMemory.check` asks: 8 for
            pages 8, 16, 24, …; none unless given.
        calibration: What the model was found to read: the path of the file that `glyph-memory calibrate` wrote, a
            `Calibration`, or its `limits()`; the profile's own unless given. It gives the style where none is given,
            refuses one below its floor, and says which identifiers are misread most.
        prices: What the server charges for text and pages, such as `calibration.prices()`: old turns then become pages
            when that is cheaper there, and `choice` says why. Unless given, by the policy alone.

    Raises:
        GlyphMemoryError: The calibration's file cannot be read.
        ProfileError: No such model is known, or the calibration is of another.
        StyleError: There is no preset of that name, or it is below the calibration's floor; or the calibration is none.
        PolicyError: The policy is none, or the window is no number of tokens or too small.
        PolicyError: Pages are no folder and no address, or the address holds a password.
        PolicyError: Captions are neither "text" nor "page", terminal escapes are not one of the three, no
            conversation is to be kept, or canaries are no whole number above 0.

    Example:
        >>> PageOptions(profile="qwen3-vl", style="dark").page_style.page_px
        (608, 832)
    """

    profile: ModelProfile
    """The model that will read."""
    style: PageStyle | str | None
    """How pages look, as it was given; `page_style` is what they are drawn in."""
    policy: FoldPolicy | None
    """When turns become pages, as it was given; `fold_policy` is what is done."""
    window_tokens: int | None
    """What the server takes for prompt and answer together, as it was given."""
    captions: Captions
    """Where pages' numbers and turns are told."""
    pages: Path | str | None
    """A folder for page files, or the address of one in an object store, as text."""
    terminal_escapes: TerminalEscapes
    """Of what terminal escapes are taken out when it is sent."""
    cached_conversations: int
    """Of how many conversations pages are kept in memory."""
    canaries: int | None
    """Of sealed pages each so-many-th carries a code; none does where it is None."""
    calibration: ReadingLimits | None
    """What the model was found to read; None where that was not measured."""
    prices: ServerPrices | None
    """What the server charges for text and pages."""

    def __init__(
        self,
        *,
        profile: ModelProfile | str = "glyph",
        style: PageStyle | str | None = None,
        policy: FoldPolicy | None = None,
        window_tokens: int | None = None,
        captions: Captions = "text",
        pages: str | Path | None = None,
        terminal_escapes: TerminalEscapes = "tools",
        cached_conversations: int = 100,
        canaries: int | None = None,
        calibration: ReadingLimits | Calibrated | str | Path | None = None,
        prices: ServerPrices | None = None,
    ) -> None:
        model = ModelProfile.of(profile)
        given = {
            "profile": model if model.reading is None else replace(model, reading=None),
            "style": style,
            "policy": policy,
            "window_tokens": window_tokens,
            "captions": captions,
            "pages": read_place(pages),
            "terminal_escapes": terminal_escapes,
            "cached_conversations": cached_conversations,
            "canaries": canaries,
            "calibration": model.reading if calibration is None else ReadingLimits.of(calibration),
            "prices": prices,
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)  # a frozen value's own constructor
        self.__post_init__()

    def __post_init__(self) -> None:
        """Raise an error for what cannot work."""
        if self.style is not None:
            PageStyle.of(self.style)
        self.page_style  # noqa: B018  a style that there is not, or that is not read, is refused at once
        if not isinstance(self.policy, FoldPolicy | None):
            raise PolicyError(f"{self.policy!r} is no policy; give a FoldPolicy, or None for the model's own")
        if self.window_tokens is not None:
            if isinstance(self.window_tokens, bool) or not isinstance(self.window_tokens, int):
                raise PolicyError(
                    f"window_tokens={self.window_tokens!r} is no number of tokens; give a whole number such as 8192"
                )
            self.fold_policy  # noqa: B018  a window that is too small for it is refused at once
        if self.captions not in get_args(Captions):
            raise PolicyError(f"captions={show_value(self.captions)} is neither 'text' nor 'page'")
        if self.terminal_escapes not in get_args(TerminalEscapes):
            raise PolicyError(
                f"terminal_escapes={show_value(self.terminal_escapes)} is none of 'tools', 'strip', 'keep'; give one"
            )
        check_whole("cached_conversations", self.cached_conversations, PolicyError, at_least=1)
        check_whole("canaries", self.canaries, PolicyError, at_least=1, or_none=True)
        if not isinstance(self.prices, ServerPrices | None):
            raise PolicyError(
                f"prices={show_value(self.prices)} are no ServerPrices; give calibration.prices(), or None"
            )

    @classmethod
    def merge(
        cls, options: Self | None, keywords: PageOptionFields, *, profile: ModelProfile | str | None = None
    ) -> Self:
        """Return options in which keywords take the place of fields: what a function with both was told.

        Args:
            options: What was given as `options`; the defaults where it is None.
            keywords: What was given beside it; None for the profile or the captions stands for nothing given.
            profile: The model, where it was given by position.

        Raises:
            TypeError: A keyword is no field, or `options` is something else.

        Example:
            >>> PageOptions.merge(PageOptions(profile="qwen3-vl"), {"captions": "page"}).profile.name
            'qwen3-vl'
        """
        if not isinstance(options, cls | None):
            raise TypeError(f"options={options!r} is no PageOptions; give one, or its fields as keywords")
        known = [field.name for field in fields(cls)]
        if unknown := [name for name in keywords if name not in known]:
            raise TypeError(
                f"unexpected keyword {unknown[0]!r}; page options are {', '.join(known)}, "
                "besides what the call itself takes"
            )
        if profile is not None:
            if "profile" in keywords:
                raise TypeError(f"the profile is given twice, {profile!r} and {keywords['profile']!r}")
            keywords = {**keywords, "profile": profile}
        base = options or cls()
        given = {name: getattr(base, name) for name in known}
        said = {name: value for name, value in keywords.items() if value is not None or name in _MAY_BE_NONE}
        merged = cast("PageOptionFields", {**given, **said})
        return cls(**merged)

    @property
    def page_style(self) -> PageStyle:
        """How pages look: a given style as it is, a preset with sides that the model does not rescale."""
        return build_page_style(self.style, self.calibrated_profile)

    @property
    def calibrated_profile(self) -> ModelProfile:
        """The model, with what it was found to read: for what is given a profile alone."""
        return self.profile if self.calibration is None else replace(self.profile, reading=self.calibration)

    @property
    def cache_bytes(self) -> int:
        """What the page files of as many conversations take together as are to be kept in memory."""
        page_px = self.page_style.page_px
        pixels = page_px[0] * page_px[1]
        page = PageCapacity(
            characters=0,
            tokens=self.profile.image_tokens(page_px, images=2),
            pixels=pixels,
            bytes=int(pixels * _BYTES_PER_PX),
        )
        shown = count_showable_pages(self.fold_policy, page)
        return self.cached_conversations * max(1, shown) * page.bytes

    @property
    def known_window_tokens(self) -> int:
        """The window as it was given, or the model's own; a policy leaves some unused where tokens are estimated."""
        if self.window_tokens is not None:
            return self.window_tokens
        return self.profile.window_tokens if self.policy is None else self.policy.window_tokens

    @property
    def choice(self) -> Choice:
        """What the server is shown, text, pages or both, by its prices, and why."""
        return _choose(self.prices, self._plain_policy)

    @property
    def fold_policy(self) -> FoldPolicy:
        """When turns become pages: the policy that was given, or the model's own, for the window and the prices.

        Raises:
            PolicyError: The window is too small for a policy.
        """
        return self._plain_policy if self.prices is None else self.choice.apply(self._plain_policy)

    @property
    def _plain_policy(self) -> FoldPolicy:
        """The policy, whatever the server charges."""
        window = self.window_tokens
        if self.policy is not None:
            fits = window is None or self.policy.window_tokens <= window
            return self.policy if fits or window is None else self.policy.with_window(window)
        if window is None:
            return FoldPolicy.for_profile(self.profile)
        if window < 1:
            raise PolicyError(f"window_tokens={window!r} is below 1; give what the server takes")
        return FoldPolicy.for_profile(replace(self.profile, window_tokens=window))

    def narrow_window(self, window_tokens: int | None) -> Self:
        """Return options whose window is no larger than that; the same options where it is none or not smaller.

        Raises:
            PolicyError: The window is too small for a policy.
        """
        served = self.window_tokens or (self.policy or self.profile).window_tokens
        if window_tokens is None or window_tokens >= served:
            return self
        return type(self).merge(self, {"window_tokens": window_tokens})

    def narrow_images(self, max_images: int | None) -> Self:
        """Return options for requests of no more images than that; the same where it is none or not fewer.

        Raises:
            PolicyError: It leaves none for a page.
        """
        if max_images is None:
            return self
        known = self.fold_policy.max_images
        if known is not None and known <= max_images:
            return self
        profile = replace(self.profile, max_images=max_images)
        policy = None if self.policy is None else replace(self.policy, max_images=max_images)
        narrowed = type(self).merge(self, {"profile": profile, "policy": policy})
        narrowed.fold_policy  # noqa: B018  a limit that leaves none is refused at once
        return narrowed

    def warn_of_window(self) -> None:
        """Warn of a policy for a larger window than the model has, unless the server's window is given."""
        policy, profile = self.policy, self.profile
        if policy is not None and self.window_tokens is None and policy.window_tokens > profile.window_tokens:
            warn(_WIDER.format(policy=policy.window_tokens, name=profile.name, model=profile.window_tokens))


@lru_cache(maxsize=64)
def _choose(prices: ServerPrices | None, policy: FoldPolicy) -> Choice:
    """Choose once for the same prices and policy: it takes tens of milliseconds, and is asked whenever a policy is."""
    return choose_for_prices(prices, policy=policy)
