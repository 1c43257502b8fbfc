"""`GlyphMemory` keeps the contract of LlamaIndex's memories as its callers really use it."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock, ToolCallBlock
from llama_index.core.memory import BaseMemory
from llama_index.core.storage.chat_store import SimpleChatStore
from llama_index.llms.openai_like import OpenAILike
from llama_index.memory.glyph import GlyphChatStore, GlyphFoldEvent, GlyphMemory, PageImageBlock
from llama_index.memory.glyph.history import restore_history
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.base import BaseEvent
from llama_index_instrumentation.event_handlers import BaseEventHandler

from glyph_memory import FoldPolicy, GlyphMemoryWarning, ModelProfile, PolicyError, ProfileError
from glyph_memory import GlyphMemory as Conversation

Said = Callable[[Sequence[ChatMessage]], list[object]]
T = TypeVar("T")
PagesOf = Callable[[Sequence[ChatMessage]], list[PageImageBlock]]


def unpickled(thing: T) -> T:
    """Pickle and back."""
    back: T = pickle.loads(pickle.dumps(thing))  # noqa: S301  our own
    return back


class LateStore(SimpleChatStore):
    """A chat store that takes its time, and is asynchronous by itself, as those of servers are."""

    @classmethod
    def class_name(cls) -> str:
        """Name it for serializers."""
        return "LateStore"

    def add_message(self, key: str, message: ChatMessage, idx: int | None = None) -> None:
        """Add a message, a little later."""
        time.sleep(0.0002)
        super().add_message(key, message, idx)

    async def async_add_message(self, key: str, message: ChatMessage) -> None:
        """Add a message, a little later."""
        await asyncio.sleep(0)
        super().add_message(key, message)


@pytest.fixture(params=["simple", "late", "sql", "given"])
def any_memory(request: pytest.FixtureRequest, policy: FoldPolicy, tmp_path: Path) -> GlyphMemory:
    """Return an empty memory over each kind of store."""
    match request.param:
        case "sql":
            return GlyphMemory.from_store(tmp_path / "chat.db", "alice", policy=policy)
        case "given":
            return GlyphMemory.from_defaults(memory=Conversation.open(":memory:", policy=policy))
        case "late":
            return GlyphMemory.from_defaults(policy=policy, chat_store=LateStore())
    return GlyphMemory.from_defaults(policy=policy)


def test_it_is_a_memory() -> None:
    """With a name of its own, and true though it is empty: agents ask for that."""
    memory = GlyphMemory.from_defaults()
    assert isinstance(memory, BaseMemory)
    assert memory.class_name() == "GlyphMemory"
    assert memory
    assert memory.get() == memory.get_all() == []


def test_all_is_kept_and_old_messages_are_pages(
    any_memory: GlyphMemory, talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """In whichever store; the system message leads, pages follow in a user's message, the newest come as they were."""
    any_memory.put_messages(talk)
    sent = any_memory.get()
    assert any_memory.get_all() == talk
    assert [message.role.value for message in sent[:2]] == ["system", "user"]
    assert len(pages_of(sent)) > 3
    assert pages_of(sent[1:2]) == pages_of(sent)
    assert sent[-1].content == talk[-1].content
    assert any_memory.folding().binder.policy.window_tokens == 6000
    assert sum(page.tokens for page in pages_of(sent)) < 6000


async def test_async_calls_give_what_sync_calls_give(
    any_memory: GlyphMemory, talk: list[ChatMessage], policy: FoldPolicy, said: Said
) -> None:
    """One by one and all at once, too."""
    other = GlyphMemory.from_defaults(policy=policy)
    await any_memory.aput(talk[0])
    await any_memory.aput_messages(talk[1:60])
    for message in talk[:60]:
        other.put(message)
    assert said(await any_memory.aget_all()) == said(other.get_all())
    is_core = isinstance(any_memory.chat_store, GlyphChatStore)
    assert said(await any_memory.aget()) == said(any_memory.get())
    if not is_core:  # the core's ledgers know how often something was said
        assert said(await any_memory.aget()) == said(other.get())
    await any_memory.aset(talk[:3])
    assert said(await any_memory.aget_all()) == said(talk[:3])
    await any_memory.areset()
    assert await any_memory.aget_all() == await any_memory.aget() == []


def test_what_was_sent_stays_at_the_beginning_until_the_next_seal(
    any_memory: GlyphMemory, talk: list[ChatMessage], said: Said, pages_of: PagesOf
) -> None:
    """A server's prefix cache lives on that: pages of before stay what they are, byte for byte."""
    before: list[ChatMessage] = []
    grew = sealed = 0
    for message in talk:
        any_memory.put(message)
        if message.role == MessageRole.USER:
            now = any_memory.get()
            if said(now[: len(before)]) == said(before):
                grew += 1
            else:
                sealed += 1
                old, new = ([page.image for page in pages_of(sent)] for sent in (before, now))
                assert new[: len(old)] == old or new[0] in old  # the oldest leave together, in a generation
            before = now
    assert min(grew, sealed) > 10


def test_the_input_is_never_part_of_the_answer(memory: GlyphMemory) -> None:
    """Agents have put it before they ask, chat engines put it after: it is a hint, and nothing else."""
    memory.put(ChatMessage(role="user", content="One."))
    assert [message.content for message in memory.get(input="Two.")] == ["One."]
    assert [message.content for message in memory.get("Two.", nobody_knows="this")] == ["One."]


def test_what_is_given_may_be_written_into(
    any_memory: GlyphMemory, talk: list[ChatMessage], said: Said
) -> None:
    """Agents write their state into the newest message in place; the history must not learn of it."""
    any_memory.put_messages(talk)
    sent = any_memory.get()
    before = said(sent), said(any_memory.get_all())
    for message in sent:
        for block in message.blocks:
            if isinstance(block, TextBlock):
                block.text = "state"
            if isinstance(block, ToolCallBlock):
                block.tool_kwargs = "state"
        message.additional_kwargs["state"] = 1
        message.blocks.append(TextBlock(text="more"))
    assert (said(any_memory.get()), said(any_memory.get_all())) == before


def test_what_is_put_may_be_written_into_later(any_memory: GlyphMemory) -> None:
    """A memory keeps what was said when it was put."""
    message = ChatMessage(role="user", content="One.", additional_kwargs={"held": [1]})
    any_memory.put(message)
    first = message.blocks[0]
    assert isinstance(first, TextBlock)
    first.text = "Two."
    message.blocks.append(TextBlock(text="Three."))
    message.additional_kwargs["held"].append(2)
    (kept,) = any_memory.get_all()
    assert (kept.content, kept.additional_kwargs) == ("One.", {"held": [1]})


def test_pairs_stay_whole_and_a_user_begins(any_memory: GlyphMemory, talk: list[ChatMessage]) -> None:
    """After every single message: results follow their calls, and what is no system message begins with a user."""
    for message in talk:
        any_memory.put(message)
        sent = [one for one in any_memory.get() if one.role != MessageRole.SYSTEM]
        assert not sent or sent[0].role == MessageRole.USER
        waiting: set[object] = set()
        for one in sent:
            if one.role == MessageRole.TOOL:
                waiting.remove(one.additional_kwargs["tool_call_id"])
            else:
                assert not waiting
                waiting = {block.tool_call_id for block in one.blocks if isinstance(block, ToolCallBlock)}


def test_chat_history_begins_it_and_nothing_does_not_empty_a_store(policy: FoldPolicy) -> None:
    """Chat engines give an empty list where there is no history; a store that has one keeps it."""
    store = SimpleChatStore()
    begun = [ChatMessage(role="user", content="One.")]
    GlyphMemory.from_defaults(chat_history=begun, chat_store=store, policy=policy)
    again = GlyphMemory.from_defaults(chat_history=[], chat_store=store, policy=policy)
    assert again.get_all() == begun


def test_keys_of_a_store_are_apart(policy: FoldPolicy, talk: list[ChatMessage], tmp_path: Path) -> None:
    """Two memories over one store see their own key alone."""
    for store in (SimpleChatStore(), GlyphChatStore(url=str(tmp_path / "chat.db"), policy=policy)):
        alice = GlyphMemory.from_defaults(chat_store=store, chat_store_key="alice", policy=policy)
        bob = GlyphMemory.from_defaults(chat_store=store, chat_store_key="bob", policy=policy)
        alice.put_messages(talk)
        bob.put(ChatMessage(role="user", content="Hello."))
        assert [message.content for message in bob.get()] == ["Hello."]
        alice.reset()
        assert len(bob.get_all()) == 1


# The window.


def test_a_token_limit_narrows_the_window_and_never_widens_it(talk: list[ChatMessage]) -> None:
    """An engine's limit, an LLM's window, the profile's: the smallest counts."""
    profile = ModelProfile.from_name("glyph")
    narrow = GlyphMemory.from_defaults(token_limit=8000)
    assert narrow.folding(narrow.token_limit).binder.policy.window_tokens <= 8000
    wide = GlyphMemory.from_defaults(token_limit=10**7)
    assert wide.folding(wide.token_limit).binder.policy.window_tokens <= profile.window_tokens
    llm = OpenAILike(model="x", context_window=9000, is_chat_model=True)
    told = GlyphMemory.from_defaults(llm=llm, token_limit=20_000)
    assert told.token_limit == 9000
    narrow.put_messages(talk * 5)
    sent = narrow.get()
    binder = narrow.folding(narrow.token_limit).binder
    tokens = sum(
        block.tokens if isinstance(block, PageImageBlock) else binder.count(str(getattr(block, "text", "")))
        for message in sent
        for block in message.blocks
    )
    assert 2000 < tokens < 8000


def test_a_window_that_is_too_small_is_told_when_the_memory_is_made() -> None:
    """In one line that names what to change."""
    with pytest.raises(PolicyError, match="token_limit=100 is too small") as raised:
        GlyphMemory.from_defaults(token_limit=100)
    assert "\n" not in str(raised.value)
    with pytest.raises(PolicyError, match="window_tokens=100 is too small"):
        GlyphMemory.from_defaults(window_tokens=100)


def test_an_unknown_model_is_told_in_one_line() -> None:
    """With the nearest names."""
    with pytest.raises(ProfileError, match="no model profile 'glypf'") as raised:
        GlyphMemory.from_defaults(profile="glypf")
    assert "\n" not in str(raised.value)


def test_an_llm_that_cannot_be_sent_pages_is_told_of() -> None:
    """`OpenAILike` sends text alone, and takes 3,900 tokens, unless it is told otherwise; both without a word."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        GlyphMemory.from_defaults(llm=OpenAILike(model="glyph"))
    words = [str(one.message) for one in caught if issubclass(one.category, GlyphMemoryWarning)]
    assert len(words) == 2
    assert "is_chat_model=True" in words[0]
    assert "context_window=3900" in words[1]


def test_what_the_prompt_holds_besides_leaves_less_room_for_pages(
    policy: FoldPolicy, talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """`SimpleChatEngine` says how much its prefix takes; as much as the whole window raises nothing."""
    costs = []
    for besides in (0, 1500, 6000, 60_000):
        memory = GlyphMemory.from_defaults(policy=policy, chat_history=talk)
        costs.append(sum(page.tokens for page in pages_of(memory.get(initial_token_count=besides))))
        assert memory.get_all() == talk
    assert costs[0] > costs[2] == costs[3]
    assert costs[1] < 6000 - 1500


def test_it_counts_text_for_simple_chat_engine(memory: GlyphMemory) -> None:
    """The engine asks for `tokenizer_fn` and takes the length of what that gives."""
    text = "The code for the gate is 4711-B."
    assert len(memory.tokenizer_fn(text)) == memory.folding().binder.count(text) > 5


# Edits, resets, and what goes wrong.


def test_a_history_that_goes_on_keeps_its_pages_though_it_is_set_each_time(
    memory: GlyphMemory, talk: list[ChatMessage], policy: FoldPolicy, said: Said
) -> None:
    """As where a frontend sends the whole history with every request."""
    other = GlyphMemory.from_defaults(policy=policy)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        for end in range(10, 100, 10):
            memory.set(talk[:end])
            other.put_messages(talk[end - 10 : end])
            assert said(memory.get()) == said(other.get())


@pytest.mark.parametrize("kind", ["edited", "cut", "another"])
def test_a_history_that_was_rewritten_is_folded_anew_and_says_so(
    memory: GlyphMemory, talk: list[ChatMessage], kind: str
) -> None:
    """Seals of what is no longer there are dropped, in one line; nothing old is shown."""
    memory.put_messages(talk)
    memory.get()
    now = copy.deepcopy(talk)
    match kind:
        case "edited":
            now[-30].blocks = [TextBlock(text="Never mind.")]
            now[5].blocks = [TextBlock(text="Never mind.")]
        case "cut":
            now = now[:12]
        case "another":
            now = [ChatMessage(role="user", content="Hello.")]
    memory.set(now)
    with pytest.warns(GlyphMemoryWarning, match="folding starts again") as caught:
        memory.get()
    assert len(caught) == 1
    assert "test_memory" in caught[0].filename
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        memory.get()
    assert memory.get_all() == now


async def test_an_async_call_warns_as_well(memory: GlyphMemory, talk: list[ChatMessage]) -> None:
    """From the loop, not from the thread that draws."""
    await memory.aput_messages(talk)
    await memory.aget()
    await memory.aset(talk[:12])
    with pytest.warns(GlyphMemoryWarning, match="folding starts again"):
        await memory.aget()


def test_what_was_given_may_be_set(memory: GlyphMemory, talk: list[ChatMessage], pages_of: PagesOf) -> None:
    """A history that was read with `get` and is handed back holds the messages themselves, and no pages."""
    memory.put_messages(talk)
    sent = memory.get()
    memory.set(sent)
    assert pages_of(memory.get_all()) == []
    assert [message.content for message in memory.get_all()] == [message.content for message in talk]
    assert len(pages_of(memory.get())) == len(pages_of(sent))


def test_a_reset_begins_anew_without_a_warning(any_memory: GlyphMemory, talk: list[ChatMessage]) -> None:
    """Nothing of before is shown or found."""
    any_memory.put_messages(talk)
    any_memory.get()
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        any_memory.reset()
        assert any_memory.get() == any_memory.get_all() == []
        any_memory.put(ChatMessage(role="user", content="Hello."))
        assert [message.content for message in any_memory.get()] == ["Hello."]
        assert not any_memory.recall("order")


def test_page_files_may_be_deleted(
    policy: FoldPolicy, talk: list[ChatMessage], tmp_path: Path, said: Said
) -> None:
    """They are a cache: another memory draws the same pages again."""
    first = GlyphMemory.from_defaults(policy=policy, pages=tmp_path / "pages", chat_history=talk)
    sent = said(first.get())
    files = sorted((tmp_path / "pages").iterdir())
    assert files
    for file in files:
        file.unlink()
    told = json.loads(json.dumps(first.to_dict()))
    other = tmp_path / "other"
    assert said(GlyphMemory.from_dict({**told, "pages": str(other)}).get()) == sent
    assert len([*other.iterdir()]) == len(files)


def test_recall_and_zoom_find_what_left_the_prompt(any_memory: GlyphMemory, talk: list[ChatMessage]) -> None:
    """Word for word, however long ago."""
    code = ChatMessage(role="user", content="The code for the gate is 4711-B.")
    any_memory.put_messages([talk[0], code, ChatMessage(role="assistant", content="Noted."), *talk[1:]])
    any_memory.get()
    found = any_memory.recall("code for the gate")[0]
    assert found.text == code.content
    assert any_memory.zoom(f"§{found.anchor}").turns[0].text == code.content


# Through serializers.


def test_it_goes_through_json_and_goes_on(memory: GlyphMemory, talk: list[ChatMessage], said: Said) -> None:
    """`to_dict` is what a workflow's context is made of; bytes in it would have the memory dropped."""
    memory.put_messages(talk[:80])
    memory.get()
    back = GlyphMemory.from_dict(json.loads(json.dumps(memory.to_dict())))
    assert back.bookmark == memory.bookmark
    for one in (memory, back):
        one.put_messages(talk[80:])
    assert said(back.get()) == said(memory.get())
    assert back.get_all() == memory.get_all() == talk
    assert GlyphMemory.from_json(memory.to_json()).get_all() == talk


def test_options_go_through_json(talk: list[ChatMessage]) -> None:
    """Profile, policy, style and the rest."""
    from glyph_memory import PageStyle

    style = PageStyle.glyph().with_snap_px(28)
    memory = GlyphMemory.from_defaults(
        profile="qwen2.5-vl", style=style, captions="page", merge=False, token_limit=30_000, chat_history=talk
    )
    back = GlyphMemory.from_dict(json.loads(json.dumps(memory.to_dict())))
    for name in ("profile", "policy", "style", "captions", "merge", "token_limit", "pages"):
        assert getattr(back, name) == getattr(memory, name)
    assert back.folding(back.token_limit) is memory.folding(memory.token_limit)


def test_no_page_is_kept_anywhere(
    any_memory: GlyphMemory, talk: list[ChatMessage], holds_pages: Callable[[object], bool], tmp_path: Path
) -> None:
    """Not in JSON, a pickle, the store's messages; the answer holds them, as the control."""
    any_memory.put_messages(talk)
    sent = any_memory.get()
    assert holds_pages(sent)
    assert not holds_pages(any_memory.get_all())
    assert not holds_pages(any_memory.to_dict())
    assert not holds_pages(pickle.dumps(any_memory))
    for database in tmp_path.glob("*.db"):
        assert not holds_pages(database.read_bytes())


def test_it_can_be_pickled_and_copied(
    memory: GlyphMemory, talk: list[ChatMessage], said: Said, caplog: pytest.LogCaptureFixture
) -> None:
    """Without LlamaIndex having to remove anything from it, which it would log."""
    memory.put_messages(talk)
    sent = said(memory.get())
    for other in (unpickled(memory), copy.deepcopy(memory), memory.model_copy(deep=True)):
        assert other.bookmark == memory.bookmark
        assert said(other.get()) == sent
        other.put(ChatMessage(role="user", content="x"))
    assert memory.get_all() == talk
    assert not caplog.records


def test_what_was_given_can_be_copied_and_pickled(
    memory: GlyphMemory, talk: list[ChatMessage], said: Said
) -> None:
    """Workflows copy what they carry; a copy still knows where its pages come from, a pickle only what they show."""
    memory.put_messages(talk)
    sent = memory.get()
    assert said(copy.deepcopy(sent)) == said(unpickled(sent)) == said(sent)
    assert (
        restore_history(copy.deepcopy(sent)).origin.folded is restore_history(sent).origin.folded is not None
    )
    assert restore_history(unpickled(sent)).origin.folded is None


def test_a_bookmark_that_cannot_be_read_is_left_out_with_a_warning(
    memory: GlyphMemory, talk: list[ChatMessage], said: Said
) -> None:
    """The history is folded anew, which gives the same."""
    memory.put_messages(talk)
    sent = said(memory.get())
    unreadable: list[object] = ["x", {"seals": 3}, {"seals": [{}], "evicted": []}]
    for broken in unreadable:
        with pytest.warns(GlyphMemoryWarning, match="bookmark cannot be read"):
            back = GlyphMemory.from_dict(memory.to_dict() | {"bookmark": broken})
        assert said(back.get()) == sent


def test_a_store_of_another_kind_is_found_by_its_class_if_it_is_loaded(talk: list[ChatMessage]) -> None:
    """Nothing is imported because a file says so."""
    memory = GlyphMemory.from_defaults(chat_store=LateStore(), chat_history=talk[:1])
    told = memory.to_dict() | {"chat_store": {"class_name": "LateStore", "store": {}}}
    assert isinstance(GlyphMemory.from_dict(told).chat_store, LateStore)
    with pytest.raises(TypeError, match="import its class first"):
        GlyphMemory.from_dict(told | {"chat_store": {"class_name": "NoStore"}})
    with pytest.raises(TypeError, match="no chat store"):
        GlyphMemory.from_dict(told | {"chat_store": 3})


# Many at once.


def test_threads_may_share_one(any_memory: GlyphMemory, talk: list[ChatMessage]) -> None:
    """What is put together stays together, nothing is lost, and everybody is answered meanwhile."""
    groups = [
        [
            ChatMessage(role="user", content=f"{thread}.{number} " + (talk[number].content or "")),
            ChatMessage(role="assistant", content=f"{thread}.{number} noted"),
        ]
        for thread in range(4)
        for number in range(1, 9)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        with ThreadPoolExecutor(4) as pool:
            put = [pool.submit(any_memory.put_messages, group) for group in groups]
            got = [pool.submit(any_memory.get) for _ in range(12)]
            assert [one.result() for one in put] == [None] * len(put)
            assert all(one.result() is not None for one in got)
        any_memory.get()
    texts = [(message.content or "").split()[0] for message in any_memory.get_all()]
    assert sorted(texts[::2]) == sorted(texts[1::2])
    assert texts[::2] == texts[1::2]
    assert len(texts) == 64


async def test_tasks_may_share_one(any_memory: GlyphMemory) -> None:
    """What is put together stays together there as well."""
    groups = [
        [
            ChatMessage(role="user", content=f"{number}"),
            ChatMessage(role="assistant", content=f"{number} noted"),
        ]
        for number in range(20)
    ]
    await asyncio.gather(*map(any_memory.aput_messages, groups))
    texts = [(message.content or "").split()[0] for message in await any_memory.aget_all()]
    assert texts[::2] == texts[1::2]
    assert len(texts) == 40


async def test_the_loop_goes_on_while_pages_are_drawn(memory: GlyphMemory, talk: list[ChatMessage]) -> None:
    """Drawing happens in another thread."""
    await memory.aput_messages(talk)
    threads: list[threading.Thread] = []

    class Handler(BaseEventHandler):
        @classmethod
        def class_name(cls) -> str:
            return "Handler"

        def handle(self, event: BaseEvent, **kwargs: object) -> None:
            threads.append(threading.current_thread())

    dispatcher = get_dispatcher("llama_index.memory.glyph.request")
    dispatcher.add_event_handler(Handler())
    try:
        await memory.aget()
    finally:
        dispatcher.event_handlers.clear()
    assert threads
    assert threading.main_thread() not in threads


def test_a_fold_is_told_in_numbers(
    memory: GlyphMemory, talk: list[ChatMessage], pages_of: PagesOf, holds_pages: Callable[[object], bool]
) -> None:
    """To handlers of LlamaIndex's instrumentation: seals, pages, tokens; never text or pixels."""
    events: list[BaseEvent] = []

    class Handler(BaseEventHandler):
        @classmethod
        def class_name(cls) -> str:
            return "Handler"

        def handle(self, event: BaseEvent, **kwargs: object) -> None:
            events.append(event)

    memory.put_messages(talk)
    dispatcher = get_dispatcher("llama_index.memory.glyph.request")
    dispatcher.add_event_handler(Handler())
    try:
        sent = memory.get()
    finally:
        dispatcher.event_handlers.clear()
    (event,) = events
    assert isinstance(event, GlyphFoldEvent)
    assert event.class_name() == "GlyphFoldEvent"
    assert event.pages == len(pages_of(sent)) > 0
    assert event.tokens > sum(page.tokens for page in pages_of(sent))
    assert not holds_pages(event)
    assert (talk[-1].content or "") not in repr(event)
