"""Any chat store as a field of a memory, told as JSON.

A store that is more than its fields, such as a client of a server, is told by reference: this process finds it again
as long as somebody holds it. Knows chat stores; knows nothing about memories.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Never
from uuid import uuid4
from weakref import WeakValueDictionary

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field
from llama_index.core.storage.chat_store import BaseChatStore, SimpleChatStore
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore
from llama_index.memory.glyph.chat_store import GlyphChatStore
from llama_index.memory.glyph.stored_messages import from_json, to_json
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from glyph_memory import StoreError

_REFERENCE = "glyph_reference"
_ABSENT = (
    "the {kind} of this memory is not in this process, and JSON does not hold its messages; make the memory anew, and "
    'give it to the context: await ctx.store.set("memory", memory). A memory of GlyphMemory.from_store needs none of it'
)
_ASYNC_STORE = (
    "{kind} is a store of LlamaIndex's Memory, and no chat store of GlyphMemory; take GlyphMemoryBlock.memory("
    "chat_store=…), or GlyphMemory.from_store(url)"
)
_stores = WeakValueDictionary[str, BaseChatStore]()
_references: dict[int, str] = {}
"""By the identity of a store, which another one may have later."""


class AbsentChatStore(BaseChatStore):
    """Stands for a store that another process has; whatever is asked of it says so.

    A workflow's context that is read elsewhere can so be given another memory.
    """

    kind: str = Field(description="The store's class.")
    reference: str = Field(description="By what the process that has the store finds it.")

    @classmethod
    def class_name(cls) -> str:
        """Return the class's name for serializers."""
        return "AbsentChatStore"

    def _refuse(self) -> Never:
        raise StoreError(_ABSENT.format(kind=self.kind))

    def set_messages(self, key: str, messages: Sequence[ChatMessage]) -> None:
        """Refuse."""
        self._refuse()

    def get_messages(self, key: str) -> list[ChatMessage]:
        """Refuse."""
        self._refuse()

    def add_message(self, key: str, message: ChatMessage) -> None:
        """Refuse."""
        self._refuse()

    def delete_messages(self, key: str) -> list[ChatMessage] | None:
        """Refuse."""
        self._refuse()

    def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Refuse."""
        self._refuse()

    def delete_last_message(self, key: str) -> ChatMessage | None:
        """Refuse."""
        self._refuse()

    def get_keys(self) -> list[str]:
        """Refuse."""
        self._refuse()


def parse_chat_store(value: object) -> BaseChatStore:
    """Return a chat store, given itself or what `dump_chat_store` made of it.

    Raises:
        TypeError: It is none, or its class is not loaded.
    """
    match value:
        case BaseChatStore():
            return value
        case AsyncDBChatStore():
            raise TypeError(_ASYNC_STORE.format(kind=type(value).__name__))
        case {"class_name": str(name), "glyph_reference": str(reference)}:
            found = _stores.get(reference)
            return AbsentChatStore(kind=name, reference=reference) if found is None else found
        case {"class_name": str(name), **fields}:
            return _build_store(name, fields)
    raise TypeError(f"{value!r} is no chat store; give a BaseChatStore such as SimpleChatStore()")


def _build_store(name: str, fields: Mapping[object, Any]) -> BaseChatStore:
    kinds = [*_list_subclasses(BaseChatStore)]  # type: ignore[type-abstract]  # its concrete ones are looked for
    kind = next((kind for kind in kinds if name == _name_kind(kind)), None)
    if kind is None:
        raise TypeError(f"no chat store {name!r} is loaded; import its class first, or give chat_store=")
    if issubclass(kind, SimpleChatStore) and isinstance(held := fields.get("store"), Mapping):
        made = kind()
        made.store = {key: [*map(from_json, messages)] for key, messages in held.items()}
        return made
    return kind.from_dict({str(field): held for field, held in fields.items()})


def dump_chat_store(store: BaseChatStore) -> dict[str, Any]:
    """Return a chat store as plain JSON values, with its messages where it holds them itself.

    LlamaIndex's own way for `SimpleChatStore` fails with pydantic 2.14, and a workflow's context then drops the memory.
    """
    name = _name_kind(type(store))
    if isinstance(store, SimpleChatStore):
        return {
            "class_name": name,
            "store": {key: [*map(to_json, messages)] for key, messages in store.store.items()},
        }
    if isinstance(store, AbsentChatStore):
        return {"class_name": store.kind, _REFERENCE: store.reference}
    if has_more_than_fields(store):
        return {"class_name": name, _REFERENCE: _refer_to(store)}
    return {**store.model_dump(mode="json"), "class_name": name}


def has_more_than_fields(store: BaseChatStore) -> bool:
    """Return whether a store holds what its fields do not tell, as those of databases and servers do."""
    if isinstance(store, GlyphChatStore):
        return store.is_given
    if isinstance(store, SimpleChatStore):
        return False
    return bool(store.__pydantic_private__) or any(
        field.exclude for field in type(store).model_fields.values()
    )


def _refer_to(store: BaseChatStore) -> str:
    reference = _references.get(id(store), "")
    if _stores.get(reference) is not store:
        _references[id(store)] = reference = uuid4().hex
        _stores[reference] = store
    return reference


def _name_kind(kind: type[BaseChatStore]) -> str:
    """Return what a class of stores is called; many keep the name of their base."""
    name = kind.class_name()
    return kind.__name__ if name == BaseChatStore.class_name() else name


def _list_subclasses(kind: type[BaseChatStore]) -> Iterator[type[BaseChatStore]]:
    for below in kind.__subclasses__():
        yield below
        yield from _list_subclasses(below)


ChatStore = Annotated[
    BaseChatStore,
    PlainValidator(parse_chat_store),
    PlainSerializer(dump_chat_store),
    WithJsonSchema({"type": "object"}),
]
"""A field that holds a chat store."""
