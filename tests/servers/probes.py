"""The requests that the real vLLM and `FakeVLMServer` are both sent, and the shape in which their answers are compared.

Knows bodies and answers; knows nothing about how a server is started. What the real one answered lies in
`tests/readers/recorded`, made anew by `make servers RECORD=1`.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from PIL import Image

from lib import servers

MODEL = "glyph"
"""The name that both servers serve."""
WINDOW_TOKENS = servers.WINDOW_TOKENS["glm4v"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A request to be sent to both servers."""

    name: str
    """What it is about, and its file's entry."""
    path: str
    """Below the server's root."""
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    """JSON to POST; `None` for a GET."""
    differs: str = ""
    """Why the fake one is not expected to answer alike."""


def image_url(grey: int = 255, *, size: tuple[int, int] = (392, 840)) -> str:
    """Return a picture of one grey as a data URL; another grey is another picture."""
    file = io.BytesIO()
    Image.new("L", size, grey).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def image(grey: int = 255, *, uuid: str | None = None, is_sent: bool = True) -> dict[str, Any]:
    """Return a picture as a part of a message, with its key or without, and with its data or without."""
    part: dict[str, Any] = {"type": "image_url", "image_url": {"url": image_url(grey)} if is_sent else None}
    return part if uuid is None else part | {"uuid": uuid}


def chat(*parts: Mapping[str, Any] | str, **fields: object) -> dict[str, Any]:
    """Return the body of a chat request: one user message, two tokens of answer."""
    content = [{"type": "text", "text": part} if isinstance(part, str) else dict(part) for part in parts]
    message = {"role": "user", "content": content}
    return {"model": MODEL, "messages": [message], "max_tokens": 2, "temperature": 0} | fields


_CHAT = "/v1/chat/completions"
_TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
_RESPONSE_IMAGE = {"type": "input_image", "image_url": image_url()}
_MESSAGE_IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": image_url().partition(",")[2]},
}
PROBES: Sequence[Probe] = (
    Probe(name="models", path="/v1/models"),
    Probe(name="health", path="/health"),
    Probe(name="version", path="/version"),
    Probe(name="nothing there", path="/v1/nothing"),
    Probe(name="text", path=_CHAT, body=chat("When?")),
    Probe(
        name="text as a string", path=_CHAT, body=chat() | {"messages": [{"role": "user", "content": "Hi"}]}
    ),
    Probe(name="picture", path=_CHAT, body=chat(image(), "When?", seed=7)),
    Probe(name="picture again", path=_CHAT, body=chat(image(), "Who?")),
    Probe(name="stream", path=_CHAT, body=chat(image(), "When?", stream=True)),
    Probe(
        name="stream with usage",
        path=_CHAT,
        body=chat(image(), "When?", stream=True, stream_options={"include_usage": True}),
    ),
    Probe(
        name="stream of text with usage",
        path=_CHAT,
        body=chat("When?", stream=True, stream_options={"include_usage": True}),
    ),
    Probe(name="picture with uuid", path=_CHAT, body=chat(image(7, uuid="page-7"), "When?")),
    Probe(name="uuid alone", path=_CHAT, body=chat(image(7, uuid="page-7", is_sent=False), "When?")),
    Probe(name="uuid unknown", path=_CHAT, body=chat(image(uuid="lost", is_sent=False), "When?")),
    Probe(
        name="uuid unknown, after a known one",
        path=_CHAT,
        body=chat(image(7, uuid="page-7", is_sent=False), image(uuid="lost", is_sent=False), "When?"),
    ),
    Probe(name="neither data nor uuid", path=_CHAT, body=chat(image(is_sent=False), "When?")),
    Probe(
        name="picture that is none",
        path=_CHAT,
        body=chat({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}, "When?"),
    ),
    Probe(
        name="picture cut short",
        path=_CHAT,
        body=chat({"type": "image_url", "image_url": {"url": image_url()[:222]}}, "When?"),
    ),
    Probe(
        name="base64 that is none",
        path=_CHAT,
        body=chat({"type": "image_url", "image_url": {"url": "data:image/png;base64,%%%"}}, "When?"),
    ),
    Probe(name="too many pictures", path=_CHAT, body=chat(*[image()] * (servers.MAX_IMAGES + 1), "When?")),
    Probe(name="text too long", path=_CHAT, body=chat("word " * WINDOW_TOKENS)),
    Probe(
        name="text far too long",
        path=_CHAT,
        body=chat("word " * WINDOW_TOKENS * 40),
        differs="it has no vocabulary, and so no longest token",
    ),
    Probe(name="more wanted than the window", path=_CHAT, body=chat("When?", max_tokens=WINDOW_TOKENS + 1)),
    Probe(
        name="prompt of exactly the window",
        path=_CHAT,
        body=chat("w" * (WINDOW_TOKENS - 6)),
        differs="its template has fewer tokens",
    ),
    Probe(
        name="pictures too long",
        path=_CHAT,
        body=chat(*[image()] * 18, "word " * (WINDOW_TOKENS // 5 - 1400)),
    ),
    Probe(name="no messages", path=_CHAT, body={"model": MODEL, "messages": []}),
    Probe(name="messages missing", path=_CHAT, body={"model": MODEL}),
    Probe(name="another model", path=_CHAT, body=chat("When?", model="gpt-4")),
    Probe(name="a field it does not know", path=_CHAT, body=chat("When?", no_such_field=1)),
    Probe(name="no answer wanted", path=_CHAT, body=chat("When?", max_tokens=0)),
    Probe(name="salted", path=_CHAT, body=chat(image(), "When?", cache_salt="salt")),
    Probe(
        name="stream options without a stream",
        path=_CHAT,
        body=chat("When?", stream_options={"include_usage": True}),
    ),
    Probe(name="a part that is none", path=_CHAT, body=chat({"type": "pic"}, "When?")),
    Probe(name="a temperature that is none", path=_CHAT, body=chat("When?", temperature=-1)),
    Probe(name="the wrong method", path=_CHAT),
    Probe(name="ping", path="/ping"),
    Probe(
        name="tools without a parser",
        path=_CHAT,
        body=chat("When?", tools=[_TOOL]),
        differs="it calls tools when its script says so, as with a parser",
    ),
    Probe(name="tokenize", path="/tokenize", body={"model": MODEL, "prompt": "hello world"}),
    Probe(
        name="tokenize a chat",
        path="/tokenize",
        body={k: v for k, v in chat(image(), "Hi").items() if k[0] == "m" and k != "max_tokens"},
    ),
    Probe(
        name="responses", path="/v1/responses", body={"model": MODEL, "input": "Hi", "max_output_tokens": 2}
    ),
    Probe(
        name="responses with a picture",
        path="/v1/responses",
        body={
            "model": MODEL,
            "max_output_tokens": 2,
            "input": [
                {"role": "user", "content": [_RESPONSE_IMAGE, {"type": "input_text", "text": "When?"}]}
            ],
        },
    ),
    Probe(
        name="messages with a picture",
        path="/v1/messages",
        body={
            "model": MODEL,
            "max_tokens": 2,
            "messages": [{"role": "user", "content": [_MESSAGE_IMAGE, {"type": "text", "text": "When?"}]}],
        },
    ),
    Probe(
        name="messages, counted",
        path="/v1/messages/count_tokens",
        body={
            "model": MODEL,
            "messages": [{"role": "user", "content": [_MESSAGE_IMAGE, {"type": "text", "text": "When?"}]}],
        },
    ),
)


def send(client: httpx2.Client, probe: Probe) -> dict[str, Any]:
    """Send a request; return the status, the kind of content, and the JSON, the stream's events or the text."""
    answer = client.get(probe.path) if probe.body is None else client.post(probe.path, json=dict(probe.body))
    kind = answer.headers.get("content-type", "").replace("; charset=utf-8", "")
    got: dict[str, Any] = {"status": answer.status_code, "kind": kind}
    if kind == "text/event-stream":
        events = [
            line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")
        ]
        return got | {"events": [event if event == "[DONE]" else json.loads(event) for event in events]}
    return got | ({"json": answer.json()} if kind == "application/json" else {"text": answer.text})


def find_shape(value: object) -> object:
    """Return an answer with every word and number replaced by its kind, and equal neighbours in a list by one.

    Errors keep their words, in which only numbers are replaced: a client goes by what they say.
    """
    if isinstance(value, dict):
        return {
            name: re.sub(r"\d+", "#", one)
            if name in {"message", "detail", "type", "object", "owned_by", "role", "param"}
            and isinstance(one, str)
            else find_shape(one)
            for name, one in value.items()
        }
    if isinstance(value, list):
        shapes: list[object] = []
        for shape in map(find_shape, value):
            if not shapes or shapes[-1] != shape:
                shapes.append(shape)
        return shapes
    return value if value is None or value == "[DONE]" else type(value).__name__


def describe(answer: object) -> dict[str, object]:
    """Return the shape of an answer with its status."""
    shape = find_shape(answer)
    assert isinstance(answer, dict)
    assert isinstance(shape, dict)
    return shape | {"status": answer["status"], "kind": answer["kind"]}


_FOLDER = re.compile(r"(?:/[^/\s]+)+/models-[0-9a-f]+/")
"""Where the models of the servers' environment lie."""


def shorten(value: object) -> object:
    """Return an answer with its long lists and texts cut, and no machine's folders, to be kept in a file."""
    if isinstance(value, dict):
        return {name: shorten(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shorten(one) for one in value[:6]] + ([] if len(value) <= 6 else value[-1:])
    return _FOLDER.sub("/models/", value)[:600] if isinstance(value, str) else value
