"""Ask a vision-language model about a long conversation that it sees as pages.

    python examples/02_ask_a_server.py [URL]

URL is the address of an OpenAI-compatible server, such as http://127.0.0.1:8000/v1 after
`vllm serve zai-org/Glyph`. Without one, a fake server answers, which is how code like this is tested.
"""

from __future__ import annotations

import sys

from glyph_memory.context import Context
from glyph_memory.readers import OpenAIReader
from glyph_memory.testing import FakeVLMServer, agent_conversation
from glyph_memory.typesetting import typeset


def main(url: str) -> None:
    """Ask twice; the second time the server finds the pages in its cache."""
    pages = typeset(agent_conversation(turns=400))
    with OpenAIReader(url) as reader:
        for question in ("Which service failed first?", "Who signs off the release?"):
            # The question comes after the pages, so that what is before it stays the same.
            reading = reader.read(Context.of(question, pages=pages))
            usage = reading.usage
            print(f"{question}\n  {reading.text}")
            print(f"  {usage.prompt_tokens} tokens, {usage.cached_tokens} of them cached")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with FakeVLMServer(answer=lambda request: f"(I see {len(request.images)} pages.)") as server:
            main(server.base_url)
