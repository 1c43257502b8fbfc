"""Claims about reading text files as LlamaIndex documents."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import fsspec
import pytest
from llama_index.core import SimpleDirectoryReader
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.readers.base import ReaderConfig
from llama_index.memory.glyph.documents import PageNodeParser
from llama_index.memory.glyph.reader import GlyphReader

from glyph_memory import DocumentError, GlyphMemoryWarning

TEXT = "First line\r\n\tsecond\u200b – “third”\x00\n\n  last, without an end"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two texts, one below, a picture's bytes, an empty file and a hidden one."""
    (tmp_path / "below").mkdir()
    (tmp_path / "a.txt").write_bytes(TEXT.encode())
    (tmp_path / "below" / "b.md").write_text("# B\n")
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xff")
    (tmp_path / "empty.txt").touch()
    (tmp_path / ".hidden").write_text("secret")
    return tmp_path


def test_a_file_is_read_to_the_last_character(folder: Path) -> None:
    """Line ends, NUL and zero-width characters come through; the path is the id, so that upserts find it again."""
    (document,) = GlyphReader().load_data(folder / "a.txt", extra_info={"author": "Ada"})
    assert document.text == TEXT
    assert document.id_ == str(folder / "a.txt")
    assert document.metadata == {"file_path": str(folder / "a.txt"), "file_name": "a.txt", "author": "Ada"}


def test_of_a_folder_what_is_no_text_is_left_out_audibly(folder: Path) -> None:
    """Each file that cannot be read is named once; hidden ones are passed over; a pipe would never end."""
    os.mkfifo(folder / "pipe.txt")
    (folder / "link.txt").symlink_to(folder / ".hidden")
    with pytest.warns(GlyphMemoryWarning) as said:
        documents = GlyphReader().load_data(folder)
    assert [document.metadata["file_name"] for document in documents] == ["a.txt", "b.md"]
    (unread,) = [str(warning.message) for warning in said if "is read: " in str(warning.message)]
    told = ("c.png' is a PNG image", "empty.txt' is empty", "link.txt' is a link", "pipe.txt' is a pipe")
    assert [one in unread for one in told] == [True] * 4


def test_a_folder_without_any_text_is_an_error(tmp_path: Path) -> None:
    """An index of nothing is not what anybody wants."""
    with pytest.raises(DocumentError, match=r"no file in .* that can be read"):
        GlyphReader().load_data(tmp_path)
    with pytest.raises(DocumentError, match="an empty path was given"):
        GlyphReader().load_data("")


def test_several_sources_are_read_in_order_and_lazily(folder: Path) -> None:
    """A later file that is missing is missed when its turn comes."""
    documents = iter(GlyphReader().lazy_load_data([folder / "below" / "b.md", str(folder / "gone.txt")]))
    assert next(documents).text == "B\n\n"
    with pytest.raises(DocumentError, match=r"there is no file .*gone\.txt"):
        next(documents)


def test_an_encoding_is_guessed_audibly_or_kept_to(tmp_path: Path) -> None:
    """LlamaIndex's own plain-text reading drops such bytes, as the control shows; ours says what it did."""
    path = tmp_path / "latin.txt"
    path.write_bytes("Größe".encode("latin-1"))
    (control,) = SimpleDirectoryReader(input_files=[path]).load_data()
    assert control.text == "Gre"
    with pytest.warns(GlyphMemoryWarning, match="the encoding was taken for cp1252"):
        assert GlyphReader().load_data(path)[0].text == "Größe"
    with pytest.raises(DocumentError, match="byte 0xf6 at offset 2"):
        GlyphReader(encoding="utf-8").load_data(path)
    assert GlyphReader(encoding="latin-1").load_data(path)[0].text == "Größe"


def test_halves_of_surrogate_pairs_are_spelled_out_audibly(tmp_path: Path) -> None:
    """An ingestion pipeline with a cache cannot take them, as the control shows."""
    path = tmp_path / "half.txt"
    path.write_bytes(b"a\xed\xa0\x80b")
    with pytest.warns(GlyphMemoryWarning, match="halves of surrogate pairs"):
        (document,) = GlyphReader(encoding="utf-8").load_data(path)
    assert document.text == "a\\u{d800}b"
    parser = PageNodeParser(pages_dir=tmp_path / "pages")
    assert IngestionPipeline(transformations=[parser]).run(documents=[document])
    document.set_content("a\ud800b")
    with pytest.raises(UnicodeEncodeError):
        IngestionPipeline(transformations=[parser]).run(documents=[document])


def test_a_directory_reader_takes_it_for_a_kind_of_file(folder: Path) -> None:
    """`SimpleDirectoryReader` passes its metadata on, and a refused file is an error where errors are asked for."""
    reader = SimpleDirectoryReader(
        folder, file_extractor={".txt": GlyphReader()}, recursive=True, exclude=["*.png"]
    )
    texts = {document.metadata["file_name"]: document for document in reader.load_data()}
    assert texts["a.txt"].text == TEXT
    assert {"file_size", "last_modified_date"} <= set(texts["a.txt"].metadata)
    strict = SimpleDirectoryReader(
        input_files=[folder / "empty.txt"], file_extractor={".txt": GlyphReader()}, raise_on_error=True
    )
    with pytest.raises(Exception, match="Error loading file") as failure:
        strict.load_data()
    assert isinstance(failure.value.__cause__, DocumentError)


def test_files_of_another_file_system_are_read_and_named_as_they_are_there() -> None:
    """What is wrong with a remote file is told by its own name, not a copy's."""
    fs = fsspec.filesystem("memory")
    fs.pipe_file("/books/a.txt", TEXT.encode())
    fs.pipe_file("/books/b.txt", b"\xff\xff\xff")
    assert GlyphReader().load_data("/books/a.txt", fs=fs)[0].text == TEXT
    with pytest.raises(DocumentError, match=r"'/books/b\.txt' is not valid utf-8"):
        GlyphReader(encoding="utf-8").load_data("/books/b.txt", fs=fs)
    with pytest.raises(DocumentError, match=r"there is no file '/books/c\.txt'"):
        GlyphReader().load_data("/books/c.txt", fs=fs)


async def test_reading_leaves_the_loop_alone(folder: Path) -> None:
    """Both asynchronous verbs read in another thread."""
    threads = set[int]()

    class Watched(GlyphReader):
        def load_data(self, *args: object, **more: object) -> list:  # type: ignore[type-arg]  # a probe
            threads.add(threading.get_ident())
            return super().load_data(*args, **more)  # type: ignore[arg-type]  # passed on as they came

    path = folder / "a.txt"
    first, second = await asyncio.gather(Watched().aload_data(path), Watched().alazy_load_data(path))
    assert first[0].text == second[0].text == TEXT
    assert threading.get_ident() not in threads


def test_a_pipeline_reads_with_it(folder: Path, tmp_path: Path) -> None:
    """As a `ReaderConfig`, which wants a reader that tells itself as a dict and is read back from it."""
    reader = GlyphReader.from_dict(GlyphReader(encoding="utf-8-sig").to_dict())
    assert reader.encoding == "utf-8-sig"
    config = ReaderConfig(reader=reader, reader_args=[str(folder / "a.txt")])
    pipeline = IngestionPipeline(
        transformations=[PageNodeParser(pages_dir=tmp_path / "pages")], readers=[config]
    )
    assert "".join(node.get_content() for node in pipeline.run()) == TEXT
    assert config.to_dict()["loader"]["encoding"] == "utf-8-sig"
