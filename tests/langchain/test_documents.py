"""`GlyphLoader` and `to_content_blocks`: pages by their text, pictures by their pixels, nothing left out."""

from __future__ import annotations

import base64
import io
import json
import os
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core._api import LangChainBetaWarning
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.load import dumpd, dumps, load
from langchain_core.messages import HumanMessage
from langchain_core.stores import InMemoryByteStore
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_glyph_memory import GlyphLoader, PageFolder, fold_messages, to_content_blocks
from PIL import Image

from glyph_memory import (
    DocumentError,
    GlyphMemoryWarning,
    ModelProfile,
    PageStyle,
    StoreError,
    explain_page,
    fit_style,
    pixel_digest,
    typeset,
)
from glyph_memory.documents import load as load_file
from glyph_memory.testing import FakeVLMServer

TEXT = "\n".join(
    f"{number}. Parcel {number * 7919} left the warehouse at dawn, as agreed." for number in range(400)
)
SMALL = PageStyle(page_width_pt=160, page_height_pt=90, snap_px=1, system_fonts=False)
CODE = "".join("    " * (number % 5) + f"call_{number}({number})\n" for number in range(900))
STYLES = [
    SMALL,
    replace(SMALL, newline_mark="⏎", paragraph_lines=3, columns=2, page_width_pt=280),
    replace(
        SMALL, paragraph_lines=2, space_before_pt=3, space_after_pt=4, border_width_pt=1, alignment="justify"
    ),
]


def note(document: Document) -> dict[str, Any]:
    """Read what a document remembers of its page."""
    told: dict[str, Any] = json.loads(document.metadata["glyph"])
    return told


def digests(blocks: Sequence[dict[str, Any]]) -> list[str]:
    """Return the digest of every picture's pixels."""
    files = [base64.b64decode(block["base64"]) for block in blocks if block["type"] == "image"]
    return [pixel_digest(Image.open(io.BytesIO(file))) for file in files]


def texts(blocks: Sequence[dict[str, Any]]) -> list[str]:
    """Return the texts."""
    return [block["text"] for block in blocks if block["type"] == "text"]


def test_the_pages_of_a_file_are_its_text_exactly(tmp_path: Path) -> None:
    """Line ends and all; each page knows its number, how many there are, and where it begins."""
    text = TEXT.replace("\n", "\r\n") + "\t…\x00 "
    (tmp_path / "log.txt").write_bytes(text.encode())
    documents = GlyphLoader(tmp_path / "log.txt").load()
    assert len(documents) > 2
    assert "".join(document.page_content for document in documents) == text
    for number, document in enumerate(documents):
        known = document.metadata
        assert (known["page"], known["total_pages"]) == (number, len(documents))
        assert known["source"] == str(tmp_path / "log.txt")
        assert text[known["start_index"] :].startswith(document.page_content)


@given(
    st.lists(st.sampled_from(["word ", "a longer word ", "\n", "中文字。", "x" * 50, "\u0301", "\r\n"]), min_size=1)
    .map(lambda words: "".join(words * 3)),
    st.sampled_from(STYLES),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_every_page_can_be_drawn_from_its_text_alone(text: str, style: PageStyle) -> None:
    """So no picture is ever missing: what a document says is enough, whatever stood on the page before it."""
    documents = GlyphLoader.from_text(text, style=style).load()
    assert "".join(document.page_content for document in documents) == text
    for document in documents:
        (page,) = typeset(document.page_content, style=style)
        assert note(document)["digest"] == page.digest
        assert note(document)["size"] == list(page.size)
    assert digests(to_content_blocks(documents)) == [note(document)["digest"] for document in documents]


def test_a_page_that_needs_two_when_it_is_drawn_alone_becomes_two_documents() -> None:
    """Where lines end by counting them, a page drawn without those before it may break elsewhere."""
    text, style = "a line of words\n" * 60, replace(SMALL, newline_mark="⏎", paragraph_lines=3)
    documents = GlyphLoader.from_text(text, style=style).load()
    assert len(documents) > len(typeset(text, style=style))
    assert "".join(document.page_content for document in documents) == text
    assert all(len(typeset(document.page_content, style=style)) == 1 for document in documents)


def test_metadata_is_flat_and_small_and_holds_no_picture() -> None:
    """Stores that take nothing nested take it, and none is filled with base64."""
    for document in GlyphLoader.from_text(TEXT, source="log.txt").load():
        assert {type(value) for value in document.metadata.values()} <= {str, int}
        assert len(dumps(document.metadata)) < 600
        assert "iVBOR" not in dumps(document)


def test_tokens_are_what_the_model_charges() -> None:
    """By the profile's own rule, for the picture's real size."""
    document = GlyphLoader.from_text(TEXT, profile="qwen3-vl").load()[0]
    width, height = note(document)["size"]
    assert (width % 32, height % 32) == (0, 0)
    assert note(document)["tokens"] == ModelProfile.from_name("qwen3-vl").image_tokens(
        (width, height), images=2
    )


def test_pages_are_the_same_after_a_vector_store_and_after_json() -> None:
    """What is retrieved is shown as it was loaded."""
    documents = GlyphLoader.from_text(TEXT, source="log.txt").load()
    store = InMemoryVectorStore(DeterministicFakeEmbedding(size=16))
    store.add_documents(documents)
    found = store.similarity_search(documents[2].page_content, k=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LangChainBetaWarning)
        again = [load(dumpd(document), allowed_objects=[Document]) for document in found]
    assert to_content_blocks(again) == to_content_blocks(documents[2:3])
    assert digests(to_content_blocks(again)) == [note(documents[2])["digest"]]


def test_metadata_that_somebody_made_an_object_of_is_read_as_well() -> None:
    """Some pipelines parse JSON that they meet."""
    (document,) = GlyphLoader.from_text("It opens at nine.").load()
    parsed = Document(document.page_content, metadata=document.metadata | {"glyph": note(document)})
    assert digests(to_content_blocks([parsed])) == [note(document)["digest"]]


def test_blocks_are_standard_and_the_same_every_time() -> None:
    """No random ids, which would defeat a server's cache and LangChain's; a caption, then the picture."""
    documents = GlyphLoader.from_text(TEXT, source="log.txt").load()
    blocks = to_content_blocks(documents, ledger_share=0)
    assert blocks == to_content_blocks(documents, ledger_share=0)
    assert [sorted(block) for block in blocks[:2]] == [["text", "type"], ["base64", "mime_type", "type"]]
    assert texts(blocks)[1] == f"log.txt, part 2 of {len(documents)}:\n"
    assert texts(to_content_blocks(documents, captions=False, ledger_share=0)) == []


def test_identifiers_are_said_behind_the_picture_letter_for_letter() -> None:
    """Within their share, and owned up to beyond it; special tokens are broken in them as elsewhere."""
    key = "550e8400-e29b-41d4-a716-446655440000"
    documents = GlyphLoader.from_text(
        f"The key is {key}. " + "It opens the gate. " * 100, source="gate"
    ).load()
    assert [block["type"] for block in to_content_blocks(documents)] == ["text", "image", "text"]
    assert texts(to_content_blocks(documents))[1].splitlines()[1:] == [f'"{key}"']
    assert len(to_content_blocks(documents, ledger_share=0)) == 2


def test_pictures_arrive_at_a_server_in_order(chat: Callable[..., Any]) -> None:
    """Through LangChain's own client, between the words that belong to them."""
    documents = GlyphLoader.from_text(TEXT, source="log.txt").load()
    with FakeVLMServer() as server:
        asked = {"type": "text", "text": "When did parcel 7919 leave?"}
        chat(server).invoke([HumanMessage([*to_content_blocks(documents, ledger_share=0), asked])])
        (request,) = server.requests
    content = request.body["messages"][0]["content"]
    sent = [part["image_url"]["url"].partition(",")[2] for part in content if part["type"] == "image_url"]
    assert digests([{"type": "image", "base64": data} for data in sent]) == [
        note(document)["digest"] for document in documents
    ]
    assert [part["type"] for part in content] == ["text", "image_url"] * len(documents) + ["text"]


# Where pictures are kept.


@pytest.mark.parametrize("kind", [InMemoryByteStore, PageFolder])
def test_stored_pictures_are_sent_byte_for_byte(kind: type, tmp_path: Path) -> None:
    """Under their digest; what is sent is what is stored."""
    store = kind(tmp_path) if kind is PageFolder else kind()
    documents = GlyphLoader.from_text(TEXT, store=store).load()
    keys = [note(document)["digest"] for document in documents]
    assert sorted(store.yield_keys()) == sorted(set(keys))
    blocks = to_content_blocks(documents, store=store, captions=False, ledger_share=0)
    assert [base64.b64decode(block["base64"]) for block in blocks] == store.mget(keys)


def test_a_picture_in_a_folder_is_found_by_its_path(tmp_path: Path) -> None:
    """For whoever hands files to a server; in any other store a picture has no path."""
    documents = GlyphLoader.from_text(TEXT, source="log.txt", store=tmp_path / "pages").load()
    for document in documents:
        with Image.open(note(document)["path"]) as image:
            assert pixel_digest(image) == note(document)["digest"]
    (first, *_) = GlyphLoader.from_text(TEXT, source="log.txt", store=InMemoryByteStore()).load()
    assert "path" not in note(first)


def test_nothing_is_written_unless_a_store_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of people's documents do not pile up somewhere unasked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    to_content_blocks(GlyphLoader.from_text(TEXT).load())
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("harm", [None, b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_a_picture_that_is_missing_or_broken_is_drawn_again(harm: bytes | None, tmp_path: Path) -> None:
    """The same pixels; deleting the folder costs milliseconds."""
    documents = GlyphLoader.from_text(TEXT, store=tmp_path).load()
    whole, key = to_content_blocks(documents, store=tmp_path), note(documents[1])["digest"]
    if harm is None:
        (tmp_path / key).unlink()
    else:
        (tmp_path / key).write_bytes(harm)
    assert to_content_blocks(documents, store=tmp_path) == whole


def test_another_page_under_a_pages_name_is_not_shown(tmp_path: Path) -> None:
    """Whoever can write into the folder cannot put words into a document's mouth."""
    documents = GlyphLoader.from_text(TEXT, store=tmp_path).load()
    keys = [note(document)["digest"] for document in documents]
    (tmp_path / keys[0]).write_bytes((tmp_path / keys[1]).read_bytes())
    assert digests(to_content_blocks(documents, store=tmp_path)) == keys


def test_a_page_that_was_split_shows_what_is_left_of_it(tmp_path: Path) -> None:
    """Text splitters copy metadata: a chunk is not shown as the whole page."""
    documents = GlyphLoader.from_text(TEXT, store=tmp_path).load()
    chunk = Document(documents[0].page_content[:120], metadata=documents[0].metadata)
    (page,) = typeset(chunk.page_content, style=fit_style(PageStyle.auto(), TEXT))
    assert digests(to_content_blocks([chunk], store=tmp_path)) == [page.digest]


# Nothing is left out.


def test_a_document_that_is_no_page_is_text() -> None:
    """Mixed lists work; the model's special tokens are broken in what goes as text."""
    blocks = to_content_blocks(
        [Document("Free shipping.<|user|>", metadata={"source": "faq\n.md", "page": 2}), Document("Bare.")]
    )
    assert len(blocks) == 2
    assert blocks[0]["text"].startswith("faq .md, page 3:\nFree shipping.")
    assert "<|user|>" not in blocks[0]["text"]
    assert blocks[1]["text"] == "Bare.\n"


@pytest.mark.parametrize(
    "glyph",
    ["{", "7", "[]", '{"digest": "x"}', {"digest": 1, "size": [1]}, 7],
    ids=["cut", "number", "list", "half", "object", "int"],
)
def test_a_note_that_is_none_is_told_and_the_text_is_shown(glyph: object) -> None:
    """Somebody else's metadata under our name costs a picture, never a document."""
    with pytest.warns(GlyphMemoryWarning, match="log.txt is shown as text: metadata 'glyph' is no page's"):
        blocks = to_content_blocks([Document("Words.", metadata={"source": "log.txt", "glyph": glyph})])
    assert texts(blocks) == ["log.txt:\nWords.\n"]


def test_a_page_whose_font_is_missing_here_is_told_and_its_text_shown() -> None:
    """Loaded on one machine, shown on another."""
    (document,) = GlyphLoader.from_text("Words.", source="a.txt").load()
    told = note(document) | {"style": {"font": "/no/such/font.ttf"}}
    moved = Document("Words.", metadata=document.metadata | {"glyph": json.dumps(told)})
    with pytest.warns(GlyphMemoryWarning, match=r"a.txt, part 1 of 1 is shown as text: .*font.ttf"):
        blocks = to_content_blocks([moved])
    assert texts(blocks) == ["a.txt, part 1 of 1:\nWords.\n"]


@pytest.mark.parametrize("captions", [True, False])
def test_what_red_signs_mean_is_said_once_before_the_first_page_that_has_any(captions: bool) -> None:
    """In text of a message's own, not in the page's; pages with real lines need no word, nor do texts."""
    marked = GlyphLoader.from_text(CODE, source="a.py").load()
    plain = GlyphLoader.from_text("It opens at nine.", source="b.txt").load()
    said = explain_page(PageStyle.auto())
    assert len(marked) > 1
    blocks = to_content_blocks([Document("A text."), *plain, *marked], captions=captions)
    places = [place for place, block in enumerate(blocks) if said in block.get("text", "")]
    images = [place for place, block in enumerate(blocks) if block["type"] == "image"]
    assert len(places) == 1
    assert images[0] < places[0] < images[1]
    assert not any("red signs" in document.page_content for document in marked)
    assert said not in "".join(texts(to_content_blocks(plain)))
    sent = fold_messages().invoke([HumanMessage([*blocks, {"type": "text", "text": "What is called?"}])])
    assert str(sent).count("red signs are") == 1


def test_no_documents_are_no_blocks() -> None:
    """A retriever that finds nothing is no error."""
    assert to_content_blocks([]) == []


# Files.


def test_a_folder_is_loaded_in_order_of_names_without_what_is_hidden_empty_or_a_link(tmp_path: Path) -> None:
    """Names decide, on every machine; `.git` is not a document, and a link may lead anywhere. One warning tells."""
    for name in ("b.txt", "a.md", "sub/c.txt", ".git/config", ".env"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"This is {name}.")
    (tmp_path / "empty.md").touch()
    (tmp_path / "link.md").symlink_to(tmp_path / ".env")
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.warns(GlyphMemoryWarning) as told:
        found = GlyphLoader(tmp_path).load()
    (said,) = [str(one.message) for one in told]
    assert [name in said for name in ("empty.md' is empty", "link.md' is a link", "pipe.md' is a pipe")] == [
        True
    ] * 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen = GlyphLoader(tmp_path, glob="*.txt").load()
    assert [document.page_content.strip() for document in found] == [
        "This is a.md.",
        "This is b.txt.",
        "This is sub/c.txt.",
    ]
    assert [document.metadata["source"] for document in chosen] == [str(tmp_path / "b.txt")]


def test_a_file_of_a_folder_that_is_no_text_is_skipped_and_told(tmp_path: Path) -> None:
    """One picture among the notes does not stop the notes."""
    (tmp_path / "a.txt").write_text("Text.")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    (tmp_path / "c.rtf").write_bytes(b"{\\rtf1 text}")
    with pytest.warns(GlyphMemoryWarning) as told:
        documents = GlyphLoader(tmp_path).load()
    assert [document.page_content for document in documents] == ["Text."]
    of_folder, of_file = [str(one.message) for one in told]
    assert "b.png' is a PNG image, and no document" in of_folder
    assert "c.rtf' is an RTF document, not text" in of_file
    assert "It is skipped" in of_file


def test_a_folder_without_any_text_is_an_error_that_names_a_file(tmp_path: Path) -> None:
    """Rather than an index of nothing."""
    (tmp_path / "b.rtf").write_bytes(b"{\\rtf1 text}")
    with pytest.raises(DocumentError, match=r"no file in .* could be loaded, of 1; the first: .*b\.rtf"):
        GlyphLoader(tmp_path).load()
    with pytest.raises(DocumentError, match=r"no file of .* matches '\*.md'"):
        GlyphLoader(tmp_path, glob="*.md").load()


@pytest.mark.parametrize(("name", "complaint"), [("gone.txt", "there is no file"), ("b.png", "not text")])
def test_a_file_that_was_asked_for_by_name_and_is_no_text_is_an_error(
    name: str, complaint: str, tmp_path: Path
) -> None:
    """It names the file."""
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    with pytest.raises(DocumentError, match=complaint) as raised:
        GlyphLoader([tmp_path / name]).load()
    assert name in str(raised.value)


def test_a_text_without_a_character_is_an_error() -> None:
    """As it is for `typeset`."""
    with pytest.raises(DocumentError, match="there is no text"):
        GlyphLoader.from_text("").load()


def test_files_are_read_one_by_one_as_documents_are_asked_for(tmp_path: Path) -> None:
    """A folder larger than memory can be indexed."""
    (tmp_path / "a.txt").write_text("First.")
    (tmp_path / "b.txt").write_text("Second.")
    documents = GlyphLoader(tmp_path).lazy_load()
    assert next(documents).page_content == "First."
    (tmp_path / "b.txt").write_text("Changed meanwhile.")
    assert next(documents).page_content == "Changed meanwhile."


def test_files_in_other_encodings_are_read_where_that_is_said(tmp_path: Path) -> None:
    """And guessed where it is not, which is told: as a warning, and to whoever finds the page."""
    (tmp_path / "a.txt").write_bytes("Grüße".encode("cp1252"))
    (document,) = GlyphLoader(tmp_path / "a.txt", encoding="cp1252").load()
    assert (document.page_content, document.metadata["encoding"]) == ("Grüße", "cp1252")
    with pytest.warns(GlyphMemoryWarning, match=r"a\.txt: the encoding was taken for cp1252"):
        (document,) = GlyphLoader(tmp_path / "a.txt").load()
    assert document.page_content == "Grüße"
    assert document.metadata["defects"].startswith("the encoding was taken for cp1252")
    with pytest.raises(DocumentError, match="is not valid utf-8"):
        GlyphLoader(tmp_path / "a.txt", encoding="utf-8").load()


async def test_async_loading_gives_the_same_and_draws_in_another_thread() -> None:
    """An event loop goes on meanwhile."""
    threads = set[int]()

    class Watched(InMemoryByteStore):
        def mset(self, key_value_pairs: Sequence[tuple[str, bytes]]) -> None:
            threads.add(threading.get_ident())
            super().mset(key_value_pairs)

    loader = GlyphLoader.from_text(TEXT, store=Watched())
    documents = [document async for document in loader.alazy_load()]
    assert threads.isdisjoint({threading.get_ident()})
    assert documents == GlyphLoader.from_text(TEXT).load()
    assert documents == await loader.aload()


def test_an_empty_path_and_pages_that_are_no_folder_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unset variable is not the working directory, and no folder is made that is called as pages are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("Secret.")
    for source in ("", ["a.txt", ""]):
        with pytest.raises(DocumentError, match="an empty path was given"):
            GlyphLoader(source)
    with pytest.raises(DocumentError, match=r"load=LoadOptions\(pages='2-3'\)"):
        GlyphLoader("a.txt", pages="2-3")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    (tmp_path / "2024").mkdir()
    assert GlyphLoader("a.txt", pages="2024").load()
    with pytest.raises(TypeError, match=r"'glop'; page options are .*; options of loading are .*password"):
        GlyphLoader("a.txt", glop="*.md")  # type: ignore[call-arg]  # misspelled


def test_what_an_iterator_gave_is_loaded_once_and_a_list_as_often_as_one_likes(tmp_path: Path) -> None:
    """Nothing at all, the second time, would be an index of nothing."""
    (tmp_path / "a.txt").write_text("Words.")
    loader = GlyphLoader.from_documents(load_file(tmp_path / "a.txt"))
    assert len(loader.load()) == 1
    with pytest.raises(DocumentError, match="loaded already; give from_documents a list"):
        loader.load()
    loader = GlyphLoader.from_documents([*load_file(tmp_path / "a.txt")])
    assert (len(loader.load()), len(loader.load())) == (1, 1)


@pytest.mark.parametrize("store", [{}, [], object()])
def test_what_is_no_store_is_refused_at_once(store: Any) -> None:
    """In one line that says what to give."""
    with pytest.raises(StoreError, match="no byte store; give a folder's path"):
        GlyphLoader.from_text("It opens at nine.", store=store)
