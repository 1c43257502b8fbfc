"""A folder is read in order; what is not read is told, and nothing stops the rest."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from glyph_memory.documents import find_files, load, load_tree
from glyph_memory.documents.globs import parse_globs
from glyph_memory.errors import DocumentError, GlyphMemoryWarning

TAIL = bytes(range(255, -1, -1)) * 2
"""What is no text."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with code, text, and what nobody wants."""
    root = tmp_path / "tree"
    for name in (
        "b.py", "a.txt", "docs/guide.txt", "docs/deep/er/notes.txt", "docs/build/out.txt", ".git/config", ".env",
        "__pycache__/b.pyc", "node_modules/x/index.js", "src/a.py", "src/.hidden.py",
    ):  # fmt: skip
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"in {name}\n")
    return root


def names(root: Path, **fields: str | tuple[str, ...]) -> list[str]:
    """Return the paths of all documents in a tree."""
    include, exclude = fields.get("include", ()), fields.get("exclude", ())
    found = load_tree(root, include=include, exclude=exclude, hidden="hidden" in fields)
    return [Path(document.source).relative_to(root).as_posix() for document in found]


def test_all_documents_come_sorted_but_hidden_ones(tree: Path) -> None:
    """Files of a folder first, then the folders in it; what programs put there is left out."""
    assert names(tree) == [
        "a.txt", "b.py", "docs/guide.txt", "docs/build/out.txt", "docs/deep/er/notes.txt", "src/a.py"
    ]  # fmt: skip
    assert {".env", ".git/config", "node_modules/x/index.js"} < {*names(tree, hidden="yes")}


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ("*.py", (), ["b.py", "src/a.py"]),
        ("/*.py", (), ["b.py"]),
        (("docs/**/*.txt", "src/"), (), ["docs/guide.txt", "docs/build/out.txt", "docs/deep/er/notes.txt"]),
        ("docs/*.txt", (), ["docs/guide.txt"]),
        ("docs/**", "build/", ["docs/guide.txt", "docs/deep/er/notes.txt"]),
        ((), ("*.txt", "/src"), ["b.py"]),
        ("**/notes.txt", (), ["docs/deep/er/notes.txt"]),
        ("[ab].*", "!x", ["a.txt", "b.py", "src/a.py"]),
    ],
)
def test_patterns_are_those_of_gitignore(
    tree: Path, include: str | tuple[str, ...], exclude: str | tuple[str, ...], expected: list[str]
) -> None:
    """With a slash they count from the top; with one at the end they are of folders."""
    assert names(tree, include=include, exclude=exclude) == expected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.py", "a/b.py", True),
        ("a*b", "a/b", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("**/b", "b", True),
        ("a/**", "a", False),
        ("?.py", "ab.py", False),
        ("[!a].py", "b.py", True),
        ("[!a].py", "a.py", False),
        ("a[", "a[", True),
        ("[z-a]", "[z-a]", True),
        (r"\*", "*", True),
        (r"\*", "x", False),
        ("a.py", "aXpy", False),
        ("build/", "build", False),
    ],
)
def test_a_pattern_matches(pattern: str, path: str, expected: bool) -> None:
    """Known answers, of a file."""
    [glob] = parse_globs(pattern)
    assert glob.matches(path, is_folder=False) is expected


def test_the_source_map_names_the_file_in_the_tree(tree: Path) -> None:
    """With its line."""
    documents = {Path(one.source).name: one for one in load_tree(tree)}
    [place] = documents["notes.txt"].trace(0, 2)
    assert (place.file, place.line) == ("docs/deep/er/notes.txt", 1)


def test_a_file_that_cannot_be_read_stops_nothing(tree: Path) -> None:
    """It is listed with its error, and one warning tells of all."""
    (tree / "b.pdf").write_bytes(b"\x89PNG\r\n\x1a\n\0" + TAIL)
    found = load_tree(tree)
    with pytest.warns(
        GlyphMemoryWarning, match=r"1 file of .* could not be read, first of all: .*a PNG image"
    ):
        assert len([*found]) == 6
    [fault] = found.failed
    assert (fault.path, "PNG" in str(fault.error)) == (tree / "b.pdf", True)
    with pytest.raises(DocumentError, match="a PNG image"):
        [*load_tree(tree, on_error="raise")]


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0", "a PNG image"),
        ("logo", b"\xff\xd8\xff\xe0\0\x10JFIF" + TAIL, "a JPEG image"),
        ("a.woff2", b"wOF2\0\1\0\0" + TAIL, "a font"),
        ("a.mp3", b"\xff\xfb\x90\x44" + TAIL, "sound"),
        ("a.mp4", b"\0\0\0\x20ftypisom" + TAIL, "a film"),
        ("a.zip", b"PK\x03\x04" + TAIL, "an archive"),
        ("a.txt.gz", b"\x1f\x8b\x08\0" + TAIL, "gzip-compressed"),
        ("tool", b"\x7fELF" + TAIL, "a program"),
        ("a.exe", b"MZ\x90\0\3" + TAIL, "a program"),
        ("data", b"SQLite format 3\0" + TAIL, "an SQLite database"),
        ("drawing", b"8BPS\0\1" + TAIL, "a Photoshop Image file"),
    ],
)
def test_what_is_no_document_is_skipped(tree: Path, name: str, data: bytes, kind: str) -> None:
    """Pictures, fonts, programs lie in every folder: they are told, and no failures; named alone, one is an error."""
    (tree / name).write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = load_tree(tree, on_error="raise")
        assert len([*found]) == 6
    assert [str(one.error) for one in found.skipped] == [f"{str(tree / name)!r} is {kind}, and no document"]
    with pytest.raises(DocumentError):
        [*load(tree / name)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.docx", b"PK\x03\x04" + TAIL),
        ("a.odt", b"PK\x03\x04" + TAIL),
        ("a.rtf", b"{\\rtf1 text}"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + TAIL),
        ("a.md", b"\x89PNG\r\n\x1a\n\0" + TAIL),
        ("a.wpd", b"\xffWPC\x10\0\0\0\1\x0a" + TAIL),
        ("a.xyz", b"\7\1\2\3" + TAIL),
    ],
)
def test_a_document_that_cannot_be_read_is_a_failure(tree: Path, name: str, data: bytes) -> None:
    """What its name or its content calls a document, and what nobody knows, is never passed over."""
    (tree / name).write_bytes(data)
    found = load_tree(tree)
    with pytest.warns(GlyphMemoryWarning, match="1 file"):
        assert len([*found]) == 6
    assert ([one.path.name for one in found.failed], found.skipped) == ([name], ())


def test_files_that_vanish_are_told(tree: Path) -> None:
    """Between being found and being read; folders, too."""

    def remove(path: Path) -> None:
        if path.name in {"b.py", "guide.txt"}:
            path.unlink()
        if path.name == "a.txt":
            (tree / "src" / "a.py").unlink()
            (tree / "src" / ".hidden.py").unlink()
            (tree / "src").rmdir()

    found = load_tree(tree, progress=remove)
    with pytest.warns(GlyphMemoryWarning, match="3 files"):
        assert len([*found]) == 3
    assert [fault.path.name for fault in found.failed] == ["b.py", "guide.txt", "src"]


def test_links_are_not_followed_and_are_told(tree: Path, tmp_path: Path) -> None:
    """Loops, links out of the tree, links to nowhere; nothing is read twice."""
    (tmp_path / "secret.txt").write_text("secret")
    for name, target in {
        "docs/loop": tree, "out.txt": tmp_path / "secret.txt", "twice.txt": tree / "a.txt", "nowhere": tree / "gone",
        "docs/self": tree / "docs" / "self", "etc": tmp_path,
    }.items():  # fmt: skip
        (tree / name).symlink_to(target)
    found = load_tree(tree)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        texts = [document.text for document in found]
    assert len(texts) == 6
    assert "secret" not in texts
    assert {
        fault.path.name: str(fault.error).split(" is a link to ")[1].split(",")[0] for fault in found.skipped
    } == {
        "loop": "a folder that it is in",
        "out.txt": "a place out of the tree",
        "twice.txt": "another place in the tree",
        "nowhere": "nothing",
        "self": "nothing",
        "etc": "a folder that it is in",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipes_and_empty_files_are_skipped(tree: Path) -> None:
    """A pipe would wait for ever; every package has an empty file."""
    os.mkfifo(tree / "pipe")
    (tree / "__init__.py").touch()
    found = load_tree(tree)
    assert len([*found]) == 6
    assert [fault.path.name for fault in found.skipped] == ["__init__.py", "pipe"]


@pytest.mark.skipif(os.name != "posix", reason="names are characters here")
def test_names_that_are_no_text_are_spelled_out(tree: Path) -> None:
    """Files of other systems: the path still opens it, title and source map can be written."""
    (tree / os.fsdecode(b"gr\xfcn.txt")).write_text("green")
    [document] = load_tree(tree, include="gr*")
    assert (document.text, document.title, document.source_map[0].file) == (
        "green",
        "gr\\udcfcn.txt",
        "gr\\udcfcn.txt",
    )
    assert Path(document.source).read_text() == "green"


def test_wrong_calls_are_refused(tree: Path) -> None:
    """At once."""
    with pytest.raises(DocumentError, match="there is no folder"):
        load_tree(tree / "a.txt")
    with pytest.raises(DocumentError, match="is no pattern for files"):
        load_tree(tree, include="")
    with pytest.raises(DocumentError, match="on_error='ignore' is neither"):
        load_tree(tree, on_error="ignore")  # type: ignore[arg-type]  # which is the point


def test_what_is_not_read_is_warned_of_once(tmp_path: Path) -> None:
    """For those who load files one by one: a few names, and how many more there are."""
    for number in range(7):
        (tmp_path / f"{number}.txt").touch()
    with pytest.warns(GlyphMemoryWarning) as told:
        find_files(tmp_path).warn_of_unread(tmp_path)
    (said,) = [str(one.message) for one in told]
    assert "0.txt' is empty" in said
    assert said.endswith("; and 2 more")
    (tmp_path / "texts").mkdir()
    find_files(tmp_path / "texts").warn_of_unread(tmp_path)
    assert len(told) == 1
