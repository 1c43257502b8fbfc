"""The adapters' lines of the READMEs, type-checked and never run."""

from __future__ import annotations

from collections.abc import Sequence

from deepagents import SubAgent, create_deep_agent
from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_glyph_memory import (
    GlyphChatMessageHistory,
    GlyphDocumentCompressor,
    GlyphLoader,
    GlyphMemoryMiddleware,
    GlyphRetriever,
    PageFolder,
    add_subagent_memory,
    deepagents_memory,
    fold_conversation,
    fold_messages,
    glyph_token_counter,
    hide_pages,
    list_sources,
    recall_tools,
    to_content_blocks,
)
from langgraph.checkpoint.base import BaseCheckpointSaver
from langsmith import Client
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.workflow import Context
from llama_index.memory.glyph import (
    GlyphMemory,
    GlyphMemoryBlock,
    GlyphOpenAILike,
    GlyphReader,
    PageNodeParser,
    PagePostprocessor,
    PagePromptHelper,
    structure_output,
)
from llama_index.memory.glyph import recall_tools as llama_index_tools
from pydantic import BaseModel

import glyph_memory


def langchain(
    model: BaseChatModel,
    tools: Sequence[BaseTool],
    checkpointer: BaseCheckpointSaver[str],
    memory: glyph_memory.GlyphMemory,
) -> None:
    """What the README of langchain-glyph-memory shows."""
    create_agent(
        model, tools, middleware=[GlyphMemoryMiddleware("glyph", tools=True)], checkpointer=checkpointer
    )
    create_agent(model, recall_tools(memory), middleware=[deepagents_memory("glyph")])
    chain: Runnable[Sequence[BaseMessage], list[BaseMessage]] = fold_messages(profile="glyph")
    folded: list[BaseMessage] = fold_messages([HumanMessage("Hello.")], profile="glyph")
    kept = fold_conversation(folded, None, profile="glyph").bookmark
    pages: int = fold_conversation(folded, kept, profile="glyph").report.pages
    Client(hide_inputs=hide_pages, hide_outputs=hide_pages)
    critic: SubAgent = {"name": "critic", "description": "Reads drafts.", "system_prompt": f"{pages} pages"}
    own = deepagents_memory("glyph")
    create_deep_agent(model, middleware=[own], subagents=add_subagent_memory([critic], own))
    tokens: int = glyph_token_counter("glyph")(folded)
    with GlyphChatMessageHistory("alice", "chat.db", profile="glyph") as history:
        history.add_messages(chain.invoke(history.messages))
    documents: Sequence[Document] = GlyphLoader("book.txt", store=PageFolder("pages")).load()
    documents = GlyphDocumentCompressor().compress_documents(documents, "Who signed?")
    sources: list[str] = [source["source"] for source in list_sources(documents)]
    HumanMessage([*to_content_blocks(documents), {"type": "text", "text": f"{tokens} tokens, {sources}"}])
    GlyphRetriever(memory=memory, k=3).invoke("Who signed?")


def langchain_options(options: glyph_memory.PageOptions) -> None:
    """The bundle, and its fields as keywords."""
    GlyphMemoryMiddleware(options=options, style="dark", pages="folder")
    GlyphMemoryMiddleware(profile="glyph", captions="page")
    deepagents_memory("glyph", options=options, style="dark")
    chain: Runnable[Sequence[BaseMessage], list[BaseMessage]] = fold_messages(options=options, style="dark")
    folded: list[BaseMessage] = fold_messages([HumanMessage("Hello.")], options=options)
    GlyphChatMessageHistory("alice", "chat.db", options=options, style="dark").add_messages(
        chain.invoke(folded)
    )
    GlyphLoader("book.txt", options=options, style="dark")
    GlyphLoader.from_text("It opens at nine.", options=options)
    GlyphDocumentCompressor(options=options, style="dark", max_pages=2)
    recall_tools(options=options, profile="glyph")


def llama_index_options(options: glyph_memory.PageOptions) -> None:
    """The bundle, and its fields as keywords."""
    llm = GlyphOpenAILike(model="glyph", options=options, style="dark", api_key="none")
    GlyphMemory.from_defaults(llm=llm, options=options, style="dark", captions="page")
    GlyphMemory.from_store("chat.db", options=options, pages="folder")
    GlyphMemoryBlock.memory(options=options, style="dark", token_limit=30_000)
    PageNodeParser(options=options, style="dark")
    PagePostprocessor(options=options, style="dark", max_pages=2)
    PagePromptHelper(options=options)


async def llama_index(agent: FunctionAgent, context: Context) -> None:
    """What the README of llama-index-memory-glyph shows."""
    llm = GlyphOpenAILike(model="zai-org/Glyph", api_base="http://127.0.0.1:8000/v1", api_key="none")
    await agent.run("What happened?", memory=GlyphMemory.from_defaults(llm=llm), ctx=context)
    GlyphMemory.from_store("chat.db", session="alice", profile="glyph")
    GlyphMemoryBlock.memory(profile="glyph", token_limit=30_000)
    FunctionAgent(
        tools=[*llama_index_tools(llm=llm)], llm=llm, structured_output_fn=structure_output(llm, BaseModel)
    )
    nodes = PageNodeParser(profile="glyph", pages_dir="pages")(GlyphReader().load_data("book.txt"))
    PagePostprocessor(profile="glyph").postprocess_nodes([], query_str=nodes[0].get_content())
