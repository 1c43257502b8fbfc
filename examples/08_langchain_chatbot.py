"""A chatbot with a persistent memory, without an agent: a chat history that is kept whole and shown as pages.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/08_langchain_chatbot.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from langchain_core.messages import HumanMessage
from langchain_glyph_memory import GlyphChatMessageHistory
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from glyph_memory.testing import agent_conversation, open_server


def chat(model: ChatOpenAI, database: Path, said: str) -> str:
    """Answer a message, as a web server would for each request: open the history, ask, keep both messages."""
    with GlyphChatMessageHistory("alice", database, profile="glyph") as history:
        history.add_messages([HumanMessage(said)])
        answer = model.invoke(history.messages)  # old messages as pages, recent ones as text
        history.add_messages([answer])
        print(f"{len(history.all_messages)} messages are kept, {len(history.messages)} were sent")
    return answer.text


def main() -> None:
    """Talk for a while; then find what was said first."""
    with open_server() as server, tempfile.TemporaryDirectory() as folder:
        model = ChatOpenAI(
            base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
        )
        database = Path(folder) / "chat.db"
        with GlyphChatMessageHistory("alice", database, profile="glyph") as history:
            history.memory.extend(agent_conversation(turns=400))  # what was said before
            key = next(turn.text for turn in history.memory.turns() if turn.role == "user")
        print(chat(model, database, "What did I ask for first?"))
        with GlyphChatMessageHistory("alice", database, profile="glyph") as history:
            print(f"word for word: {history.memory.recall(key, k=1)[0].text!r}")


if __name__ == "__main__":
    main()
