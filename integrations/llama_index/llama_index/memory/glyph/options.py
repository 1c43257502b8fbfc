"""`PageFields`: the core's `PageOptions` as fields of LlamaIndex components, given by name or value, told as JSON.

Knows how options are spelled and what folds by them; knows nothing about who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import BaseModel, Field, model_validator
from llama_index.memory.glyph.messages import key_of, name_of, turn_of
from llama_index.memory.glyph.profiles import Profile, parse_profile
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import (
    Folding,
    FoldPolicy,
    ModelProfile,
    PageOptionFields,
    PageOptions,
    PageStyle,
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


# One option, read and told.


def parse_style(value: object) -> PageStyle | str | None:
    """Return a style, given itself, the name of a preset, its parameters as JSON, or None.

    Raises:
        StyleError: There is no such style, or it cannot be drawn.
    """
    match value:
        case None:
            return None
        case Mapping():
            # Any: a style checks the kind of every parameter itself.
            parameters: dict[str, Any] = {name: _to_tuples(parameter) for name, parameter in value.items()}
            return PageStyle(**parameters)
    PageStyle.of(cast("str", value))
    return cast("str", value)


def parse_policy(value: object) -> FoldPolicy | None:
    """Return a policy, given itself, None, or its parameters as JSON.

    Raises:
        PolicyError: It is no policy, or one that cannot work.
    """
    match value:
        case None | FoldPolicy():
            return value
        case Mapping():
            dials: dict[str, Any] = dict(value)  # a policy checks its dials itself
            return FoldPolicy(**dials)
    raise PolicyError(f"{value!r} is no policy; give a FoldPolicy, or None for the model's own")


def _to_tuples(value: object) -> object:
    return tuple(_to_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def _dump_value(value: FoldPolicy | PageStyle | str | None) -> dict[str, Any] | str | None:
    return value if value is None or isinstance(value, str) else asdict(value)


Style = Annotated[
    PageStyle | str | None,
    PlainValidator(parse_style),
    PlainSerializer(_dump_value),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a style, a preset's name, or nothing."""

DrawnStyle = Annotated[
    PageStyle, PlainValidator(parse_style), PlainSerializer(asdict), WithJsonSchema({"type": "object"})
]
"""A field that holds the very style that pages are drawn in."""

Policy = Annotated[
    FoldPolicy | None,
    PlainValidator(parse_policy),
    PlainSerializer(_dump_value),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a policy, or nothing."""


# All of them.


OPTION_NAMES = frozenset(field.name for field in fields(PageOptions))
_PARSERS = {"profile": parse_profile, "style": parse_style, "policy": parse_policy}


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
        default=None, description="A folder for page files, which may be deleted; in memory unless given."
    )
    terminal_escapes: Literal["tools", "strip", "keep"] = Field(
        default="tools", description="Of what terminal escapes are taken out when it is sent."
    )
    cached_conversations: int = Field(
        default=100, ge=1, description="Of how many conversations pages are kept in memory."
    )
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

    Warns of a profile that is another model's than the LLM's name says.
    """
    if options is None and isinstance(llm, PageFields):
        options = llm.page_options
    known = None if isinstance(llm, PageFields) else _find_profile(llm)
    if known is not None and options is None and keywords.get("profile") is None:
        return merge_options(options, {**keywords, "profile": known})
    merged = merge_options(options, keywords)
    if known is not None and known.image_rule != merged.profile.image_rule:
        said = _CONTRADICTS.format(known=known.name, given=merged.profile.name)
        warn(said)
    return merged


def _find_profile(llm: object) -> ModelProfile | None:
    """Return the profile of an LLM's model by its name; `None` where that says nothing."""
    name = getattr(getattr(llm, "metadata", None), "model_name", None)
    try:
        return ModelProfile.from_name(name) if isinstance(name, str) else None
    except ProfileError:
        return None


def narrow_limit(limit: int | None, llm: LLM | None) -> int | None:
    """Return the smaller of a limit and an LLM's window; warn about an LLM that cannot be sent pages."""
    if llm is None:
        return limit
    window, name = llm.metadata.context_window, llm.class_name()
    if not llm.metadata.is_chat_model:
        warn(_NOT_CHAT.format(name=name))
    if window == _UNTOLD_WINDOW:
        warn(_UNTOLD.format(name=name, window=window))
    return min(limit, window) if limit else window
