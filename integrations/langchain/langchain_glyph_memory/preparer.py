"""Prepare what an agent sends to its model: fold for that model and its server, and again smaller where they refuse.

Knows requests, models and what servers say; knows nothing about how a request is sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain.agents.middleware.types import ModelRequest
from langchain_core.messages import BaseMessage

from glyph_memory import (
    Bookmark,
    CallReport,
    FoldedHistory,
    Folding,
    FoldPolicy,
    Loss,
    PageOptions,
    PolicyError,
    refuses_images,
    without_locals,
)
from langchain_glyph_memory.call_reports import make_report
from langchain_glyph_memory.counting import count_message_tokens, count_tools_tokens
from langchain_glyph_memory.folding import Pin
from langchain_glyph_memory.guarding import MessageGuard
from langchain_glyph_memory.image_blocks import ImageBlocks, choose_image_blocks
from langchain_glyph_memory.overhead import measure_overhead, tell_taken
from langchain_glyph_memory.owning import find_owner
from langchain_glyph_memory.spelling import write_request
from langchain_glyph_memory.state import (
    BOOKMARK,
    SECRETS,
    WINDOWS,
    read_bookmark,
    read_secret_key,
    read_windows,
)
from langchain_glyph_memory.texts import keep_newest
from langchain_glyph_memory.tools import drop_taken, holds_recall_tools
from langchain_glyph_memory.windows import LEAST_WINDOW_TOKENS, ModelFoldings, make_model_key, read_overflow

_TEXT_MODEL = (
    "the model's profile says that it takes no images, so old messages go as text, unfolded. "
    'Use a vision-language model, or say that it is one: profile={"image_inputs": True}'
)
_TEXT_SERVER = (
    "the server takes no images, so old messages are sent as text from now on, unfolded: {error}. Serve a "
    'vision-language model, or give the model profile={{"image_inputs": False}}, and it is not tried at all'
)
_LEFT_OUT = (
    "a model without images is sent the newest text that fits {window:,} tokens: {what} are left out. Serve a "
    "vision-language model, or one with a larger window"
)
_LEARNED = (
    "the server called a prompt too long, so the conversation is folded to {window:,} tokens from now on; "
    "window_tokens= says so at once. It said: {error}"
)
_TRIES = 3
"""How often a prompt is made smaller for one call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedRequest:
    """A request as it is sent."""

    request: ModelRequest[Any]
    options: PageOptions
    """What it was made by."""
    folded: FoldedHistory[BaseMessage] | None = None
    """What it was made of; None for text that is not folded."""
    holds_images: bool = False
    """Whether pages are in it."""
    bookmark: dict[str, Any] | None = None
    """What the state is to keep from now on, where that has changed."""
    secret_key: str = ""
    """What handles of secrets were made with."""
    notices: tuple[str, ...] = ()
    """What the user should learn at once."""
    changes: tuple[str, ...] = ()
    """What the user should learn when it was answered: a model that gave no answer was shown nothing."""
    losses: tuple[Loss, ...] = ()
    """What is new and not shown as it came, and attachments that are no longer sent."""
    report: CallReport | None = None
    """What it shows and costs; None for text that is not folded."""
    learned_tokens: int | None = None
    """The window that the server was found to have in this call."""
    tries: int = 0
    """How often it was made smaller."""
    error: str = ""
    """What the server said of it before it was."""

    @property
    def policy(self) -> FoldPolicy:
        """What it was folded by."""
        return self.options.fold_policy


class RequestPreparer:
    """Prepares the requests of a middleware; remembers what it learnt of models and their servers.

    Args:
        options: What was given to the middleware.
        owns_profile: Whether a profile was given; else models are known by their names.
        merge: Whether the pages become one message with the user's message that follows them.
        guard: Redacts what is sent, and looks for secrets in it.
        pin: Which messages are repeated as text once they are sealed.
        gives_tools: Whether the agent is given `recall` and `zoom`.
        image_blocks: How pictures are spelled; as the model's client wants them unless given.
    """

    def __init__(
        self,
        options: PageOptions,
        *,
        owns_profile: bool,
        merge: bool,
        guard: MessageGuard,
        pin: Pin = None,
        gives_tools: bool = False,
        image_blocks: ImageBlocks | None = None,
    ) -> None:
        self._guard, self.secrets = guard, guard.secrets
        self.foldings = ModelFoldings(options, owns_profile=owns_profile, pin=pin)
        self.merge = merge
        self._gives_tools, self._image_blocks = gives_tools, image_blocks
        self._text_only = set[str]()
        self._learned = dict[str, int]()
        self._told = set[tuple[str, str]]()
        self._fitted = dict[str, PageOptions]()

    def prepare(
        self, request: ModelRequest[Any], *, learned_tokens: int | None = None, secret_key: str = ""
    ) -> PreparedRequest:
        """Fold a request's messages; neither the request nor a message in it is changed.

        Args:
            request: The request.
            learned_tokens: The window that the server was found to have in this call.
            secret_key: What handles of secrets were made with in this call, where it was tried before.

        Raises:
            TurnError: A message holds a secret, where secrets are refused.
        """
        if not self._guard.is_on:
            return self._prepare_guarded(request, learned_tokens=learned_tokens)
        if self._guard.needs_key:
            secret_key = read_secret_key(request.state) or secret_key or secrets.token_hex(32)
        head = [request.system_message] if request.system_message else []
        guarded: list[Any] = self._guard.guard([*head, *request.messages], key=secret_key.encode() or None)
        request = request.override(system_message=guarded[0] if head else None, messages=guarded[len(head) :])
        prepared = self._prepare_guarded(request, learned_tokens=learned_tokens)
        return replace(prepared, secret_key=secret_key)

    @without_locals
    def guard_messages(
        self, messages: Sequence[BaseMessage], state: Mapping[str, object]
    ) -> Sequence[BaseMessage]:
        """Return an agent's messages as its model is sent them, for whoever searches them."""
        return self._guard.guard(messages, key=read_secret_key(state).encode() or None)

    def _prepare_guarded(self, request: ModelRequest[Any], *, learned_tokens: int | None) -> PreparedRequest:
        key = make_model_key(request.model)
        kept = [learned_tokens, self._learned.get(key), read_windows(request.state).get(key)]
        options, notices = self.foldings.fit(
            request.model,
            learned_tokens=min((one for one in kept if one and one >= LEAST_WINDOW_TOKENS), default=None),
        )
        self._fitted[key] = options
        folding = self.foldings.get(options)
        takes = getattr(request.model, "profile", None) or {}
        if self._gives_tools and (taken := tell_taken(request.tools)):
            request, notices = request.override(tools=drop_taken(request.tools)), (*notices, taken)
        if takes.get("image_inputs") is False or key in self._text_only:
            notices += (_TEXT_MODEL,) if takes.get("image_inputs") is False else ()
            return self._prepare_text(request, options, learned_tokens, notices)
        mark, notice = read_bookmark(request.state)
        overhead = measure_overhead(request.system_message, request.tools, folding.binder)
        folded = folding.fold(request.messages, mark, reserved_tokens=overhead.reserved_tokens)
        if (owner := find_owner()) is not None:
            folding.pages.keep(owner.thread, folded.digests, part=owner.part)
        sent = write_request(
            folded,
            merge=self.merge,
            can_recall=holds_recall_tools(request.tools),
            hoist_pictures=takes.get("image_tool_message") is not True,
            image_blocks=self._image_blocks or choose_image_blocks(request.model),
        )
        crowded = "" if sent.holds_pages else overhead.notice
        # That no page fits is told better by what names the tools.
        told = tuple(loss for loss in sent.losses if not (crowded and loss.anchor is None and loss.once))
        unchanged = folded.bookmark == (mark or Bookmark()) and not notice
        return PreparedRequest(
            request=request.override(messages=sent.messages),  # type: ignore[arg-type]  # AnyMessage names its members
            options=options,
            folded=folded,
            holds_images=sent.holds_pages,
            bookmark=None if unchanged else folded.bookmark.to_json(),
            notices=self._tell_once(key, (*notices, crowded)),
            changes=(*filter(None, (notice, folded.notice)),),
            losses=told,
            report=make_report(folded, sent.plan, overhead),
            learned_tokens=learned_tokens,
        )

    def _prepare_text(
        self,
        request: ModelRequest[Any],
        options: PageOptions,
        learned_tokens: int | None,
        notices: tuple[str, ...],
    ) -> PreparedRequest:
        """Return a request whose messages are text: the newest that fit the window."""
        folding = self.foldings.get(options)
        overhead = measure_overhead(request.system_message, request.tools, folding.binder)
        budget = folding.binder.policy.prompt_tokens - overhead.reserved_tokens
        messages, left_out = keep_newest(request.messages, folding.binder, budget_tokens=budget)
        told = _LEFT_OUT.format(window=folding.binder.options.known_window_tokens, what=left_out)
        return PreparedRequest(
            request=request.override(messages=messages) if left_out else request,  # type: ignore[arg-type]  # as above
            options=options,
            notices=self._tell_once(make_model_key(request.model), notices),
            changes=(told,) if left_out else (),
            learned_tokens=learned_tokens,
        )

    def prepare_again(
        self, request: ModelRequest[Any], sent: PreparedRequest, error: Exception
    ) -> PreparedRequest | None:
        """Return what to send after an error; `None` where nothing of ours can help."""
        said = str(error)
        if sent.holds_images and refuses_images(said):
            self._text_only.add(make_model_key(request.model))
            again = self.prepare(request, learned_tokens=sent.learned_tokens, secret_key=sent.secret_key)
            notice = _TEXT_SERVER.format(error=_to_one_line(error))
            return replace(again, tries=sent.tries, error=sent.error, notices=(notice, *again.notices))
        overflow = read_overflow(error)
        if overflow is None or sent.tries >= _TRIES:
            return None
        before = self._count_sent(sent)
        window = overflow.next_window(sent.policy, sent_tokens=before)
        for tries in range(sent.tries + 1, _TRIES + 1):
            try:
                again = self.prepare(request, learned_tokens=window, secret_key=sent.secret_key)
            except PolicyError:
                return None
            if self._count_sent(again) < before:
                return replace(again, tries=tries, error=_to_one_line(error))
            window = max(LEAST_WINDOW_TOKENS, 3 * window // 4)
        return None

    def keep_learned(
        self, request: ModelRequest[Any], sent: PreparedRequest
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return what the agent's state is to know from now on, once the server has answered, and what to tell."""
        update: dict[str, Any] = {} if sent.bookmark is None else {BOOKMARK: sent.bookmark}
        if sent.secret_key and not read_secret_key(request.state):
            update[SECRETS] = sent.secret_key
        if sent.learned_tokens is None:
            return update, ()
        key = make_model_key(request.model)
        self._learned[key] = sent.learned_tokens
        update[WINDOWS] = read_windows(request.state) | {key: sent.learned_tokens}
        return update, (_LEARNED.format(window=sent.learned_tokens, error=sent.error),)

    def choose_folding(self, state: Mapping[str, Any]) -> Folding[BaseMessage]:
        """Return the folding that an agent's messages were sent by last: its pages and anchors are the model's."""
        made = {seal.fingerprint for seal in mark.seals} if (mark := read_bookmark(state)[0]) else set()
        fitted = [self.foldings.get(options) for options in [*self._fitted.values()]]
        own = (folding for folding in (self.foldings.own, *fitted) if folding.binder.fingerprint in made)
        return next(own, self.foldings.own)

    def _tell_once(self, key: str, notices: Iterable[str]) -> tuple[str, ...]:
        """Return the notices that were not told yet of a model."""
        new = tuple(notice for notice in dict.fromkeys(notices) if notice and (key, notice) not in self._told)
        self._told |= {(key, notice) for notice in new}
        return new

    def _count_sent(self, sent: PreparedRequest) -> int:
        """Return the tokens of a request, as we count them."""
        binder, request = self.foldings.get(sent.options).binder, sent.request
        head = [request.system_message] if request.system_message else []
        told = sum(count_message_tokens(message, binder) for message in [*head, *request.messages])
        return told + count_tools_tokens(request.tools, binder)


def _to_one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
