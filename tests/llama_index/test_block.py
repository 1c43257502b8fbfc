"""`GlyphMemoryBlock` shows what LlamaIndex's own `Memory` has archived, and keeps nothing itself."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    ImageBlock,
    MessageRole,
    TextBlock,
    ToolCallBlock,
)
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.memory import (
    BaseMemoryBlock,
    FactExtractionMemoryBlock,
    InsertMethod,
    Memory,
    StaticMemoryBlock,
    VectorMemoryBlock,
)
from llama_index.core.schema import BaseNode, TextNode
from llama_index.core.storage.chat_store.base_db import MessageStatus
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from llama_index.core.vector_stores import SimpleVectorStore
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryResult
from llama_index.llms.openai.utils import to_openai_message_dicts
from llama_index.memory.glyph import GlyphMemoryBlock, PageImageBlock
from llama_index.memory.glyph.origin import list_texts
from pydantic import Field
from sqlalchemy.ext.asyncio import create_async_engine

from glyph_memory import FoldPolicy, GlyphMemoryWarning, ModelProfile, PolicyError

PagesOf = Callable[[Sequence[ChatMessage]], list[PageImageBlock]]
Said = Callable[[Sequence[ChatMessage]], list[object]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLAlchemyChatStore]:
    """Return LlamaIndex's store, in a file."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'talk.db'}")
    yield SQLAlchemyChatStore(table_name="talk", async_engine=engine)
    await engine.dispose()


@pytest.fixture
def wired(store: SQLAlchemyChatStore) -> Callable[..., Memory]:
    """Make memories over that store, with a small queue."""

    def memory(session: str = "alice", **options: Any) -> Memory:
        return GlyphMemoryBlock.memory(
            session_id=session, chat_store=store, token_limit=1500, token_flush_size=300, **options
        )

    return memory


def flat(messages: Sequence[ChatMessage]) -> str:
    """Return all text of messages."""
    return "\n".join(text for message in messages for text in list_texts(message.blocks))


async def test_what_the_memory_archives_becomes_pages_before_its_queue(
    wired: Callable[..., Memory], store: SQLAlchemyChatStore, talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """The system message, which the memory archives as well, stays text and leads; pages ride in a user's message."""
    memory = wired()
    await memory.aput_messages(talk)
    queue = await store.get_messages("alice", status=MessageStatus.ACTIVE)
    told = await memory.aget()
    assert len(queue) < 60
    assert told[0] == talk[0]
    assert told[1].role == MessageRole.USER
    assert len(pages_of(told)) == len(pages_of(told[1:2])) > 0
    assert told[-len(queue) :] == queue
    assert await memory.aget_all() == talk


async def test_pages_reach_the_wire_however_other_blocks_are_inserted(
    wired: Callable[..., Memory], talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """`Memory` puts blocks' contents into a system message, where LlamaIndex drops pictures; ours are messages."""
    notes = StaticMemoryBlock(name="notes", static_content=[TextBlock(text="The gate's code is 4711-B.")])
    for method in InsertMethod:
        memory = wired(f"alice {method}", insert_method=method, memory_blocks=[notes])
        await memory.aput_messages(talk)
        told = await memory.aget()
        wire = repr(to_openai_message_dicts(told))
        assert wire.count("'type': 'image_url'") == len(pages_of(told)) > 0
        assert "4711-B" in wire


async def test_a_picture_of_a_stock_block_is_lost_in_a_system_message(store: SQLAlchemyChatStore) -> None:
    """The control: why the block gives messages, and no content blocks."""
    picture = ImageBlock(url="data:image/png;base64,iVBORw0KGgo=")
    block = StaticMemoryBlock(name="notes", static_content=[TextBlock(text="See:"), picture])
    memory = Memory.from_defaults(memory_blocks=[block])
    memory.sql_store = store
    await memory.aput(ChatMessage(role="user", content="Hello."))
    told = await memory.aget()
    assert any(isinstance(one, ImageBlock) for message in told for one in message.blocks)
    assert "image_url" not in repr(to_openai_message_dicts(told))


async def test_it_shows_the_same_from_call_to_call_until_more_is_archived(
    wired: Callable[..., Memory],
    store: SQLAlchemyChatStore,
    talk: list[ChatMessage],
    said: Said,
    pages_of: PagesOf,
) -> None:
    """Pages are added, and those of before stay, byte for byte."""
    memory = wired()
    images: list[object] = []
    before: tuple[int, list[object]] = (0, [])
    for begin in range(0, len(talk), 4):
        await memory.aput_messages(talk[begin : begin + 4])
        told = await memory.aget()
        archived = len(await store.get_messages("alice", status=MessageStatus.ARCHIVED))
        queue = len(await store.get_messages("alice", status=MessageStatus.ACTIVE))
        shown = said(told[: len(told) - queue])
        assert archived != before[0] or shown == before[1]
        now = [page.image for page in pages_of(told)]
        assert now[: len(images)] == images
        before, images = (archived, shown), list(now)
    assert len(images) > 1


async def test_reset_restart_and_other_workers_change_nothing(
    wired: Callable[..., Memory], talk: list[ChatMessage], said: Said, pages_of: PagesOf
) -> None:
    """`Memory` tells its blocks nothing of a reset; a block without state has nothing to be told."""
    memory = wired()
    await memory.aput_messages(talk)
    told = said(await memory.aget())
    assert said(await wired().aget()) == told
    bob = wired("bob")
    await bob.aput(ChatMessage(role="user", content="Hello."))
    assert [message.content for message in await bob.aget()] == ["Hello."]
    await memory.aset(talk[:2])
    assert pages_of(await memory.aget()) == []
    await memory.areset()
    assert await memory.aget() == []


async def test_workers_at_once_are_told_the_same(
    wired: Callable[..., Memory], talk: list[ChatMessage], said: Said
) -> None:
    """Each with a memory of its own over one store."""
    await wired().aput_messages(talk)
    told = await asyncio.gather(*(wired().aget() for _ in range(4)))
    assert [said(one) for one in told[1:]] == [said(told[0])] * 3


def test_sync_calls_work_as_well(
    wired: Callable[..., Memory], talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """As `Memory` has them."""
    memory = wired()
    memory.put_messages(talk)
    assert pages_of(memory.get())


async def test_no_page_is_stored(
    wired: Callable[..., Memory],
    talk: list[ChatMessage],
    holds_pages: Callable[[object], bool],
    tmp_path: Path,
) -> None:
    """Neither after reading, which some stores would keep; the answer holds them, as the control."""
    memory = wired()
    await memory.aput_messages(talk)
    assert holds_pages(await memory.aget())
    assert not holds_pages(await memory.aget_all())
    assert not holds_pages((tmp_path / "talk.db").read_bytes())
    assert not holds_pages(memory.memory_blocks[0].model_dump())


def test_the_memory_counts_a_picture_as_a_whole_page(policy: FoldPolicy) -> None:
    """It takes one figure for all pictures, and 256 unless told; ours errs on the safe side."""
    memory = GlyphMemoryBlock.memory()
    block = memory.memory_blocks[0]
    assert isinstance(block, GlyphMemoryBlock)
    width, height = block.folding().binder.style.page_px
    assert (
        memory.image_token_size_estimate
        == ModelProfile.from_name("glyph").image_tokens((width, height))
        > 256
    )
    assert GlyphMemoryBlock.memory(image_token_size_estimate=7).image_token_size_estimate == 7


async def test_pages_are_never_cut_by_the_memory(
    wired: Callable[..., Memory], talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """Though it takes them for more than its limit: their budget is the model's window."""
    memory = wired(image_token_size_estimate=100_000)
    await memory.aput_messages(talk)
    assert pages_of(await memory.aget())


def test_a_queue_that_leaves_no_room_for_pages_is_refused() -> None:
    """In one line that names the dials."""
    policy = FoldPolicy(window_tokens=32_768)
    with pytest.raises(PolicyError, match="token_limit=32,760 of 32,768 leaves no room for pages") as raised:
        GlyphMemoryBlock.memory(policy=policy, token_limit=32_760)
    assert "\n" not in str(raised.value)


async def test_a_block_without_a_store_says_what_to_do(store: SQLAlchemyChatStore) -> None:
    """In one line."""
    memory = Memory.from_defaults(memory_blocks=[GlyphMemoryBlock()])
    memory.sql_store = store
    await memory.aput(ChatMessage(role="user", content="Hello."))
    with pytest.raises(ValueError, match=r"take GlyphMemoryBlock\.memory"):
        await memory.aget()


async def test_nothing_is_warned_of(wired: Callable[..., Memory], talk: list[ChatMessage]) -> None:
    """Neither by us nor by what we use."""
    memory = wired()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await memory.aput_messages(talk)
        told = await memory.aget()
    assert any(isinstance(block, ImageBlock) for message in told for block in message.blocks)


async def test_other_blocks_keep_their_room_beside_pages(
    wired: Callable[..., Memory], store: SQLAlchemyChatStore, talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """LlamaIndex would drop them for pages that it counts and never cuts: here is the control."""

    def facts() -> FactExtractionMemoryBlock:
        return FactExtractionMemoryBlock(
            llm=MockLLM(), max_facts=9, priority=1, facts=["The gate's code is 4711-B."]
        )

    memory = wired(memory_blocks=[facts()])
    for begin in range(0, len(talk), 20):
        await memory.aput_messages(talk[begin : begin + 20])
        told = await memory.aget()
        assert "4711-B" in flat(told)
    assert len(pages_of(told)) > 2
    stock = Memory.from_defaults(
        session_id="alice", token_limit=1500, memory_blocks=[*memory.memory_blocks[:1], facts()]
    )
    stock.sql_store = store
    assert "4711-B" not in flat(await stock.aget())


async def test_other_blocks_are_cut_where_they_are_too_long_themselves(
    wired: Callable[..., Memory], talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """The memory's limit holds for the queue and for them."""
    notes = StaticMemoryBlock(name="notes", priority=1, static_content=[TextBlock(text="4711-B " * 2000)])
    memory = wired(memory_blocks=[notes])
    await memory.aput_messages(talk)
    with pytest.warns(
        GlyphMemoryWarning, match=r"memory blocks \['notes'\] are cut, .* token_limit=1500; raise it"
    ):
        told = await memory.aget()
    assert pages_of(told)
    assert "4711-B" not in flat(told)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await memory.aget()  # it is told once


class TextVectorStore(SimpleVectorStore):
    """LlamaIndex's store of vectors, which keeps texts as well, as `VectorMemoryBlock` demands."""

    stores_text: bool = True
    nodes: list[BaseNode] = Field(default_factory=list)

    def add(self, nodes: Sequence[BaseNode], **more: Any) -> list[str]:
        """Keep nodes."""
        self.nodes += nodes
        return [node.node_id for node in nodes]

    def query(self, query: VectorStoreQuery, **more: Any) -> VectorStoreQueryResult:
        """Return the first."""
        return VectorStoreQueryResult(nodes=self.nodes[:1], similarities=[1.0], ids=["1"])


@pytest.fixture
def others() -> Callable[..., list[BaseMemoryBlock[Any]]]:
    """Make LlamaIndex's own three blocks, with the priorities given."""

    def blocks(*priorities: int) -> list[BaseMemoryBlock[Any]]:
        facts, notes, vectors = priorities
        store = TextVectorStore()
        store.add([TextNode(text="The mill is closed on Monday.")])
        return [
            FactExtractionMemoryBlock(
                llm=MockLLM(), max_facts=9, priority=facts, facts=["The gate's code is 4711-B."]
            ),
            StaticMemoryBlock(
                name="notes", priority=notes, static_content=[TextBlock(text="Ada is the keeper.")]
            ),
            VectorMemoryBlock(priority=vectors, vector_store=store, embed_model=MockEmbedding(embed_dim=4)),
        ]

    return blocks


def list_warnings(caught: Sequence[warnings.WarningMessage]) -> list[str]:
    """Return what this project warned of."""
    return [str(one.message) for one in caught if issubclass(one.category, GlyphMemoryWarning)]


THREE = ("4711-B", "Ada is the keeper", "closed on Monday")


@pytest.mark.parametrize("priorities", [(1, 0, 2), (3, 2, 1), (1, 1, 1)])
async def test_in_a_memory_of_llama_index_s_own_pages_take_what_other_blocks_leave(
    priorities: tuple[int, ...],
    others: Callable[..., list[BaseMemoryBlock[Any]]],
    store: SQLAlchemyChatStore,
    talk: list[ChatMessage],
    pages_of: PagesOf,
) -> None:
    """Whatever their priorities, and in whatever order they are listed: the oldest pages go, with one warning."""
    block = GlyphMemoryBlock(chat_store=store, queue_tokens=1500)
    blocks = [block, *others(*priorities)] if priorities[0] == 1 else [*others(*priorities), block]
    memory = Memory.from_defaults(
        session_id="alice", token_limit=1500, token_flush_size=300, memory_blocks=blocks
    )
    memory.sql_store = store
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for begin in range(0, len(talk), 20):
            await memory.aput_messages(talk[begin : begin + 20])
            told = await memory.aget()
            assert [name in flat(told) for name in THREE] == [True] * 3
            tokens = sum(memory._estimate_token_count(message) for message in told)
            assert tokens <= 1500 + 100  # LlamaIndex's template is not counted
    (said,) = list_warnings(caught)
    assert "tokens of pages have no room" in said
    assert "take GlyphMemoryBlock.memory" in said
    assert "\n" not in said


async def test_of_pages_that_are_cut_the_newest_stay(
    store: SQLAlchemyChatStore, talk: list[ChatMessage], pages_of: PagesOf
) -> None:
    """As many as there is room for, by the figure that the memory counts a picture with."""
    block = GlyphMemoryBlock(chat_store=store, queue_tokens=4000, picture_tokens=100)
    memory = Memory.from_defaults(
        session_id="alice", token_limit=4000, token_flush_size=300, image_token_size_estimate=100
    )
    memory.memory_blocks, memory.sql_store = [block], store
    await memory.aput_messages(talk * 3)
    whole = await block.aget([], session_id="alice")
    room = block._count(whole) // 2
    cut = await block.atruncate(whole, block._count(whole) - room)
    assert cut is not None
    assert 0 < len(pages_of(cut)) < len(pages_of(whole))
    assert 0 < memory._estimate_token_count(cut) <= room
    assert await block.atruncate(whole, 10**6) is None
    assert await block.atruncate([], 10) is None


async def test_pages_that_are_never_cut_starve_others_audibly(
    others: Callable[..., list[BaseMemoryBlock[Any]]],
    store: SQLAlchemyChatStore,
    talk: list[ChatMessage],
    pages_of: PagesOf,
) -> None:
    """Who asks for it, with priority=0, is told once what it costs and what to take."""
    blocks = [GlyphMemoryBlock(chat_store=store, queue_tokens=1500, priority=0), *others(1, 1, 1)]
    memory = Memory.from_defaults(session_id="alice", token_limit=1500, token_flush_size=300)
    memory.memory_blocks, memory.sql_store = blocks, store
    await memory.aput_messages(talk)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        told = [await memory.aget() for _ in range(2)]
    assert pages_of(told[0])
    assert "4711-B" not in flat(told[0])
    (said,) = list_warnings(caught)
    assert "drops other blocks for them without a word; take GlyphMemoryBlock.memory" in said


async def test_other_blocks_that_are_cut_for_the_queue_are_told_of(
    others: Callable[..., list[BaseMemoryBlock[Any]]], store: SQLAlchemyChatStore
) -> None:
    """Also before there are any pages."""
    blocks = [GlyphMemoryBlock(chat_store=store, queue_tokens=300), *others(1, 1, 1)]
    memory = Memory.from_defaults(session_id="alice", token_limit=300, memory_blocks=blocks)
    memory.sql_store = store
    await memory.aput(ChatMessage(role="user", content="The parcel left at noon. " * 100))
    with pytest.warns(
        GlyphMemoryWarning, match="tokens too many without any page, and cuts its other blocks"
    ):
        told = await memory.aget()
    assert "4711-B" not in flat(told)


async def test_what_is_archived_was_seen_before_whoever_said_it(
    wired: Callable[..., Memory], store: SQLAlchemyChatStore, pages_of: PagesOf
) -> None:
    """It becomes pages, though the answer to it is still in the queue; nothing of that is new, nor warned of."""
    said = [ChatMessage(role="user", content=f"{n}: " + "The parcel left at noon. " * 60) for n in range(20)]
    await store.add_messages("alice", said, status=MessageStatus.ARCHIVED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = await wired().aget()
    assert pages_of(told)
    assert "0: The parcel" not in flat(told)


async def test_of_a_huge_message_in_the_archive_parts_are_shown_with_a_line_that_says_so(
    wired: Callable[..., Memory], store: SQLAlchemyChatStore, pages_of: PagesOf
) -> None:
    """Two megabytes: never nothing, and never more than there is room for; no warning, since it is not new."""
    call = ToolCallBlock(tool_call_id="c1", tool_name="read_file", tool_kwargs="{}")
    said = [
        ChatMessage(role="user", content="What is in a.txt?"),
        ChatMessage(role="assistant", blocks=[call]),
        ChatMessage(
            role="tool",
            content="The parcel left at noon. " * 80_000,
            additional_kwargs={"tool_call_id": "c1"},
        ),
    ]
    await store.add_messages("alice", said, status=MessageStatus.ARCHIVED)
    policy = FoldPolicy(window_tokens=12_000, output_tokens=500, pinned_tokens=100)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory = wired(policy=policy)
        told = await memory.aget()
    assert "characters, more than there is room for" in flat(told)
    assert pages_of(told)
    assert sum(page.tokens for page in pages_of(told)) < 10_500
