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
from llama_index.memory.glyph.fields import Profile, style_of
from llama_index.memory.glyph.messages import key_of, name_of, turn_of
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import Folding, FoldPolicy, ModelProfile, PageStyle, PolicyError

_INSTANCES = 8
"""How many ways of folding are held at a time; each remembers histories and pages."""


def policy_of(value: object) -> FoldPolicy | None:
    """Give a policy by its value, or its dials as JSON tells them.

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


def _style_of(value: object) -> PageStyle | None:
    return None if value is None else style_of(value)


def _told(value: FoldPolicy | PageStyle | None) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


Policy = Annotated[
    FoldPolicy | None, PlainValidator(policy_of), PlainSerializer(_told), WithJsonSchema({"type": "object"})
]
"""A field that holds a policy, or nothing."""

Style = Annotated[
    PageStyle | None, PlainValidator(_style_of), PlainSerializer(_told), WithJsonSchema({"type": "object"})
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
        """Give what folds; all that have the same options share one.

        Args:
            limit_tokens: What the window is narrowed to, if that is less than it is.

        Raises:
            PolicyError: The window is too small.
            FontError: The style's font is missing.
        """
        return folding_of(
            self.profile,
            narrowed(self.profile, self.policy, limit_tokens),
            self.style,
            self.captions,
            self.pages,
        )


def narrowed(profile: ModelProfile, policy: FoldPolicy | None, limit_tokens: int | None) -> FoldPolicy:
    """Give a policy whose window is no larger than a limit.

    Raises:
        PolicyError: The window is too small.
    """
    if policy is not None:
        window = min(policy.window_tokens, limit_tokens or policy.window_tokens)
        return replace(policy, window_tokens=window)
    window = min(profile.window_tokens, limit_tokens or profile.window_tokens)
    return FoldPolicy.for_profile(replace(profile, window_tokens=window))


@lru_cache(maxsize=_INSTANCES)
def folding_of(
    profile: ModelProfile,
    policy: FoldPolicy,
    style: PageStyle | None,
    captions: Literal["text", "page"],
    pages: str | None,
) -> Folding[ChatMessage]:
    """Give what folds for these options, the same each time: memories come and go with every request of a server."""
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
