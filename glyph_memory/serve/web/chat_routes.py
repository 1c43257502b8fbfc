"""Routes of chats: list, begin, look, say, search, erase.

Knows HTTP; what a chat is and how it is answered stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Body, Query
from starlette.requests import Request
from starlette.responses import Response

from glyph_memory.context import ImageCache, PageOptions
from glyph_memory.memory import GlyphMemory
from glyph_memory.nano import NanoReader
from glyph_memory.serve.web.bodies import LARGEST_MESSAGE, ChatNamed, MessageSent
from glyph_memory.serve.web.chat_answers import ChatMessage, answer_message
from glyph_memory.serve.web.chats import Chats, ChatTurn, find_session, list_notes, list_pages
from glyph_memory.serve.web.context import WebContext
from glyph_memory.serve.web.events import Emit, EventResponse
from glyph_memory.serve.web.faults import WebFault
from glyph_memory.serve.web.json_answer import JsonAnswer
from glyph_memory.serve.web.models import choose_model, find_options, list_options
from glyph_memory.serve.web.work import run_in_thread, run_until_gone

_FRESH = {"Cache-Control": "no-store"}
_PASSAGES = 20


class ChatRoutes:
    """The routes under `/chats`.

    Args:
        context: What the interface is given.
        nano: Answers where no model does.
    """

    def __init__(self, context: WebContext, nano: NanoReader) -> None:
        self._context, self._nano = context, nano
        self._chats = Chats(context)
        self._answering = set[str]()
        """Sessions of chats that are being answered here."""
        self._recalled = dict[str, frozenset[int]]()
        """Anchors that were recalled for the last message of a chat."""

    @property
    def images(self) -> ImageCache:
        """Where page files are kept, those of the proxy's conversations as well."""
        return self._chats.images

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/chats", tags=["chats"])
        router.add_api_route("", self.list, methods=["GET"])
        router.add_api_route("", self.begin, methods=["POST"])
        router.add_api_route("/{name}", self.look, methods=["GET"])
        router.add_api_route("/{name}", self.delete, methods=["DELETE"])
        router.add_api_route("/{name}/messages", self.send, methods=["POST"])
        router.add_api_route("/{name}/pages/{number}.png", self.show, methods=["GET"])
        router.add_api_route("/{name}/recall", self.recall, methods=["GET"])
        return router

    async def list(self, request: Request) -> Response:
        """Return the chats, the one that was used last first."""
        caller = self._context.caller_of(request)
        return JsonAnswer(await run_in_thread(lambda _: self._chats.list_chats(caller)), headers=_FRESH)

    async def begin(self, request: Request, named: Annotated[ChatNamed | None, Body()] = None) -> Response:
        """Begin a chat; it is stored with its first message."""
        caller, asked = self._context.caller_of(request), named.name if named else None
        name = await run_in_thread(lambda _: self._chats.begin(caller, asked))
        return JsonAnswer({"name": name, "turns": 0, "updated": None}, 201)

    async def look(self, request: Request, name: str) -> Response:
        """Return a chat's turns and where each is shown, its pages, and what they save."""
        caller, options = self._context.caller_of(request), await self._list_options()
        address = f"{request.scope.get('root_path', '')}/chats"

        def read() -> dict[str, object]:
            memory = self._chats.open(caller, name, options)
            return self._describe(memory, name, address)

        return JsonAnswer(await run_until_gone(request, lambda _: read()), headers=_FRESH)

    async def send(self, request: Request, name: str, sent: MessageSent) -> Response:
        """Store a message and have it answered, as a stream of events."""
        caller = self._context.caller_of(request)
        session = find_session(caller, name)
        self._refuse_two(session, name)
        model = await choose_model(self._context, sent.model)
        options = [find_options(self._context, model.served)] if model else await self._list_options()
        memory = await run_in_thread(
            lambda _: self._chats.open(caller, name, options, takes_over=model is not None)
        )
        message = ChatMessage(memory=memory, sent=sent, model=model)

        async def produce(emit: Emit) -> None:
            self._refuse_two(session, name)
            self._answering.add(session)
            try:
                turn = await answer_message(message, emit, context=self._context, nano=self._nano)
                self._recalled[session] = frozenset(message.recalled)
            finally:
                self._answering.discard(session)
            await emit(
                "turn", _describe_turn(ChatTurn(turn=turn, place="text", page=None), is_recalled=False)
            )

        return EventResponse(produce)

    async def show(self, request: Request, name: str, number: int) -> Response:
        """Return the file of a page that is shown now."""
        caller, options = self._context.caller_of(request), await self._list_options()

        def read() -> tuple[str, bytes]:
            memory = self._chats.open(caller, name, options)
            sealed = next((page for page in list_pages(memory) if page.number == number), None)
            if sealed is None:
                raise WebFault(f"the chat {name!r} shows no page {number}", status=404)
            data = self._chats.images.get(sealed.digest)
            if data is None:
                drawn = next(page for page in memory.pages() if page.number == number)
                data = drawn.png()
            return sealed.digest, data

        digest, data = await run_until_gone(request, lambda _: read())
        headers = {"ETag": f'"{digest[:32]}"', "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type="image/png")

    async def recall(
        self,
        request: Request,
        name: str,
        query: Annotated[str, Query(min_length=1, max_length=LARGEST_MESSAGE)],
    ) -> Response:
        """Search all that was said in a chat, whether it is still shown or not."""
        caller, options = self._context.caller_of(request), await self._list_options()

        def search() -> list[dict[str, object]]:
            found = self._chats.open(caller, name, options).recall(query, _PASSAGES)
            places = {"head": "text", "text": "text", "page": "page", "evicted": "gone"}
            return [
                {
                    "anchor": one.anchor,
                    "role": one.turn.role,
                    "text": one.text,
                    "place": places[one.place],
                    "page": one.page,
                }
                for one in found
            ]

        return JsonAnswer(await run_until_gone(request, lambda _: search()), headers=_FRESH)

    async def delete(self, request: Request, name: str) -> Response:
        """Erase a chat for good."""
        caller = self._context.caller_of(request)
        self._refuse_two(find_session(caller, name), name)
        await run_in_thread(lambda _: self._chats.delete(caller, name))
        return Response(status_code=204)

    def _refuse_two(self, session: str, name: str) -> None:
        if session in self._answering:
            raise WebFault(
                f"the chat {name!r} is being answered; wait for the answer", status=409, field="text"
            )

    async def _list_options(self) -> Sequence[PageOptions]:
        found = await self._context.find_models() if self._context.options.upstreams else ()
        return list_options(self._context, found)

    def _describe(self, memory: GlyphMemory, name: str, address: str) -> dict[str, object]:
        turns, report = self._chats.locate_turns(memory), memory.report()
        recalled = self._recalled.get(memory.session, frozenset())
        return {
            "name": name,
            "turns": [_describe_turn(one, is_recalled=one.turn.anchor in recalled) for one in turns],
            "pages": [
                {
                    "number": page.number,
                    "width": page.size[0],
                    "height": page.size[1],
                    "tokens": page.tokens,
                    "url": f"{address}/{_spell_name(name)}/pages/{page.number}.png",
                    "anchors": list(page.anchors),
                }
                for page in list_pages(memory)
            ],
            "report": {
                "context_tokens": report.context_tokens,
                "plain_tokens": report.plain_tokens,
                "pages": report.pages,
                "generation": report.generation,
                "notes": list_notes(report),
            },
        }


def _describe_turn(one: ChatTurn, *, is_recalled: bool) -> dict[str, object]:
    return {
        "anchor": one.turn.anchor,
        "role": one.turn.role,
        "text": one.turn.full_text,
        "place": one.place,
        "page": one.page,
        "is_recalled": is_recalled,
    }


def _spell_name(name: str) -> str:
    return quote(name, safe="")
