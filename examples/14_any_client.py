"""Give a client that knows nothing of it a long memory: the proxy stands between it and the model's server.

    python examples/14_any_client.py

Runs offline: a fake server stands in for yours, which GLYPH_BASE_URL and GLYPH_MODEL name, and the proxy runs in a
thread. On the command line it is started by `glyph-memory serve --upstream http://127.0.0.1:8000/v1`.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import uvicorn
from openai.types.chat import ChatCompletionMessageParam

from glyph_memory.serve import ServeOptions, Upstream, create_app
from glyph_memory.testing import FakeRequest, open_server


@contextmanager
def run_proxy(options: ServeOptions) -> Iterator[str]:
    """Yield the address of a proxy in a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(create_app(options), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()


def chat(client: openai.OpenAI, model: str) -> None:
    """Talk as any chat program does: it keeps all messages, and sends all of them each time."""
    messages: list[ChatCompletionMessageParam] = [{"role": "system", "content": "You are on call."}]
    for number in range(400):
        order = f"Order ORD-{number:04}-7F3A was late. " + "The queue was full. " * 20
        messages += [{"role": "user", "content": order}, {"role": "assistant", "content": "Noted."}]

    for question in ("Which order was late first?", "And which was late last?"):
        messages.append({"role": "user", "content": question})
        answer = client.chat.completions.with_raw_response.create(model=model, messages=messages)
        reply = answer.parse()
        messages.append({"role": "assistant", "content": reply.choices[0].message.content})
        print(f"{question} {reply.choices[0].message.content}")
        if usage := reply.usage:
            details = usage.prompt_tokens_details
            print(
                f"  {usage.prompt_tokens:,} tokens, {details.cached_tokens if details else 0:,} of them cached"
            )
        print(f"  conversation {answer.headers['x-glyph-session']}, {len(messages)} messages at the client")


def answer(request: FakeRequest) -> str:
    """Stand in for a model: tell what it was sent."""
    return f"I see {len(request.images)} pages."


def main() -> None:
    """Talk through the proxy, twice with one memory: it goes on where it was after a restart."""
    with open_server(answer=answer) as upstream, tempfile.TemporaryDirectory() as folder:
        options = ServeOptions(upstreams=(Upstream(url=upstream.base_url),), memory=Path(folder) / "serve.db")
        for _start in range(2):
            with run_proxy(options) as base_url, openai.OpenAI(base_url=base_url, api_key="none") as client:
                chat(client, upstream.model)


if __name__ == "__main__":
    main()
