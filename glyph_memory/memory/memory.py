"""`GlyphMemory`: the thing people hold; every call of `Conversation`, and its async twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, Self, TextIO, TypeVar, Unpack

from glyph_memory.context import Context, JoinUsers, RequestPlan
from glyph_memory.folding import Fold
from glyph_memory.memory.code_questions import ReadingCheck
from glyph_memory.memory.conversation import Conversation
from glyph_memory.memory.reading_rate import FLOOR
from glyph_memory.memory.recall import Passage, ZoomResult
from glyph_memory.memory.report import MemoryReport
from glyph_memory.memory.session import OpenKeywords
from glyph_memory.messages import AnyMessage, AnyMessages
from glyph_memory.page import Page
from glyph_memory.secrets import without_locals_async
from glyph_memory.transcript import Attachment, Role, ToolCall, Turn

if TYPE_CHECKING:
    from glyph_memory.readers import Reader, Usage
    from glyph_memory.store import KnownIdentifier, SessionInfo, Store

P = ParamSpec("P")
T = TypeVar("T")


class GlyphMemory(Conversation):
    """A conversation that is kept whole, and shown to a model as pages and recent text.

    One session of a store. Turns are durable when `add` returns; `context` gives what to send. Safe to share among
    threads, and any number of processes may open the same session at once.

    Every call that reads, draws or writes has an async twin, `aadd` for `add`: the same in a thread, so that an event
    loop goes on. A twin that is cancelled ends what it began.

    Example:
        >>> with GlyphMemory.open(":memory:", session="alice") as memory:
        ...     turn = memory.add("user", "The code for the gate is 4711-B.")
        ...     turn.anchor, memory.recall("gate code")[0].text
        (1, 'The code for the gate is 4711-B.')
    """

    @classmethod
    async def aopen(cls, url: str | Path | Store = ":memory:", **keywords: Unpack[OpenKeywords]) -> Self:
        """Do what `open` does."""
        return await _run_in_thread(cls.open, url, **keywords)

    async def aclose(self) -> None:
        """Do what `close` does."""
        await _run_in_thread(self.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()

    @without_locals_async
    async def aadd(
        self,
        said: Role | AnyMessage,
        text: str | Sequence[object] | None = None,
        *,
        name: str | None = None,
        tool_calls: Sequence[ToolCall | Mapping[str, object]] | None = None,
        tool_call_id: str | None = None,
        images: Sequence[bytes] = (),
        attachments: Sequence[Attachment] = (),
        time: datetime | None = None,
        id: str | None = None,
        pinned: bool = False,
    ) -> Turn:
        """Do what `add` does."""
        return await _run_in_thread(
            self.add, said, text, name=name, tool_calls=tool_calls, tool_call_id=tool_call_id, images=images,
            attachments=attachments, time=time, id=id, pinned=pinned,
        )  # fmt: skip

    @without_locals_async
    async def aextend(
        self, turns: AnyMessages, *, progress: Callable[[int], None] | None = None
    ) -> tuple[Turn, ...]:
        """Do what `extend` does."""
        return await _run_in_thread(self.extend, turns, progress=progress)

    @without_locals_async
    async def apin(self, anchor: int | str, *, pinned: bool = True) -> None:
        """Do what `pin` does."""
        await _run_in_thread(self.pin, anchor, pinned=pinned)

    @without_locals_async
    async def aunpin(self, anchor: int | str) -> None:
        """Do what `unpin` does."""
        await _run_in_thread(self.unpin, anchor)

    @without_locals_async
    async def acontext(
        self, question: str | None = None, *, can_recall: bool = False, focus_tokens: int = 0
    ) -> Context:
        """Do what `context` does."""
        return await _run_in_thread(self.context, question, can_recall=can_recall, focus_tokens=focus_tokens)

    async def aplan_request(
        self,
        *,
        merge_pages: bool = True,
        join_users: JoinUsers = "all",
        hoist_pictures: bool = True,
        can_recall: bool = False,
    ) -> RequestPlan:
        """Do what `plan_request` does."""
        return await _run_in_thread(
            self.plan_request,
            merge_pages=merge_pages,
            join_users=join_users,
            hoist_pictures=hoist_pictures,
            can_recall=can_recall,
        )

    async def awarm(self, reader: Reader) -> Usage:
        """Do what `warm` does."""
        return await _run_in_thread(self.warm, reader)

    async def acheck(self, reader: Reader, *, pages: int = 1, floor: float = FLOOR) -> ReadingCheck:
        """Do what `check` does."""
        return await _run_in_thread(self.check, reader, pages=pages, floor=floor)

    async def afold(self) -> Fold:
        """Do what `fold` does."""
        return await _run_in_thread(self.fold)

    async def atake_over(self) -> None:
        """Do what `take_over` does."""
        await _run_in_thread(self.take_over)

    async def atokens(self, context: Context) -> int:
        """Do what `tokens` does."""
        return await _run_in_thread(self.tokens, context)

    async def apages(self) -> tuple[Page, ...]:
        """Return what `pages` gives, all at once."""
        return await _run_in_thread(lambda: tuple(self.pages()))

    @without_locals_async
    async def arecall(self, query: str, k: int = 5) -> tuple[Passage, ...]:
        """Do what `recall` does."""
        return await _run_in_thread(self.recall, query, k)

    @without_locals_async
    async def azoom(self, what: int | str, *, dpi: float | None = None) -> ZoomResult:
        """Do what `zoom` does."""
        return await _run_in_thread(self.zoom, what, dpi=dpi)

    @without_locals_async
    async def aidentifiers(self, like: str = "", *, limit: int = 100) -> tuple[KnownIdentifier, ...]:
        """Do what `identifiers` does."""
        return await _run_in_thread(self.identifiers, like, limit=limit)

    async def aturns(self, *, after: int | str = 0) -> tuple[Turn, ...]:
        """Return what `turns` gives, all at once."""
        return await _run_in_thread(lambda: tuple(self.turns(after=after)))

    async def aunfold(self) -> str:
        """Do what `unfold` does."""
        return await _run_in_thread(self.unfold)

    async def areport(self) -> MemoryReport:
        """Do what `report` does."""
        return await _run_in_thread(self.report)

    async def atruncate(self, *, after: int | str) -> int:
        """Do what `truncate` does."""
        return await _run_in_thread(self.truncate, after=after)

    async def adelete(self, *anchors: int | str) -> int:
        """Do what `delete` does."""
        return await _run_in_thread(self.delete, *anchors)

    async def acompact(self) -> None:
        """Do what `compact` does."""
        await _run_in_thread(self.compact)

    async def aclear(self) -> None:
        """Do what `clear` does."""
        await _run_in_thread(self.clear)

    @without_locals_async
    async def afork(self, session: str) -> Self:
        """Do what `fork` does."""
        return await _run_in_thread(self.fork, session)

    async def asessions(self) -> tuple[SessionInfo, ...]:
        """Do what `sessions` does."""
        return await _run_in_thread(self.sessions)

    @without_locals_async
    async def aexport(self, path: str | Path) -> int:
        """Do what `export` does."""
        return await _run_in_thread(self.export, path)

    @without_locals_async
    async def aimport(
        self, path: str | Path | TextIO, *, progress: Callable[[int], None] | None = None
    ) -> int:
        """Do what `import_` does."""
        return await _run_in_thread(self.import_, path, progress=progress)


async def _run_in_thread(function: Callable[P, T], /, *arguments: P.args, **keywords: P.kwargs) -> T:
    """Run a call in a thread; as `asyncio.to_thread`, which only those who await it need to load."""
    import asyncio  # noqa: PLC0415

    return await asyncio.to_thread(function, *arguments, **keywords)
