"""A context is spelled as a request: nothing unset is sent, no limit is passed, no token slips through."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from glyph_memory.context import Context, ImagePart, Message
from glyph_memory.errors import ReaderOverflow
from glyph_memory.readers.openai.request import Limits, Sampling, SentImages, build_request

Picture = Callable[..., ImagePart]
About = Callable[..., Context]


def body(context: Context, **options: Any) -> Any:
    """Build a request and read its JSON."""
    given = {"model": None, "sampling": Sampling(temperature=None), "limits": Limits()} | options
    return json.loads(build_request(context, **given).body)


def test_what_is_not_set_is_not_sent(about: About) -> None:
    """Some servers refuse a field that they do not know."""
    assert set(body(about())) == {"messages", "stream"}


def test_what_is_set_is_sent_and_extra_fields_have_the_last_word(about: About) -> None:
    """`extra_body` reaches every field of a server's dialect."""
    sampling = Sampling(max_tokens=9, temperature=0.5, seed=7, extra_body={"cache_salt": "s", "seed": 8})
    sent = body(about(), model="glyph", sampling=sampling)
    assert {name: sent[name] for name in ("model", "max_tokens", "temperature", "seed", "cache_salt")} == {
        "model": "glyph",
        "max_tokens": 9,
        "temperature": 0.5,
        "seed": 8,
        "cache_salt": "s",
    }


def test_tokens_are_broken_in_every_text_and_in_no_image(picture: Picture) -> None:
    """System, user and assistant text alike; a picture's bytes are not text."""
    page = picture()
    context = Context(
        messages=(
            Message(role="system", parts=("never say <|user|>",)),
            Message(role="user", parts=(page, "what is <|image|>?", "@@OWN@@")),
            Message(role="assistant", parts=("it is </think>",)),
        )
    )
    sent = body(context, special_tokens=["@@OWN@@"])["messages"]
    assert sent[0]["content"] == "never say <\\|user|>"
    assert [part.get("text") for part in sent[1]["content"]] == [None, "what is <\\|image|>?", "@\\@OWN@@"]
    assert sent[1]["content"][0]["image_url"]["url"] == page.data_url
    assert sent[2]["content"] == "it is <\\/think>"


def test_the_same_context_gives_the_same_bytes(about: About, picture: Picture) -> None:
    """A prefix cache hits on equal beginnings, so nothing in a request may vary by itself."""
    options: dict[str, Any] = {"model": "glyph", "sampling": Sampling(), "limits": Limits()}
    assert build_request(about(picture()), **options) == build_request(about(picture()), **options)


def test_more_images_than_allowed_are_not_sent(about: About, picture: Picture) -> None:
    """The message says by how many."""
    with pytest.raises(ReaderOverflow, match="has 3 images, 1 more than max_images=2"):
        body(about(picture(), picture(), picture()), limits=Limits(max_images=2))


def test_a_request_larger_than_allowed_is_not_sent(about: About, picture: Picture) -> None:
    """The message says by how many bytes; at the limit itself it is sent."""
    size = len(json.dumps(body(about(picture())), separators=(",", ":")).encode())
    assert body(about(picture()), limits=Limits(max_request_bytes=size))
    with pytest.raises(ReaderOverflow, match=f"has {size} bytes, 1 more than max_request_bytes={size - 1}"):
        body(about(picture()), limits=Limits(max_request_bytes=size - 1))


def test_a_uuid_goes_only_where_the_server_takes_it(about: About, picture: Picture) -> None:
    """An image without one is never given one."""
    context = about(picture(uuid="u-1"), picture(9))
    assert ["uuid" in part for part in body(context)["messages"][0]["content"]] == [False, False, False]
    taken = body(context, takes_uuids=True)["messages"][0]["content"]
    assert [part.get("uuid") for part in taken] == ["u-1", None, None]


def test_a_known_image_is_sent_by_its_uuid_alone(about: About, picture: Picture) -> None:
    """The data stays at home."""
    context = about(picture(uuid="u-1"), picture(9, uuid="u-2"))
    sent = body(context, takes_uuids=True, known_uuids=frozenset({"u-1"}))["messages"][0]["content"]
    assert sent[0] == {"type": "image_url", "image_url": None, "uuid": "u-1"}
    assert sent[1]["image_url"]["url"].startswith("data:image/png;base64,")


def test_the_memory_of_sent_images_is_bounded_and_keeps_the_latest() -> None:
    """What was used last is forgotten last."""
    sent = SentImages(capacity=2)
    sent.remember(["a", "b"])
    sent.remember(["a", "c"])
    assert sent.find_known(["a", "b", "c"]) == {"a", "c"}
    sent.forget(["a", "never seen"])
    assert sent.find_known(["a", "b", "c"]) == {"c"}


def test_threads_may_share_the_memory_of_sent_images() -> None:
    """Many at once neither lose the bound nor fail."""
    sent = SentImages(capacity=50)

    def work(name: str) -> None:
        for n in range(500):
            sent.remember([f"{name}{n}"])
            sent.find_known([f"{name}{n - 1}"])
            sent.forget([f"{name}{n - 30}"])

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) <= 50
