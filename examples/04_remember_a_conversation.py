"""Remember a conversation: every turn is kept as text, old ones are shown to the model as pages.

    python examples/04_remember_a_conversation.py [URL]

URL is the address of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1 after
`vllm serve zai-org/Glyph`. Without one, a fake server answers, which is how code like this is tested.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from glyph_memory import GlyphMemory, OpenAIReader, PolicyError, StoreBusy, StoreError
from glyph_memory.testing import FakeVLMServer, agent_conversation


def main(url: str, folder: Path) -> None:
    """Load an old conversation, go on with it, look something up, open it again."""
    with GlyphMemory.open(folder / "agent.db", session="on-call", profile="glyph") as memory:
        memory.extend(agent_conversation(turns=600))

        # A chat: the user's turn is stored before the model is asked, its answer after.
        with OpenAIReader(url, special_tokens=memory.profile.special_tokens) as reader:
            for question in ("What did I say the shop's own number was?", "Which service failed first?"):
                memory.add("user", question)
                reading = reader.read(memory.context())
                memory.add("assistant", reading.text)
                print(f"{question}\n  {reading.text}")
                print(f"  {reading.usage.prompt_tokens} tokens, {reading.usage.cached_tokens} of them cached")

        # What costs what.
        report = memory.report()
        print(
            f"{report.turns} turns: {report.page_turns} on {report.pages} pages, {report.recent_turns} as text; "
            f"{report.context_tokens:,} tokens instead of {report.plain_tokens:,}"
        )

        # What a model misreads is at hand word for word: by words, by anchor, by a part of an identifier.
        best = memory.recall("refund webhook timeout", k=1)[0]
        print(f"§{best.anchor} {best.turn.role}, page {best.page}: {best.text.splitlines()[0]}")
        print(f"zoom: {memory.zoom(f'§{best.anchor}').text == best.turn.text}")
        print(f"order numbers: {[known.text for known in memory.identifiers('ORD-', limit=3)]}")

        # A pinned turn stays readable as text for good; there is only so much room for them.
        try:
            memory.pin(best.anchor)
        except PolicyError as error:
            print(error)

    # Another process, another day.
    try:
        with GlyphMemory.open(folder / "agent.db", session="on-call") as memory:
            print(f"again: {memory.report().turns} turns, {len(memory.context().images)} pages")
    except StoreBusy:
        print("somebody else is writing; try again")
    except StoreError as error:
        print(error)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        if len(sys.argv) > 1:
            main(sys.argv[1], Path(made))
        else:
            with FakeVLMServer(answer=lambda request: f"(I see {len(request.images)} pages.)") as server:
                main(server.base_url, Path(made))
