"""Routes of documents: upload, pages, page files, answers.

Knows HTTP; how documents are read, drawn and asked about stands elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from glyph_memory.nano import NanoReader
from glyph_memory.serve.web.answers import DocumentQuestion, answer_question
from glyph_memory.serve.web.bodies import PagesAsked, PastedText, QuestionAsked
from glyph_memory.serve.web.context import WebContext
from glyph_memory.serve.web.drawings import Drawings
from glyph_memory.serve.web.events import Emit, EventResponse
from glyph_memory.serve.web.faults import WebFault
from glyph_memory.serve.web.json_answer import JsonAnswer
from glyph_memory.serve.web.looks import build_style, find_profile
from glyph_memory.serve.web.models import choose_model, suppose_options
from glyph_memory.serve.web.shared_files import SharedFiles
from glyph_memory.serve.web.shelf import Shelf, Upload, read_upload
from glyph_memory.serve.web.work import Stop, run_until_gone

_NAME_CHARACTERS = 200
_IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}


class DocumentRoutes:
    """The routes under `/documents`.

    Args:
        context: What the interface is given.
        nano: Answers where no model does.
        shelf: Keeps what is uploaded.
        drawings: Draws it.
    """

    def __init__(
        self,
        context: WebContext,
        nano: NanoReader,
        *,
        shelf: Shelf | None = None,
        drawings: Drawings | None = None,
    ) -> None:
        self._context, self._nano = context, nano
        shared = SharedFiles(context.options.shared_folder)
        self._shelf, self._drawings = shelf or Shelf(shared=shared), drawings or Drawings(shared=shared)

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(prefix="/documents", tags=["documents"])
        router.add_api_route("", self.upload, methods=["POST"], openapi_extra=_describe_upload())
        router.add_api_route("/{id}", self.look, methods=["GET"])
        router.add_api_route("/{id}/pages", self.draw, methods=["POST"])
        router.add_api_route("/{id}/pages/{key}/{number}.png", self.show, methods=["GET"])
        router.add_api_route("/{id}/answers", self.answer, methods=["POST"])
        return router

    async def upload(self, request: Request) -> Response:
        """Load a document: a file in a form, or pasted text as JSON."""
        at_most = self._context.options.max_body_bytes
        data, name = await _read_upload(_limit_body(request, at_most))
        profile, caller = self._context.page_options.profile, self._context.caller_of(request)

        def keep(stop: Stop) -> Upload:
            upload = read_upload(data, name=name, profile=profile, at_most_bytes=at_most, check=stop.check)
            self._shelf.put(caller, upload)
            return upload

        upload = await run_until_gone(request, keep)
        return JsonAnswer(upload.to_json())

    async def look(self, request: Request, id: str) -> Response:
        """Return what is told of a document, for a page that is loaded anew."""
        return JsonAnswer(self._shelf.get(self._context.caller_of(request), id).to_json())

    async def draw(self, request: Request, id: str, asked: PagesAsked) -> Response:
        """Draw a document's pages."""
        upload = self._shelf.get(self._context.caller_of(request), id)
        profile = find_profile(asked.profile, self._context.page_options.profile)
        drawing = await run_until_gone(
            request, lambda stop: self._drawings.draw(upload, asked.look, profile, stop)
        )
        return JsonAnswer(drawing.to_json(f"{_find_root(request)}/documents/{id}/pages/{drawing.key}"))

    async def show(self, request: Request, id: str, key: str, number: int) -> Response:
        """Return a page's file; the same address always has the same picture."""
        upload = self._shelf.get(self._context.caller_of(request), id)
        drawing = await run_until_gone(request, lambda stop: self._drawings.find(upload, key, stop))
        if not 1 <= number <= len(drawing.pages):
            raise WebFault(f"there are {len(drawing.pages):,} pages, and no page {number}", status=404)
        return Response(drawing.pages[number - 1].png(), headers=_IMMUTABLE, media_type="image/png")

    async def answer(self, request: Request, id: str, asked: QuestionAsked) -> Response:
        """Answer a question about a document, as a stream of events."""
        upload = self._shelf.get(self._context.caller_of(request), id)
        model = await choose_model(self._context, asked.model)
        default = suppose_options(self._context, model.served if model else None).profile
        profile = find_profile(asked.profile, default)
        build_style(asked.look, profile)  # what cannot be drawn is told before the stream begins
        question = DocumentQuestion(upload=upload, asked=asked, profile=profile, model=model)

        async def produce(emit: Emit) -> None:
            await answer_question(
                question, emit, context=self._context, drawings=self._drawings, nano=self._nano
            )

        return EventResponse(produce)


def _find_root(request: Request) -> str:
    """Return where the interface is mounted, as the page has to ask for it."""
    return str(request.scope.get("root_path", ""))


def _limit_body(request: Request, at_most: int) -> Request:
    """Return a request whose body is refused where it is longer than that."""
    held = 0

    async def receive() -> Message:
        nonlocal held
        message = await request.receive()
        held += len(message.get("body", b""))
        if held > at_most:
            raise WebFault(
                f"the document is longer than {at_most:,} bytes; give a part of it", status=413, field="file"
            )
        return message

    return Request(request.scope, receive)


async def _read_upload(request: Request) -> tuple[bytes, str]:
    """Return the bytes of a document, and what it is called."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        pasted = _parse_pasted(await request.body())
        return pasted.text.encode(), _clean_name(pasted.name)
    if kind != "multipart/form-data":
        raise WebFault(
            "send a form with a file, multipart/form-data, or pasted text as JSON with 'text' and 'name'",
            status=415,
            field="file",
        )
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise WebFault("the form has no file under the name 'file'", field="file")
            return await file.read(), _clean_name(file.filename or "")
    except HTTPException as error:
        raise WebFault(f"the form cannot be read: {error.detail}", field="file") from error


def _parse_pasted(body: bytes) -> PastedText:
    try:
        fields: object = json.loads(body)
        return PastedText.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise WebFault(f"{field or 'the body'}: {first['msg']}", field=field) from error
    except (ValueError, RecursionError) as error:
        raise WebFault("the body is no JSON; send an object with 'text' and 'name'", field="text") from error


def _clean_name(name: str) -> str:
    """Return the last part of a path, without what no file is called."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return "".join(one for one in last if one.isprintable())[-_NAME_CHARACTERS:]


def _describe_upload() -> dict[str, Any]:
    def describe(schema: Mapping[str, object]) -> dict[str, object]:
        return {"schema": dict(schema)}

    pasted: type[BaseModel] = PastedText
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}},
    }
    content = {
        "application/json": describe(pasted.model_json_schema()),
        "multipart/form-data": describe(form),
    }
    return {"requestBody": {"required": True, "content": content}}
