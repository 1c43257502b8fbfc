"""`PageFields`: the core's `PageOptions` as fields of LlamaIndex components, given by name or value, told as JSON.

Knows how options are spelled and what folds by them; knows nothing about who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import BaseModel, Field, model_validator
from llama_index.memory.glyph.messages import key_of, name_of, turn_of
from llama_index.memory.glyph.option_values import (
    Calibration,
    Policy,
    Style,
    parse_calibration,
    parse_policy,
    parse_style,
)
from llama_index.memory.glyph.prices import Prices, parse_prices
from llama_index.memory.glyph.profiles import Profile, parse_profile

from glyph_memory import (
    Folding,
    ModelProfile,
    PageOptionFields,
    PageOptions,
    PolicyError,
    ProfileError,
    warn,
)

if TYPE_CHECKING:
    from llama_index.core.llms.llm import LLM

_INSTANCES = 8
"""How many ways of folding are held at a time; each remembers histories and pages."""
_NOT_CHAT = (
    "{name} has is_chat_model=False: it would be sent text alone, and pages be dropped; give is_chat_model=True "
    "(or take GlyphOpenAILike)"
)
_UNTOLD = (
    "{name} says context_window={window}, which is OpenAILike's default: pages get as little room; give "
    "context_window= what the server takes (or take GlyphOpenAILike)"
)
_UNTOLD_WINDOW = 3900
_CONTRADICTS = (
    "the LLM's model is {known!r} by its name, and the profile is {given!r}: pages are counted and drawn for another "
    "model; give profile={known!r}, or none"
)
_ASSUMED = (
    "nothing is known of the LLM's model {name!r}, so pages are drawn and counted for Glyph; give profile=, by a name "
    "of ModelProfile.names() or as a ModelProfile"
)
_LIMIT = (
    "token_limit={limit!r} is too small for a memory; give a whole number of 1,024 tokens or more, or none for the "
    "model's whole window"
)


OPTION_NAMES = frozenset(field.name for field in fields(PageOptions))
_PARSERS = {
    "profile": parse_profile,
    "style": parse_style,
    "policy": parse_policy,
    "calibration": parse_calibration,
    "prices": parse_prices,
}


def merge_options(options: PageOptions | None, keywords: Mapping[str, Any]) -> PageOptions:
    """Return options in which keywords take the place of fields; they may be spelled as JSON.

    Raises:
        TypeError: A keyword is no page option.
    """
    read = {
        name: value if value is None or name not in _PARSERS else _PARSERS[name](value)
        for name, value in keywords.items()
    }
    return PageOptions.merge(options, cast("PageOptionFields", read))


def split_options(keywords: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the keywords that are page options, and the others."""
    own = {name: value for name, value in keywords.items() if name in OPTION_NAMES}
    return own, {name: value for name, value in keywords.items() if name not in OPTION_NAMES}


def to_fields(options: PageOptions) -> dict[str, Any]:
    """Return options as keywords of a component."""
    held = {name: getattr(options, name) for name in OPTION_NAMES}
    return held | {"pages": None if options.pages is None else str(options.pages)}


class PageFields(BaseModel):
    """The fields of `glyph_memory.PageOptions`, and `merge`; whatever has them may be given `options` instead."""

    profile: Profile = Field(default="glyph", validate_default=True, description="The model that will read.")
    policy: Policy = Field(
        default=None, description="When messages become pages; the model's own unless given."
    )
    window_tokens: int | None = Field(
        default=None,
        description="What the server takes, prompt and answer together; the model's own unless given.",
    )
    style: Style = Field(default=None, description="How pages look; the released Glyph model's unless given.")
    captions: Literal["text", "page"] = Field(
        default="text", description="Where pages' numbers and turns are told."
    )
    pages: str | None = Field(
        default=None,
        description="A folder for page files, which may be deleted, or a bucket's address; in memory unless given.",
    )
    terminal_escapes: Literal["tools", "strip", "keep"] = Field(
        default="tools", description="Of what terminal escapes are taken out when it is sent."
    )
    cached_conversations: int = Field(
        default=100, ge=1, description="Of how many conversations pages are kept in memory."
    )
    canaries: int | None = Field(
        default=None, ge=1, description="Of sealed pages each so-many-th carries a code; none unless given."
    )
    calibration: Calibration = Field(
        default=None,
        description="What the model was found to read: it gives the style, and refuses one below its floor.",
    )
    prices: Prices = Field(default=None, description="What the server charges for text and pages.")
    merge: bool = Field(
        default=True,
        description="Whether pages and the user's message that follows become one, as templates want whose roles "
        "alternate.",
    )

    @model_validator(mode="before")
    @classmethod
    def _spread_options(cls, given: Any) -> Any:  # noqa: ANN401 - whatever pydantic was given
        if not (isinstance(given, dict) and "options" in given):
            return given
        options = given["options"]
        rest = {name: value for name, value in given.items() if name != "options"}
        return (to_fields(options) if options is not None else {}) | rest

    @property
    def page_options(self) -> PageOptions:
        """The fields as one value."""
        return PageOptions(**{name: getattr(self, name) for name in OPTION_NAMES})

    def folding(self, limit_tokens: int | None = None) -> Folding[ChatMessage]:
        """Return the `Folding` for these options; equal options share one.

        Args:
            limit_tokens: What the window is narrowed to, if that is less than it is.

        Raises:
            PolicyError: The window is too small.
            FontError: The style's font is missing.
        """
        return get_folding(narrow_window(self.page_options, limit_tokens))


@lru_cache(maxsize=_INSTANCES)
def get_folding(options: PageOptions) -> Folding[ChatMessage]:
    """Return the `Folding` for these options, the same each time: servers make a new memory for every request."""
    return Folding(options=options, turn_of=turn_of, key_of=key_of, name_of=name_of)


def narrow_window(options: PageOptions, limit_tokens: int | None) -> PageOptions:
    """Return options whose window is no larger than a limit.

    Raises:
        PolicyError: The window is too small.
    """
    return options.narrow_window(limit_tokens)


# What an LLM tells.


def find_options(llm: object, options: PageOptions | None, keywords: Mapping[str, Any]) -> PageOptions:
    """Return what keywords and options say; where there are none, the LLM's own options, or its model's profile.

    Warns of a profile that is another model's than the LLM's name says, and of an LLM whose name says nothing.
    """
    if options is None and isinstance(llm, PageFields):
        options = llm.page_options
    known = None if isinstance(llm, PageFields) else _find_profile(llm)
    if llm is not None and options is None and keywords.get("profile") is None:
        if known is not None:
            return merge_options(options, {**keywords, "profile": known})
        said = _ASSUMED.format(name=_name_model(llm))
        warn(said)
    merged = merge_options(options, keywords)
    if known is not None and known.image_rule != merged.profile.image_rule:
        said = _CONTRADICTS.format(known=known.name, given=merged.profile.name)
        warn(said)
    return merged


def _find_profile(llm: object) -> ModelProfile | None:
    """Return the profile of an LLM's model by its name; `None` where that says nothing."""
    name = _name_model(llm)
    try:
        return ModelProfile.from_name(name) if isinstance(name, str) else None
    except ProfileError:
        return None


def _name_model(llm: object) -> object:
    return getattr(getattr(llm, "metadata", None), "model_name", None)


def check_limit(options: PageOptions, token_limit: int | None) -> None:
    """Raise an error for a limit under which nothing can be folded.

    Raises:
        PolicyError: It is too small, or no number of tokens.
    """
    try:
        narrow_window(options, token_limit)
    except (PolicyError, TypeError) as error:
        raise PolicyError(_LIMIT.format(limit=token_limit)) from error


def narrow_limit(limit: int | None, llm: LLM | None) -> int | None:
    """Return the smaller of a limit and an LLM's window; warn about an LLM that cannot be sent pages."""
    if llm is None:
        return limit
    window, name = llm.metadata.context_window, llm.class_name()
    if not llm.metadata.is_chat_model:
        warn(_NOT_CHAT.format(name=name))
    if window == _UNTOLD_WINDOW:
        warn(_UNTOLD.format(name=name, window=window))
    return window if limit is None else min(limit, window)
