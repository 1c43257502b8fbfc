"""The proxy's conversations as people watch them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from glyph_memory.context import PageOptions
from glyph_memory.memory import Bookmark
from glyph_memory.serve.conversations import AskedRequest, ConversationFolder
from glyph_memory.serve.dialects.chat import ChatDialect
from glyph_memory.serve.record import RequestRecord
from tests.serve.web.fakes import MakeWeb, Web, fetch, read_events

SMALL = PageOptions(profile="glyph", window_tokens=8_192)
RECORD = RequestRecord(time_s=1.0, path="/v1/chat/completions", status=200, session="trip")


def make_messages(turns: int, *, last: str = "And now?") -> list[dict[str, str]]:
    """Return messages that fill pages, and a last one."""
    said = [
        {
            "role": "assistant" if number % 2 else "user",
            "content": f"turn{number}: "
            + " ".join(f"crate{number}x{place} of herring" for place in range(80)),
        }
        for number in range(turns)
    ]
    return [*said, {"role": "user", "content": last}]


def follow(
    web: Web,
    messages: list[dict[str, str]],
    *,
    caller: str = "",
    session: str = "trip",
    model: str = "glyph",
) -> str:
    """Let the proxy fold a request, and return its conversation."""
    dialect = ChatDialect()
    request = dialect.read({"model": model, "messages": messages})
    assert request is not None
    asked = AskedRequest(request=request, dialect=dialect, options=SMALL, caller=caller, session=session)
    folded = ConversationFolder(web.context.store).fold(asked)
    assert folded.keep is not None
    folded.keep()
    return folded.session


def look(client: TestClient, session: str, **query: int) -> dict[str, Any]:
    """Return what is told of a conversation."""
    answer = client.get(f"conversations/{session}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_conversations_are_listed_with_what_they_cost(web: Web) -> None:
    """The latest first, each with the report of its last request."""
    follow(web, make_messages(2), session="first")
    follow(web, make_messages(20), session="second")
    found = web.client().get("conversations").json()
    assert [one["session"] for one in found] == ["second", "first"]
    report = found[0]["report"]
    assert report["pages"] > 0
    assert 0 < report["context_tokens"] < report["plain_tokens"]
    assert (found[0]["turns"], found[0]["parent"]) == (21, "")


def test_a_conversation_shows_its_turns_pages_and_requests(web: Web) -> None:
    """Turns say where they stand, pages are served as files."""
    follow(web, make_messages(24))
    web.recorder.add(RECORD)
    web.recorder.add(replace(RECORD, session="other"))
    client = web.client()
    found = look(client, "trip")
    assert [one["anchor"] for one in found["turns"]] == [*range(1, 26)]
    assert found["turns"][0]["text"].startswith("turn0:")
    assert (found["turns"][-1]["text"], found["turns"][-1]["place"]) == ("And now?", "text")
    numbers = {page["number"] for page in found["pages"]}
    assert numbers
    assert all(one["page"] in numbers for one in found["turns"] if one["place"] == "page")
    for page in found["pages"]:
        answer = fetch(client, page["url"])
        assert answer.content.startswith(b"\x89PNG")
        first, last = page["anchors"]
        assert {one["place"] for one in found["turns"][first - 1 : last]} == {"page"}
    assert found["turn_count"] == 25
    assert [one["session"] for one in found["requests"]] == ["trip"]


def test_turns_come_in_parts(web: Web) -> None:
    """After an anchor, so many at a time."""
    follow(web, make_messages(9))
    found = look(web.client(), "trip", after=3, limit=2)
    assert [one["anchor"] for one in found["turns"]] == [4, 5]


def test_a_conversation_that_parted_shows_what_came_before(web: Web) -> None:
    """The store keeps only what is new of it."""
    first = follow(web, make_messages(6), session="")
    follow(web, [*make_messages(6), {"role": "assistant", "content": "So."}], session="")
    branch = follow(web, make_messages(4, last="Another way?"), session="")
    assert branch != first
    found = look(web.client(), branch)
    assert found["parent"] == first
    assert [one["text"][:6] for one in found["turns"]] == ["turn0:", "turn1:", "turn2:", "turn3:", "Anothe"]
    assert [one["anchor"] for one in found["turns"]] == [1, 2, 3, 4, 5]


def test_a_page_whose_file_is_gone_is_told(web: Web) -> None:
    """And no page of another conversation is given."""
    follow(web, make_messages(24))
    client = web.client()
    url = look(client, "trip")["pages"][0]["url"]
    other = url.replace("/trip/", "/nothing/")
    assert fetch(client, other).status_code == 404
    digest = url.rpartition("/")[2].removesuffix(".png")
    follow(web, make_messages(2), session="short")
    assert fetch(client, url.replace("/trip/", "/short/")).status_code == 404
    folder = (
        next(path.parent for path in web.context.store.path.parent.rglob(f"{digest}*"))
        if (web.context.store.path)
        else None
    )
    assert folder is not None
    for path in folder.glob(f"{digest}*"):
        path.unlink()
    answer = fetch(client, url)
    assert answer.status_code == 404
    assert "not kept" in answer.json()["error"]["message"]


def test_callers_watch_their_own_conversations_alone(web: Web) -> None:
    """By list, by name, by page, by event."""
    follow(web, make_messages(24), caller="ann")
    web.recorder.add(replace(RECORD, caller="ann"))
    ann, bob = web.client("ann"), web.client("bob")
    assert [one["session"] for one in ann.get("conversations").json()] == ["trip"]
    found = look(ann, "trip")
    assert fetch(ann, found["pages"][0]["url"]).status_code == 200
    assert len(found["requests"]) == 1
    assert bob.get("conversations").json() == []
    assert bob.get("conversations/trip").status_code == 404
    assert bob.get("conversations/ann%2Ftrip").status_code == 404
    assert fetch(bob, found["pages"][0]["url"]).status_code == 404


def test_records_come_as_events(make_web: MakeWeb) -> None:
    """Each as it is added, as JSON, a caller's own alone."""
    web = make_web()
    adding = [replace(RECORD, caller="bob"), replace(RECORD, caller="ann", notes=("a note",))]
    subscribe = web.recorder.subscribe

    class Ends:
        """A recorder that ends its streams after what it has."""

        def recent(self, n: int, caller: str, /) -> list[RequestRecord]:
            return web.recorder.recent(n, caller)

        def subscribe(self, caller: str, /) -> Any:
            watching = subscribe(caller)
            for record in adding:
                web.recorder.add(record)
            watching.close()
            return watching

    context = replace(web.context, recorder=Ends())
    from glyph_memory.serve.web import create_web_api

    client = Web(context=context, app=create_web_api(context), recorder=web.recorder).client("ann")
    events = read_events(client.get("events").text)
    assert [name for name, _ in events] == ["record", "done"]
    assert (events[0][1]["caller"], events[0][1]["notes"]) == ("ann", ["a note"])


@pytest.mark.parametrize("name", ["nothing", "a%00b", "a/b/c", "%E2%80%A8"])
def test_a_conversation_that_is_not_there_is_told(web: Web, name: str) -> None:
    """Whatever it is called."""
    answer = web.client().get(f"conversations/{name}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (404, "session")


def test_a_bookmark_that_cannot_be_read_shows_turns_as_text(web: Web) -> None:
    """What is there is shown."""
    follow(web, make_messages(3))
    web.context.store.keep_conversation(
        "trip", turns=[], marks={"ab" * 16: 4}, bookmark=b"{nothing", report=json.dumps([1]).encode()
    )
    found = look(web.client(), "trip")
    assert (found["pages"], found["report"]) == ([], {})
    assert {one["place"] for one in found["turns"]} == {"text"}
    assert Bookmark() is not None


def test_half_a_character_hides_no_conversation(web: Web) -> None:
    """Models write such, and clients name models as they like: the list and each of them are shown all the same."""
    follow(web, [{"role": "user", "content": "Half: \ud83d."}], model="\udfff")
    client = web.client()
    (listed,) = client.get("conversations").json()
    assert listed["report"]["model"] == "?"
    assert look(client, "trip")["turns"][0]["text"] == "Half: ?."
