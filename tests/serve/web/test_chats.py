"""Chats of the web page: what is said is kept, shown as text or pages, and found again."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from glyph_memory.context import PageOptions
from glyph_memory.memory import GlyphMemory
from glyph_memory.serve.web import create_web_api
from glyph_memory.testing import FakeVLMServer, Fault
from tests.serve.web.fakes import MakeWeb, Web, fetch, read_events

SMALL = PageOptions(profile="glyph", window_tokens=4_096)
"""A window that a test fills."""


def say(client: TestClient, name: str, text: str, **more: object) -> list[tuple[str, Any]]:
    """Say something, and return the events of the answer."""
    answer = client.post(f"chats/{name}/messages", json={"text": text, **more})
    assert answer.status_code == 200, answer.text
    events: list[tuple[str, Any]] = read_events(answer.text)
    return events


def fill(web: Web, session: str, turns: int = 36) -> None:
    """Fill a chat until some of it left the pages."""
    with GlyphMemory.open(web.context.store, session=session, options=web.context.page_options) as memory:
        memory.add("user", "The code of the blue locker is 9920-K.")
        for number in range(turns):
            words = " ".join(f"crate{number}x{place} of herring" for place in range(60))
            memory.add("assistant" if number % 2 else "user", words)


def test_a_message_and_its_answer_are_kept(make_web: MakeWeb, server: FakeVLMServer) -> None:
    """The answer comes as it is written, then what it cost, then the turn as it is stored."""
    client = make_web(server.base_url).client()
    events = say(client, "Trip", "What does the page say?")
    assert [name for name, _ in events if name != "delta"] == ["usage", "turn", "done"]
    turn = events[-2][1]
    assert (turn["anchor"], turn["role"], turn["place"]) == (2, "assistant", "text")
    chat = client.get("chats/Trip").json()
    assert [one["text"] for one in chat["turns"]] == ["What does the page say?", turn["text"]]
    assert chat["report"]["pages"] == 0
    (listed,) = client.get("chats").json()
    assert (listed["name"], listed["turns"]) == ("Trip", 2)
    assert listed["updated"]


def test_the_nano_reader_answers_a_chat(client: TestClient) -> None:
    """Where there is no upstream, it quotes what was said."""
    say(client, "Trip", "The gate code is 4711-B.")
    events = say(client, "Trip", "What is the gate code?")
    assert "4711-B" in "".join(data["text"] for name, data in events if name == "delta")


def test_old_turns_are_on_pages_and_the_oldest_are_gone(make_web: MakeWeb) -> None:
    """Each turn says where it is shown, and the pages are served."""
    web = make_web(page_options=SMALL)
    fill(web, "web/Long")
    client = web.client()
    chat = client.get("chats/Long").json()
    places = [one["place"] for one in chat["turns"]]
    assert places[0] == "gone"
    assert "page" in places
    assert places[-1] == "text"
    assert places == sorted(places, key=["gone", "page", "text"].index)
    numbers = {page["number"] for page in chat["pages"]}
    assert all(one["page"] in numbers for one in chat["turns"] if one["place"] == "page")
    for page in chat["pages"]:
        answer = fetch(client, page["url"])
        assert Image.open(io.BytesIO(answer.content)).size == (page["width"], page["height"])
    again = client.get(f"http://testserver{page['url']}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert chat["report"]["context_tokens"] < chat["report"]["plain_tokens"]
    assert any("no longer shown" in note for note in chat["report"]["notes"])
    assert client.get("chats/Long/pages/99999.png").status_code == 404


def test_what_left_the_pages_is_recalled_for_the_model(make_web: MakeWeb, server: FakeVLMServer) -> None:
    """It is told to the user, and stands as text in the request, under a line that says so."""
    web = make_web(server.base_url, page_options=SMALL, pages={"window_tokens": 4_096})
    fill(web, "web/Long")
    client = web.client()
    events = say(client, "Long", "What is the code of the blue locker?")
    assert events[0] == ("recalled", {"anchor": 1, "text": "The code of the blue locker is 9920-K."})
    sent = str(server.requests[-1].body["messages"][-1])
    assert "§1 user, recalled, as it is no longer shown:" in sent
    assert "9920-K" in sent
    turns = client.get("chats/Long").json()["turns"]
    assert [one["anchor"] for one in turns if one["is_recalled"]] == [1]


def test_recall_searches_the_whole_chat(make_web: MakeWeb) -> None:
    """Whether it is shown or not."""
    web = make_web(page_options=SMALL)
    fill(web, "web/Long")
    found = web.client().get("chats/Long/recall", params={"query": "blue locker"}).json()
    assert (found[0]["anchor"], found[0]["place"]) == (1, "gone")
    assert found[0]["text"] == "The code of the blue locker is 9920-K."


def test_a_chat_is_begun_named_and_erased(client: TestClient) -> None:
    """It is listed before a word is said, and gone with all its turns."""
    assert client.post("chats").json()["name"] == "Chat 1"
    assert client.post("chats", json={"name": "Größe & Maß?"}).status_code == 201
    assert client.get("chats/Gr%C3%B6%C3%9Fe%20%26%20Ma%C3%9F%3F").json()["turns"] == []
    assert client.post("chats", json={"name": "Chat 1"}).status_code == 409
    assert [chat["name"] for chat in client.get("chats").json()] == ["Größe & Maß?", "Chat 1"]
    say(client, "Chat 1", "Hello.")
    assert client.delete("chats/Chat 1").status_code == 204
    assert [chat["name"] for chat in client.get("chats").json()] == ["Größe & Maß?"]
    assert client.get("chats/Chat 1").json()["turns"] == []


@pytest.mark.parametrize("name", ["", " x", "a/b", "a\\b", "x" * 81, "a\nb", ".", "..", "\u2028"])
def test_a_name_that_no_address_holds_is_refused(client: TestClient, name: str) -> None:
    """With what a chat may be called."""
    answer = client.post("chats", json={"name": name})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "name")


def test_two_callers_cannot_see_each_other(web: Web) -> None:
    """Not by the same name, nor by one that looks like a path into the other's chats."""
    ann, bob = web.client("ann"), web.client("bob")
    say(ann, "Trip", "The gate code is 4711-B.")
    assert bob.get("chats").json() == []
    assert bob.get("chats/Trip").json()["turns"] == []
    assert bob.get("chats/Trip/recall", params={"query": "gate code"}).json() == []
    assert web.client().get("chats").json() == []
    say(bob, "Trip", "Nothing.")
    assert len(ann.get("chats/Trip").json()["turns"]) == 2
    assert bob.delete("chats/Trip").status_code == 204
    assert len(ann.get("chats/Trip").json()["turns"]) == 2


def test_a_caller_named_like_a_path_sees_its_own_alone(web: Web) -> None:
    """The sessions of ann's callers begin like hers."""
    ann, odd = web.client("ann"), web.client("ann/web")
    say(odd, "Trip", "The gate code is 4711-B.")
    assert ann.get("chats").json() == []
    assert [chat["name"] for chat in odd.get("chats").json()] == ["Trip"]


def test_a_model_that_fails_leaves_the_message(make_web: MakeWeb) -> None:
    """The error says why; the message is there for the next try."""
    with FakeVLMServer(faults=[Fault(status=500, body=b"{}")] * 4) as server:
        client = make_web(server.base_url).client()
        events = say(client, "Trip", "Hello.")
        assert [name for name, _ in events] == ["error", "done"]
        assert [one["role"] for one in client.get("chats/Trip").json()["turns"]] == ["user"]


def test_another_model_draws_the_chat_anew_and_it_stays_so(make_web: MakeWeb) -> None:
    """Looking at a chat never changes how it is drawn."""
    with FakeVLMServer(model="Qwen/Qwen3-VL-8B-Instruct", window_tokens=4_096) as server:
        web = make_web(server.base_url, page_options=SMALL)
        fill(web, "web/Long", turns=30)
        client = web.client()
        say(client, "Long", "Hello.")
        first = client.get("chats/Long").json()["report"]
        assert client.get("chats/Long").json()["report"] == first
        fresh = Web(context=web.context, app=create_web_api(web.context), recorder=web.recorder)
        assert fresh.client().get("chats/Long").json()["report"] == first


def test_a_model_that_takes_no_images_is_told_once_there_are_pages(make_web: MakeWeb) -> None:
    """Until then it answers as any other."""
    with FakeVLMServer(takes_images=False, model="Qwen/Qwen3-VL-8B-Instruct", window_tokens=4_096) as server:
        web = make_web(server.base_url, page_options=SMALL)
        client = web.client()
        assert "turn" in [name for name, _ in say(client, "Short", "Hello.")]
        fill(web, "web/Long")
        events = say(client, "Long", "Hello.")
    assert [name for name, _ in events if name != "recalled"] == ["error", "done"]


def test_a_window_too_small_for_a_memory_is_told(make_web: MakeWeb) -> None:
    """Before anything is stored; the status tells of the model all the same."""
    with FakeVLMServer(window_tokens=200) as server:
        client = make_web(server.base_url).client()
        assert client.get("status").json()["upstreams"][0]["models"][0]["id"] == "glyph"
        answer = client.post("chats/Trip/messages", json={"text": "Hello."})
        assert answer.status_code == 422
        assert "window" in answer.json()["error"]["message"]
        assert client.get("chats/Trip").json()["turns"] == []


@pytest.mark.parametrize(
    "more", [{"temperature": 9}, {"top_p": 0}, {"max_tokens": 0}, {"text": ""}, {"model": 7}, {"odd": 1}]
)
def test_a_message_that_cannot_be_sent_names_its_field(client: TestClient, more: dict[str, object]) -> None:
    """And nothing of it is stored."""
    answer = client.post("chats/Trip/messages", json={"text": "Hello.", **more})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, next(iter(more)))
    assert client.get("chats/Trip").json()["turns"] == []


def test_half_a_character_in_an_answer_hides_no_chat(make_web: MakeWeb) -> None:
    """Models write such, and the store keeps it."""
    web = make_web()
    with GlyphMemory.open(web.context.store, session="web/Trip", options=web.context.page_options) as memory:
        memory.add("user", "A face?")
        memory.add("assistant", "Here is half of one: \ud83d.")
    client = web.client()
    assert client.get("chats/Trip").json()["turns"][1]["text"] == "Here is half of one: ?."
    assert client.get("chats/Trip/recall", params={"query": "half"}).json()[0]["anchor"] == 2
