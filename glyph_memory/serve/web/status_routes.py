"""Routes that a page asks first: which models there are, and what can be set of how pages look.

Knows HTTP; knows nothing about documents and chats.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from glyph_memory import __version__
from glyph_memory.addresses import show_address
from glyph_memory.readers import ServedModel
from glyph_memory.serve.web.context import FoundModels, WebContext
from glyph_memory.serve.web.json_answer import JsonAnswer
from glyph_memory.serve.web.looks import describe_looks
from glyph_memory.serve.web.models import suppose_options


class StatusRoutes:
    """The routes `/status` and `/looks`.

    Args:
        context: What the interface is given.
    """

    def __init__(self, context: WebContext) -> None:
        self._context = context

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["status"])
        router.add_api_route("/status", self.status, methods=["GET"])
        router.add_api_route("/looks", self.looks, methods=["GET"])
        return router

    async def status(self, request: Request) -> Response:
        """Return the version, the upstreams with their models, and limits."""
        options = self._context.options
        found = await self._context.find_models() if options.upstreams else ()
        return JsonAnswer(
            {
                "version": __version__,
                "upstreams": [self._describe_upstream(one) for one in found],
                "has_upstream": bool(options.upstreams),
                "needs_key": options.key_file is not None,
                "limits": {"max_body_bytes": options.max_body_bytes},
            },
            headers={"Cache-Control": "no-store"},
        )

    async def looks(self, request: Request) -> Response:
        """Return presets, profiles and the fields of the form."""
        return JsonAnswer(describe_looks())

    def _describe_upstream(self, found: FoundModels) -> dict[str, object]:
        return {
            "name": found.upstream.name,
            "url": show_address(found.upstream.url),
            "error": found.error,
            "models": [self._describe_model(one) for one in found.models],
        }

    def _describe_model(self, served: ServedModel) -> dict[str, object]:
        options = suppose_options(self._context, served)
        return {
            "id": served.model,
            "profile": options.profile.name,
            "window_tokens": options.known_window_tokens,
            "takes_images": served.takes_images,
        }
