"""The planner's judge counts true requests: text and pages apart, anew and cached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from glyph_memory.context import Binder, ImagePart, Message
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from lib.prefix_cache import BLOCK_TOKENS
from lib.server_prices import KindKeys, count_sent
from lib.ways import Talk

PROFILE = ModelProfile.from_name("glyph")
PICTURE = ImagePart(data=b"one", size=(560, 560))


def test_what_is_sent_twice_is_cached_the_second_time_text_and_pages_apart() -> None:
    """A request that comes again is cached but for its last block, which is never whole."""
    keys = KindKeys(PROFILE)
    talk = Talk(agent_conversation(turns=6), binder=Binder(PROFILE), keys=keys)
    message = Message(role="user", parts=(PICTURE,))
    once = [talk.messages[0], message]

    def send_again(one: Talk) -> Iterator[Sequence[Message]]:
        for _ in one.asked_at:
            yield once

    sent, times = count_sent(talk, send_again, keys), len(talk.asked_at)
    page = PROFILE.image_tokens(PICTURE.size, images=2)
    text = len(keys.prompt(once)) - page
    assert sent.largest == text + page
    total = sent.total
    assert total.text + total.cached_text == times * text
    assert total.page + total.cached_page == times * page
    left = (text + page - 1) % BLOCK_TOKENS + 1
    assert total.text + total.page == text + page + (times - 1) * left
