"""`JsonAnswer`: JSON of whatever people and models wrote. Knows characters; knows nothing about what is told."""

from __future__ import annotations

import json

from starlette.responses import Response


class JsonAnswer(Response):
    """An answer as JSON, in which half a character, which models do write, became a question mark.

    Starlette's own has no bytes for it: whoever wrote one could not see his conversations any more.
    """

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the body."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(errors="replace")
