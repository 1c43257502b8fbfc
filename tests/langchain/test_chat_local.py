"""Claims about `ChatGlyph` and a model in this process: random weights, a real architecture, a real reader."""

from __future__ import annotations

import json
import pickle
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_glyph_memory import ChatGlyph, GlyphMemoryMiddleware
from langgraph.checkpoint.memory import InMemorySaver

from glyph_memory import FoldPolicy, LateReader, ReaderRefused, TransformersReader
from glyph_memory.testing import build_tiny_model

pytest.importorskip("torch")
pytest.importorskip("transformers")

WHERE: Any = {"configurable": {"thread_id": "1"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of Glyph's architecture."""
    return build_tiny_model(tmp_path_factory.mktemp("glm4v"))


def _count(message: BaseMessage) -> tuple[int, int]:
    """Return the tokens of the prompt, and how many of them were known."""
    assert isinstance(message, AIMessage)
    assert message.usage_metadata is not None
    details = message.usage_metadata["input_token_details"]
    return message.usage_metadata["input_tokens"], details["cache_read"]


def test_what_a_conversation_said_before_is_not_read_again(folder: Path) -> None:
    """Its last answer included; a copy and other sampling share what was read, a pickle loads anew."""
    chat = ChatGlyph(model=str(folder), device="cpu", max_tokens=8)
    said: list[BaseMessage] = [HumanMessage("Where is the parcel? " * 20)]
    answer = chat.invoke(said)
    first, _ = _count(answer)
    prompt, known = _count(chat.invoke([*said, answer, HumanMessage("And now?")]))
    assert first <= known < prompt
    longer = chat.model_copy().invoke([*said, answer, HumanMessage("And now?")], max_tokens=16)
    assert _count(longer)[1] >= known
    back = pickle.loads(pickle.dumps(chat))  # noqa: S301 - what was written here
    assert back.invoke(said).text == answer.text
    assert _count(back.invoke([*said, answer, HumanMessage("And now?")]))[1] >= first
    back.close()
    chat.close()


def test_an_agents_pages_are_read_once(folder: Path, early: FoldPolicy) -> None:
    """The middleware's pages and what follows them are known in the next call, where no page was added."""
    with TransformersReader(folder, device="cpu", max_tokens=8) as reader:
        chat = ChatGlyph(reader=reader, model="zai-org/Glyph")
        agent = create_agent(
            chat, middleware=[GlyphMemoryMiddleware(policy=early)], checkpointer=InMemorySaver()
        )
        counts: list[tuple[int, int, int]] = []
        for number in range(8):
            asked: Any = {"messages": [("user", f"Where is order {number}? It was sent at noon. " * 12)]}
            answer = agent.invoke(asked, WHERE)["messages"][-1]
            images = answer.response_metadata["image_tokens"]
            counts.append((*_count(answer), images))
        assert counts[-1][2] > 0
        same = [(before, after) for before, after in pairwise(counts) if before[2] == after[2] > 0]
        assert same
        assert all(after[1] >= before[0] - 1 for before, after in same)


def test_the_window_of_a_model_that_nobody_knows_is_asked_of_its_reader(folder: Path, tmp_path: Path) -> None:
    """Which is about to be asked anyway; its profile says nothing before."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["max_position_embeddings"] = 8192
    (tmp_path / "config.json").write_text(json.dumps(config))
    chat = ChatGlyph(tmp_path, device="cpu")
    assert "max_input_tokens" not in (chat.profile or {})
    options, _ = GlyphMemoryMiddleware("glyph")._preparer.foldings.fit(chat)
    assert options.window_tokens == chat.window_tokens == 8192
    late = LateReader.of_model(str(tmp_path), device="cpu")
    assert ChatGlyph(reader=late).window_tokens == 8192
    late.close()
    chat.close()


def test_what_cannot_be_loaded_is_told_when_it_is_asked(tmp_path: Path) -> None:
    """In one line, and by the reader's own error."""
    chat = ChatGlyph(model=str(tmp_path / "nothing"))
    with pytest.raises(ReaderRefused) as told:
        chat.invoke("Well?")
    assert "\n" not in str(told.value)
