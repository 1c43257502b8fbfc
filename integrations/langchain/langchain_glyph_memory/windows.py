"""Which folding fits a model: its profile by its name, its window by what it says and by what its server said.

Knows models and foldings; knows nothing about agents or what is sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import BaseMessage

from glyph_memory import (
    Folding,
    ForkSafeLock,
    ModelProfile,
    Overflow,
    PageOptions,
    PolicyError,
    ProfileError,
    ReaderOverflow,
    overflows_window,
)
from langchain_glyph_memory.folding import Pin, make_folding

LEAST_WINDOW_TOKENS = 1024
"""Below this no policy works."""

_CONTRADICTS = (
    "the model is called {name!r}, which is {known!r}, and the profile is {given!r}: pages are counted and drawn for "
    "another model; give profile={known!r}, or none"
)
_SMALLER = (
    "the model's profile says max_input_tokens={window:,}, and the policy is for {policy:,}: it is narrowed"
)


def find_model_name(model: object) -> str:
    """Return the name under which a chat model is asked for; empty where it has none."""
    names = (getattr(model, name, None) for name in ("model_name", "model", "model_id", "deployment_name"))
    return next((name for name in names if isinstance(name, str) and name), "")


def make_model_key(model: object) -> str:
    """Return what stands for a model and its server; nobody reads an address out of it."""
    places = (getattr(model, name, None) for name in ("openai_api_base", "base_url", "endpoint_url"))
    place = next((str(place) for place in places if place), "")
    return (
        f"{find_model_name(model)}@{hashlib.sha256(place.encode()).hexdigest()[:8]}"
        if place
        else find_model_name(model)
    )


def read_overflow(error: Exception) -> Overflow | None:
    """Return what an error says of a prompt that is too long; None where it says something else."""
    if (told := overflows_window(str(error))) is not None:
        return told
    if isinstance(error, ReaderOverflow):  # of a model in this process, which may be short of memory, too
        return Overflow(window_tokens=error.window_tokens, prompt_tokens=error.prompt_tokens)
    return Overflow() if isinstance(error, ContextOverflowError) else None


def find_known_window(reader: object, model: str, options: Mapping[str, Any]) -> int | None:
    """Return the window of a model in this process, as far as it is known without loading it.

    Args:
        reader: Who reads, where that is at hand.
        model: The model's name.
        options: What its reader is made with.
    """
    told = getattr(reader, "window_tokens", None)
    if isinstance(told, int):
        return told
    known = None if "rope_parameters" in options else _find_profile(model)  # these make it longer than it was
    return known.window_tokens if known is not None else None


class ModelFoldings:
    """The foldings of a middleware, one for each model and window that it meets.

    Args:
        options: What was given to the middleware.
        owns_profile: Whether a profile was given; else models are known by their names.
        pin: Which messages are repeated as text once they are sealed.
    """

    def __init__(self, options: PageOptions, *, owns_profile: bool, pin: Pin = None) -> None:
        self.options = options
        self._owns_profile = owns_profile
        self._make = lru_cache(maxsize=16)(partial(make_folding, pin=pin))
        self._lock = ForkSafeLock()
        self.own = self._make(options)
        """The folding of the options as they were given."""

    def get(self, options: PageOptions) -> Folding[BaseMessage]:
        """Return the folding of options; those that come to the same share one."""
        if options == self.options:
            return self.own
        with self._lock:
            return self._make(options)

    def purge(self, owner: str | None, *, older_than_days: float | None) -> int:
        """Delete page files, and what all foldings remember; return how many files there were."""
        with self._lock:
            self._make.cache_clear()
        return self.own.purge(owner, older_than_days=older_than_days)

    def fit(self, model: object, *, learned_tokens: int | None = None) -> tuple[PageOptions, tuple[str, ...]]:
        """Return the options that fit a model, and what the user should learn once.

        Args:
            model: The chat model.
            learned_tokens: The window that its server was found to have.

        Raises:
            PolicyError: The window is too small for a memory.
        """
        options, notices = self.options, list[str]()
        name = find_model_name(model)
        known = _find_profile(name)
        if known is not None and not self._owns_profile:
            options = PageOptions.merge(options, {"profile": known})
        elif known is not None and known.image_rule != options.profile.image_rule:
            told = {"name": name, "known": known.name, "given": options.profile.name}
            notices.append(_CONTRADICTS.format(**told))
        window = _read_window(model)
        if window is not None and options.window_tokens is None:
            policy = options.policy
            if policy is not None and policy.window_tokens > window:
                notices.append(_SMALLER.format(window=window, policy=policy.window_tokens))
            options = PageOptions.merge(options, {"window_tokens": window})
        options = _leave_answer(options.narrow_window(learned_tokens), getattr(model, "max_tokens", None))
        same = (options.profile, options.fold_policy) == (self.options.profile, self.options.fold_policy)
        return self.options if same else options, tuple(notices)


def _find_profile(name: str) -> ModelProfile | None:
    try:
        return ModelProfile.from_name(name) if name else None
    except ProfileError:
        return None


def _read_window(model: object) -> int | None:
    """Return what a model takes, by its profile and, of a `ChatGlyph`, by its reader; None where neither says."""
    told: Any = getattr(model, "profile", None)
    said = (
        told.get("max_input_tokens") if isinstance(told, Mapping) else None,
        getattr(model, "window_tokens", None),
    )
    windows = [one for one in said if type(one) is int and one >= LEAST_WINDOW_TOKENS]
    return min(windows, default=None)


def _leave_answer(options: PageOptions, output_tokens: object) -> PageOptions:
    """Return options that leave room for the longest answer that the model is asked for, if that can be."""
    policy = options.fold_policy
    if type(output_tokens) is not int or output_tokens <= policy.output_tokens:
        return options
    try:
        return PageOptions.merge(options, {"policy": replace(policy, output_tokens=output_tokens)})
    except PolicyError:
        return options
