"""`Upstreams`: the servers behind the proxy: which of them has a model, and what that model is.

What a server says of itself is asked once, and again after a while or where it was not there. Knows servers and
profiles; knows nothing about conversations.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

from glyph_memory.context import PageOptions, ReuseCache
from glyph_memory.errors import GlyphMemoryError, ReaderError, ReaderUnavailable
from glyph_memory.readers import ServedModel, afind_served_model
from glyph_memory.readers.openai.connect import alist_models
from glyph_memory.serve.options import ServeOptions, Upstream

_FRESH_S, _FAILED_S, _LISTED_S = 300.0, 2.0, 5.0
_MOST_LISTED = 50
_REMEMBERED = 1_000
"""Of so many models it is remembered what they are."""
_Asked = tuple[str, str | None]
"""An upstream's address, and a model's name."""
_NONE = "no upstream is given, so there is no model to ask; start with --upstream http://127.0.0.1:8000/v1"
_UNKNOWN = (
    "no profile is known for the model {model!r}, so its old turns stay text; --profile names the model that it is "
    "(glyph-memory tokens lists them)"
)
_SEES_NOTHING = (
    "the model {model!r} takes no images, so its old turns stay text; serve a vision-language model"
)
_REFUSED = "the upstream takes no images, so old turns stay text for now. It said: {said}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a request goes, and for which model it is made."""

    upstream: Upstream
    """The server."""
    served: ServedModel = field(default_factory=ServedModel)
    """What it says of the model."""
    options: PageOptions | None = None
    """For which model pages are drawn; None where it gets text."""
    note: str = ""
    """Why it gets text."""
    is_guess: bool = False
    """Whether nobody answered when it was asked for, so that its window is a guess."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedBy:
    """What an upstream serves."""

    upstream: Upstream
    """The server."""
    models: tuple[ServedModel, ...] = ()
    """Its models, the first of very many; none where it cannot be asked."""
    error: str = ""
    """Why it cannot be asked, in one line."""


class NoUpstream(GlyphMemoryError):
    """Nobody to ask: the proxy was started for its web page alone."""


class Upstreams:
    """Finds the upstream of a model. Belongs to one event loop.

    Args:
        options: What the proxy was told.
    """

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        # Names are whatever clients write: there is no end to them.
        self._known = ReuseCache[_Asked, tuple[float, Target]](at_most=_REMEMBERED)
        self._asking = WeakValueDictionary[_Asked, asyncio.Lock]()
        self._text_only = ReuseCache[_Asked, tuple[float, str]](at_most=_REMEMBERED)
        self._has = ReuseCache[str, str](at_most=_REMEMBERED)
        self._words: dict[str, str] = {}
        self._listing = asyncio.Lock()
        self._listed: tuple[float, list[ServedBy]] | None = None

    @property
    def all(self) -> tuple[Upstream, ...]:
        """Every upstream, as it was given."""
        return self._options.upstreams

    def list_words(self) -> dict[str, str]:
        """Return each upstream's name, or its place in the list, and what came of asking it last."""
        return {
            upstream.name or f"upstream {place}": self._words.get(upstream.url, "not asked yet")
            for place, upstream in enumerate(self.all, 1)
        }

    async def list_served(self) -> list[ServedBy]:
        """Return what every upstream serves; kept for a moment."""
        async with self._listing:
            if self._listed is None or self._listed[0] < time.monotonic():
                found = await asyncio.gather(*map(self._list_one, self.all))
                self._listed = (time.monotonic() + _LISTED_S, [*found])
            return self._listed[1]

    async def _list_one(self, upstream: Upstream) -> ServedBy:
        try:
            names = await alist_models(upstream.url, api_key=upstream.api_key)
            served = [(await self._ask(upstream, name))[0].served for name in names[:_MOST_LISTED]]
        except ReaderError as error:
            return ServedBy(upstream=upstream, error=str(error))
        return ServedBy(upstream=upstream, models=tuple(served))

    async def find(self, model: str | None) -> Target:
        """Return where a model is served, and what it is; an upstream that does not answer now is told later.

        Raises:
            NoUpstream: There is none at all.
        """
        if not self.all:
            raise NoUpstream(_NONE)
        upstream = await self._choose(model)
        key = (upstream.url, model)
        async with self._asking.setdefault(key, asyncio.Lock()):
            known = self._known.get(key)
            if known is None or known[0] < time.monotonic():
                target, lasts_s = await self._ask(upstream, model)
                if target.is_guess and known is not None:
                    target = known[1]  # a server that is busy or restarted stays what it was
                known = (time.monotonic() + lasts_s, target)
                self._known.put(key, known)
        refused = self._text_only.get(key)
        if refused is not None and refused[0] > time.monotonic():
            return Target(upstream=upstream, served=known[1].served, note=_REFUSED.format(said=refused[1]))
        return known[1]

    def learn_text_only(self, target: Target, model: str | None, said: str) -> Target:
        """Remember that a model takes no images, as its server said; return where to go on."""
        self._text_only.put((target.upstream.url, model), (time.monotonic() + _FRESH_S, said))
        return Target(upstream=target.upstream, served=target.served, note=_REFUSED.format(said=said))

    def learn_image_limit(self, target: Target, model: str | None, most: int) -> Target | None:
        """Remember how many images a request may hold, as a server said; return where to go on.

        None where that was known, so that it is no way on.
        """
        known = target.served.max_images
        if known is not None and most >= known:
            return None
        served = replace(target.served, max_images=most)
        target = self._describe(target.upstream, served, model)
        self._known.put((target.upstream.url, model), (time.monotonic() + _FRESH_S, target))
        return target

    async def _choose(self, model: str | None) -> Upstream:
        """Return the upstream that lists a model; the first where none does."""
        if model is None or len(self.all) == 1:
            return self.all[0]
        if self._has.get(model) is None:
            for upstream in self.all:
                with suppress(ReaderError):
                    if model in await alist_models(upstream.url, api_key=upstream.api_key):
                        self._has.put(model, upstream.url)
                        break
        return next((one for one in self.all if one.url == self._has.get(model)), self.all[0])

    async def _ask(self, upstream: Upstream, model: str | None) -> tuple[Target, float]:
        try:
            served = await afind_served_model(upstream.url, model=model, api_key=upstream.api_key)
        except ReaderError as error:
            self._words[upstream.url] = type(error).__name__
            target = self._describe(upstream, ServedModel(model=model), model)
            return replace(target, is_guess=isinstance(error, ReaderUnavailable)), _FAILED_S
        self._words[upstream.url] = "ok"
        return self._describe(upstream, served, model), _FRESH_S

    def _describe(self, upstream: Upstream, served: ServedModel, model: str | None) -> Target:
        """Return where a model is asked, and how its pages look or why it gets text."""
        given = self._options.pages
        options, note = None, ""
        if served.takes_images is False:
            note = _SEES_NOTHING.format(model=served.model or model)
        elif given.get("profile") is None and served.profile is None:
            note = _UNKNOWN.format(model=served.model or model)
        else:
            try:
                options = served.page_options(**given).narrow_images(served.max_images)
            except GlyphMemoryError as error:
                note = f"old turns stay text: {error}"
        return Target(upstream=upstream, served=served, options=options, note=note)
