"""Claims about what real clients were seen to send: each dialect reads it, and sends what is recent as it came."""

from __future__ import annotations

import pytest

from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.dialects.messages import MessagesDialect
from glyph_memory.serve.dialects.responses import ResponsesDialect
from glyph_memory.serve.dialects.units import Dialect
from tests.serve.dialects.captured_clients import CLIENTS, load_client
from tests.serve.dialects.folds import read, write_cut

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (ChatDialect(), MessagesDialect(), ResponsesDialect())
}


@pytest.mark.parametrize("client", CLIENTS)
def test_what_real_clients_send_is_read_and_sent_as_it_came(client: str) -> None:
    """Nothing in it is a file that cannot be drawn, and every call has its result."""
    captured = load_client(client)
    dialect = DIALECTS[captured["dialect"]]
    for body in (one["body"] for one in captured["requests"]):
        request = read(dialect, body)
        assert request.head
        assert request.units
        assert not any(unit.turn.attachments for unit in request.units)
        asked = {call.id for unit in request.units for call in unit.turn.tool_calls}
        assert {unit.turn.tool_call_id for unit in request.units if unit.turn.role == "tool"} == asked
        assert write_cut(dialect, body, 0).body == body
