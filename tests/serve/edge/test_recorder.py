"""What became of requests is kept for a while, summed, and told to whoever watches."""

from __future__ import annotations

import asyncio
import threading

import pytest

from glyph_memory.serve.edge import recorder as module
from glyph_memory.serve.edge.recorder import Recorder
from glyph_memory.serve.record import RequestRecord


def record(**fields: object) -> RequestRecord:
    """Return a record of a request."""
    return RequestRecord(**{"time_s": 1.0, "path": "/v1/chat/completions", "status": 200} | fields)  # type: ignore[arg-type]  # a test's own


def test_each_caller_sees_its_own_records() -> None:
    """The newest last."""
    recorder = Recorder()
    for number, caller in enumerate(["ada", "ben", "ada", ""]):
        recorder.add(record(time_s=float(number), caller=caller, session="s"))
    assert [one.time_s for one in recorder.recent(10, "ada")] == [0, 2]
    assert [one.time_s for one in recorder.recent(1, "ada")] == [2]
    assert [one.time_s for one in recorder.recent()] == [3]
    assert recorder.recent(0) == recorder.recent(-1) == []
    assert recorder.find_session("s", "ben") == recorder.list_sessions("ben")[0]
    assert recorder.find_session("s", "eve") is None


def test_a_conversation_is_summed() -> None:
    """The cached share counts those requests alone of which the server told it."""
    recorder = Recorder()
    recorder.add(
        record(session="s", pages=1, plain_tokens=100, sent_tokens=50, prompt_tokens=52, cached_tokens=13)
    )
    recorder.add(
        record(session="s", pages=3, plain_tokens=200, sent_tokens=60, prompt_tokens=70, answer_tokens=5)
    )
    recorder.add(record(session="", plain_tokens=1))
    (sums,) = recorder.list_sessions()
    assert (sums.requests, sums.pages, sums.plain_tokens, sums.sent_tokens) == (2, 3, 300, 110)
    assert (sums.prompt_tokens, sums.cached_share, sums.answer_tokens) == (122, 0.25, 5)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old records and the conversations that were silent longest go."""
    monkeypatch.setattr(module, "_SESSIONS", 2)
    recorder = Recorder()
    for session in ["a", "b", "a", "c"]:
        recorder.add(record(session=session))
    assert [sums.session for sums in recorder.list_sessions()] == ["a", "c"]
    for _ in range(module._KEPT):
        recorder.add(record(path="/new"))
    assert {one.path for one in recorder.recent(10**6)} == {"/new"}


async def test_whoever_watches_is_told_of_its_own() -> None:
    """From any thread."""
    recorder = Recorder()
    with recorder.subscribe("ada") as watching:
        threads = [
            threading.Thread(target=recorder.add, args=(record(caller=caller),))
            for caller in ["ada", "ben"] * 20
        ]
        for thread in threads:
            thread.start()
        seen = [await anext(watching) for _ in range(20)]
        for thread in threads:
            thread.join()
    assert {one.caller for one in seen} == {"ada"}
    assert [one async for one in watching] == []


async def test_a_slow_watcher_loses_the_oldest_and_learns_how_many() -> None:
    """Nobody waits for it."""
    recorder = Recorder()
    watching = recorder.subscribe()
    for number in range(module._WAITING + 7):
        recorder.add(record(time_s=float(number)))
    assert (await anext(watching)).time_s == 7
    assert (watching.take_lost(), watching.take_lost()) == (7, 0)


async def test_subscriptions_end_with_the_server() -> None:
    """What waits for a record would hold it up."""
    recorder = Recorder()
    watching = recorder.subscribe()
    waiting = asyncio.ensure_future(anext(watching, None))
    await asyncio.sleep(0)
    recorder.close()
    assert await waiting is None


def test_listeners_hear_each_record() -> None:
    """The metrics and the access log."""
    heard: list[RequestRecord] = []
    Recorder(heard.append).add(record())
    assert heard == [record()]
