"""`PageOptions`: how a history becomes pages, as fields that a memory, a memory's block and an LLM have in common.

Knows what folds; knows nothing about who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Annotated, Any, Literal

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import BaseModel, Field
from llama_index.memory.glyph.fields import Profile, parse_style
from llama_index.memory.glyph.messages import key_of, name_of, turn_of
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import Folding, FoldPolicy, ModelProfile, PageStyle, PolicyError

_INSTANCES = 8
"""How many ways of folding are held at a time; each remembers histories and pages."""


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


def _parse_style(value: object) -> PageStyle | None:
    return None if value is None else parse_style(value)


def _to_dict(value: FoldPolicy | PageStyle | None) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


Policy = Annotated[
    FoldPolicy | None,
    PlainValidator(parse_policy),
    PlainSerializer(_to_dict),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a policy, or nothing."""

Style = Annotated[
    PageStyle | None,
    PlainValidator(_parse_style),
    PlainSerializer(_to_dict),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a style, or nothing."""


class PageOptions(BaseModel):
    """How a history becomes pages."""

    profile: Profile = Field(default="glyph", validate_default=True, description="The model that will read.")
    policy: Policy = Field(
        default=None, description="When messages become pages; the model's own unless given."
    )
    style: Style = Field(default=None, description="How pages look; the released Glyph model's unless given.")
    captions: Literal["text", "page"] = Field(
        default="text", description="Where pages' numbers and turns are told."
    )
    pages: str | None = Field(
        default=None, description="A folder for page files, which may be deleted; in memory unless given."
    )
    merge: bool = Field(
        default=True,
        description="Whether pages and the user's message that follows become one, as templates want whose roles "
        "alternate.",
    )

    def folding(self, limit_tokens: int | None = None) -> Folding[ChatMessage]:
        """Return the `Folding` for these options; equal options share one.

        Args:
            limit_tokens: What the window is narrowed to, if that is less than it is.

        Raises:
            PolicyError: The window is too small.
            FontError: The style's font is missing.
        """
        return get_folding(
            self.profile,
            narrow_policy(self.profile, self.policy, limit_tokens),
            self.style,
            self.captions,
            self.pages,
        )


def narrow_policy(profile: ModelProfile, policy: FoldPolicy | None, limit_tokens: int | None) -> FoldPolicy:
    """Return a policy whose window is no larger than a limit.

    Raises:
        PolicyError: The window is too small.
    """
    if policy is not None:
        window = min(policy.window_tokens, limit_tokens or policy.window_tokens)
        return replace(policy, window_tokens=window)
    window = min(profile.window_tokens, limit_tokens or profile.window_tokens)
    return FoldPolicy.for_profile(replace(profile, window_tokens=window))


@lru_cache(maxsize=_INSTANCES)
def get_folding(
    profile: ModelProfile,
    policy: FoldPolicy,
    style: PageStyle | None,
    captions: Literal["text", "page"],
    pages: str | None,
) -> Folding[ChatMessage]:
    """Return the `Folding` for these options, the same each time: servers make a new memory for every request."""
    return Folding(
        profile,
        turn_of=turn_of,
        key_of=key_of,
        name_of=name_of,
        style=style,
        policy=policy,
        captions=captions,
        pages=pages,
    )
