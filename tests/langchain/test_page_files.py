"""Page files do not outlive the messages that they show: what was changed, removed or deleted is legible nowhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import HumanMessage, RemoveMessage
from langchain_glyph_memory import GlyphMemoryMiddleware
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import FoldPolicy
from glyph_memory.nano import NanoReader

CARD = "4111-1111-1111-1111"
WHERE: Any = {"configurable": {"thread_id": "1"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where pages go."""
    return tmp_path / "pages"


class Talk:
    """An agent whose users give their card's number away."""

    def __init__(self, folder: Path, policy: FoldPolicy) -> None:
        self.saver = InMemorySaver()
        self.middleware = GlyphMemoryMiddleware("glyph", pages=folder, policy=policy)
        model = FakeListChatModel(responses=["The parcel left the second floor at noon. " * 8])
        self.agent: Any = create_agent(model, [], middleware=[self.middleware], checkpointer=self.saver)

    def ask(self, count: int, *, where: Any = WHERE) -> Any:
        """Ask some questions; return the messages of the state."""
        state: Any = {}
        for number in range(count):
            state = self.agent.invoke({"messages": [("user", f"{number}: my card is {CARD}. " * 3)]}, where)
        return state["messages"]


def files(folder: Path) -> set[str]:
    """Return the names of the page files."""
    return {path.name for path in folder.glob("*.png")}


def legible(folder: Path) -> list[str]:
    """Read every file that is left, of whatever kind; return those in which the card's number stands."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        pixels = path.suffix == ".png"
        text = (
            "".join(line.text for line in NanoReader().transcribe(path).lines) if pixels else path.read_text()
        )
        if "4111" in text:
            found.append(path.name)
    return found


def test_redacted_messages_leave_no_page(folder: Path, early: FoldPolicy) -> None:
    """From the thread's next call on; that the number stood there before shows that the reader finds it."""
    talk = Talk(folder, early)
    messages = talk.ask(9)
    assert legible(folder)
    changed = [HumanMessage("[redacted]", id=message.id) for message in messages if message.type == "human"]
    talk.agent.update_state(WHERE, {"messages": changed})
    with pytest.warns(UserWarning, match="no longer match"):
        talk.agent.invoke({"messages": [("user", "go on")]}, WHERE)
    assert files(folder)
    assert legible(folder) == []


def test_removed_messages_leave_no_page(folder: Path, early: FoldPolicy) -> None:
    """Nothing is left to be shown, so no file is."""
    talk = Talk(folder, early)
    messages = talk.ask(6)
    talk.agent.update_state(WHERE, {"messages": [RemoveMessage(id=message.id) for message in messages]})
    with pytest.warns(UserWarning, match="no longer match|changed or removed"):
        talk.agent.invoke({"messages": [("user", "Hello.")]}, WHERE)
    assert files(folder) == set()


def test_files_are_those_that_are_shown(folder: Path, early: FoldPolicy) -> None:
    """However long the thread: what left the prompt left the folder."""
    talk = Talk(folder, replace(early, window_tokens=6_000))
    talk.ask(80)
    checkpoint: Any = talk.saver.get(WHERE)
    kept = checkpoint["channel_values"]["_glyph_bookmark"]
    assert kept["evicted"]
    shown = {page["digest"] for seal in kept["seals"] for page in seal["pages"]}
    assert {name.removesuffix(".png") for name in files(folder)} <= shown


def test_a_deleted_thread_is_purged_and_others_stay(folder: Path, early: FoldPolicy) -> None:
    """No middleware hears of `delete_thread`; `purge` is called beside it."""
    talk = Talk(folder, early)
    talk.ask(5)
    mine = files(folder)
    other: Any = {"configurable": {"thread_id": 2}}  # LangGraph takes a number as well
    talk.agent.invoke({"messages": [("user", "Something else. " * 90)]}, other)
    talk.ask(5, where=other)
    others = files(folder) - mine
    talk.saver.delete_thread("1")
    assert talk.middleware.purge("1") == len(mine)
    assert files(folder) == others != set()
    assert talk.middleware.purge(2) == len(others)
    assert talk.middleware.purge() == 0
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_purging_in_a_loop(folder: Path, early: FoldPolicy) -> None:
    """The same, without blocking it; by age."""
    talk = Talk(folder, early)
    talk.ask(5)
    assert await talk.middleware.apurge(older_than_days=1) == 0
    there = len(files(folder))
    assert await talk.middleware.apurge(older_than_days=0) == there > 0
    assert files(folder) == set()
