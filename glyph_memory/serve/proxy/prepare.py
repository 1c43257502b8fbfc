"""Prepare the body that is sent: parse the client's, apply the rules, fold, spell. Runs in a thread; waits for nobody.

Knows bodies and conversations; knows nothing about HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from glyph_memory.errors import FontError, PolicyError, TurnError
from glyph_memory.serve.conversations import AskedRequest, ConversationFolder, FoldedRequest
from glyph_memory.serve.dialects.image_data import HeldImages, encode_body, hold_images
from glyph_memory.serve.dialects.prefix_rules import apply_rules
from glyph_memory.serve.dialects.units import ClientRequest, Dialect, Item, read_model
from glyph_memory.serve.proxy.pictures import PictureCheck
from glyph_memory.serve.recall import add_tools, may_offer
from glyph_memory.serve.upstreams import Target

_UNREAD = "the messages could not be read, so they go on as they came: {error}"
_UNFOLDED = "the conversation could not be folded, so it goes on as it came: {error}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedBody:
    """A client's body, parsed."""

    data: bytes = field(repr=False)
    """As it came."""
    fields: Mapping[str, Any] | None = field(repr=False)
    """The object that it is; None where it is none."""

    @property
    def model(self) -> str | None:
        """The model that is asked for."""
        return None if self.fields is None else read_model(self.fields)

    @property
    def is_stream(self) -> bool:
        """Whether the answer is to come in pieces."""
        return self.fields is not None and self.fields.get("stream") is True


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedBody:
    """A body as it is sent."""

    data: bytes = field(repr=False)
    """The bytes."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What was taken out of the prompt."""
    request: ClientRequest | None = field(default=None, repr=False)
    """What the client says, where it could be read."""
    folded: FoldedRequest | None = None
    """What it was made of; None where nothing was folded."""
    recalling: Mapping[str, Any] | None = field(default=None, repr=False)
    """The body with `recall` and `zoom` among its tools; None where they are not offered."""
    images: HeldImages = field(default_factory=dict, repr=False)
    """What its marks of pictures stand for; see `encode_body`."""
    notes: tuple[str, ...] = ()
    """What the user should learn."""

    @property
    def keep(self) -> Callable[[], None] | None:
        """Stores what it says; None where nothing is to be stored."""
        return self.folded.keep if self.folded is not None else None

    @property
    def holds_pages(self) -> bool:
        """Whether it holds anything of ours that a server may refuse."""
        return self.folded is not None and self.folded.body is not None


def parse_body(data: bytes) -> ParsedBody:
    """Return a body as JSON; one that is none goes on as it came."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        fields = None
    return ParsedBody(data=data, fields=fields if isinstance(fields, dict) else None)


def prepare_body(
    body: ParsedBody,
    *,
    dialect: Dialect,
    folder: ConversationFolder,
    target: Target,
    rules: frozenset[str],
    caller: str,
    session: str,
    recalls: bool = False,
    keeps: bool = True,
    window_tokens: int | None = None,
    pictures: PictureCheck | None = None,
) -> PreparedBody:
    """Return what is sent; what it says is stored by its `keep`.

    Args:
        body: What came.
        dialect: Its spelling.
        folder: Folds conversations.
        target: For which model it is made.
        rules: Names of the rules that keep prefixes and are on.
        caller: The name of the key that it came with.
        session: What the client calls the conversation.
        recalls: Whether the model is given `recall` and `zoom`, where its client has none.
        keeps: Whether it is said; a body that is only counted is not.
        window_tokens: The window that the upstream was found to have just now.
        pictures: Looks at pictures.

    Raises:
        StoreError: The store cannot be read.
        PictureRefused: A picture is too large.
    """
    if body.fields is None:
        return PreparedBody(data=body.data)
    applied = apply_rules(body.fields, dialect=dialect.name, rules=rules)
    try:
        request = dialect.read(applied.body)
    except TurnError as error:
        return PreparedBody(data=body.data, notes=(_UNREAD.format(error=error),))
    whole = _put_back(applied.body, dialect.items_key, applied.last)
    data = body.data if whole == body.fields else json.dumps(whole).encode()
    if request is None:
        return PreparedBody(data=data, headers=applied.headers)
    request = replace(request, body=whole, last=applied.last)
    unfolded = PreparedBody(data=data, headers=applied.headers, request=request)
    if pictures is not None:
        pictures.check(request.units)
    recalls = recalls and keeps and may_offer(request)
    asked = AskedRequest(
        request=request,
        dialect=dialect,
        options=target.options,
        caller=caller,
        session=session,
        can_recall=recalls,
        keeps=keeps,
        keeps_pages=not target.is_guess,
    )
    try:
        with hold_images() as images:
            folded = folder.fold(asked, window_tokens=window_tokens)
    except (PolicyError, FontError) as error:
        return replace(unfolded, notes=(_UNFOLDED.format(error=error),))
    notes = tuple(filter(None, (target.note, *folded.notes)))
    if folded.body is None:
        return replace(unfolded, folded=folded, notes=notes)
    sent = add_tools(folded.body, dialect=dialect.name) if recalls else folded.body
    return replace(
        unfolded,
        data=encode_body(sent, images),
        images=images,
        folded=folded,
        recalling=sent if recalls else None,
        notes=notes,
    )


def _put_back(fields: Mapping[str, Any], key: str, last: Sequence[Item]) -> Mapping[str, Any]:
    """Return a body with what was taken from its end at its end."""
    return {**fields, key: [*fields[key], *last]} if last else fields
