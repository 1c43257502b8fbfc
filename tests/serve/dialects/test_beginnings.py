"""A conversation that comes again is read as it is read the first time, whatever was remembered of another one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.errors import TurnError
from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.dialects.messages import MessagesDialect
from glyph_memory.serve.dialects.responses import ResponsesDialect
from glyph_memory.serve.dialects.units import Dialect
from tests.serve.dialects.folds import read

DIALECTS: Mapping[str, Callable[[], Dialect]] = {
    "messages": MessagesDialect,
    "chat": ChatDialect,
    "responses": ResponsesDialect,
}
SAID = st.sampled_from(["Where is it?", "In the hall.", "Who asked?", "Ada did."])


def make_body(dialect: Dialect, said: list[str]) -> dict[str, Any]:
    """Return a body in which user and assistant take turns."""
    roles = ("user", "assistant")
    items = [{"role": roles[place % 2], "content": text} for place, text in enumerate(said)]
    return {"model": "glyph", "max_tokens": 9, dialect.items_key: items}


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=40, deadline=None)
@given(histories=st.lists(st.lists(SAID, min_size=1, max_size=9), min_size=2, max_size=8))
def test_any_order_of_histories_is_read_as_each_alone(name: str, histories: list[list[str]]) -> None:
    """They grow, shrink, part in the middle, and begin alike."""
    dialect = DIALECTS[name]()
    for said in histories:
        body = make_body(dialect, said)
        assert read(dialect, body) == read(DIALECTS[name](), copy.deepcopy(body))


def test_a_value_of_another_type_in_a_history_is_another_value() -> None:
    """`1`, `1.0` and `true` are equal in Python, and are told apart here."""
    dialect, said = MessagesDialect(), []
    for value in (1, 1.0, True, 1):
        call = {"type": "tool_use", "id": "t1", "name": "look", "input": {"floor": value}}
        result = {"type": "tool_result", "tool_use_id": "t1", "content": "There."}
        items = [
            {"role": "user", "content": "Which floor?"},
            {"role": "assistant", "content": "I look."},
            {"role": "user", "content": "Look."},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
            {"role": "assistant", "content": "It is there."},
            {"role": "user", "content": "Thanks."},
        ]
        units = read(dialect, {"model": "glyph", "max_tokens": 9, "messages": items}).units
        said.append(json.loads(units[3].turn.tool_calls[0].arguments)["floor"])
    assert [type(value) for value in said] == [int, float, bool, int]


@pytest.mark.parametrize("name", DIALECTS)
def test_what_cannot_be_read_is_refused_each_time(name: str) -> None:
    """And what came before it is read as if it had not been tried."""
    dialect = DIALECTS[name]()
    good, bad = make_body(dialect, ["a", "b", "c", "d"]), make_body(dialect, ["a", "b", "c", "d", "e"])
    bad[dialect.items_key][-1] = {"role": "user", "content": 7}
    for _ in range(2):
        with pytest.raises(TurnError):
            dialect.read(bad)
        assert len(read(dialect, good).units) == 4
