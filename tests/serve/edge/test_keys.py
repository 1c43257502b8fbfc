"""A key opens the door for one name, and stands nowhere."""

from __future__ import annotations

import logging
import pickle
import traceback
from pathlib import Path

import pytest

from glyph_memory.serve.edge.keys import Caller, Keys
from glyph_memory.serve.options import ServeError
from tests.serve.edge.conftest import ADA, BEN


def test_a_key_is_found_by_either_header(key_file: Path) -> None:
    """As OpenAI's and Anthropic's clients send it; comments and blanks of the file say nothing."""
    keys = Keys.read(key_file)
    assert len(keys) == 2
    assert keys.find([(b"authorization", b"Bearer " + ADA.encode())]) == Caller(name="ada")
    assert keys.find([(b"x-api-key", BEN.encode())]) == Caller(name="ben")


@pytest.mark.parametrize(
    "value", [b"", b"Bearer", b"Bearer ", ADA.encode(), b"Basic " + ADA.encode(), b"Bearer \xff\xfe"]
)
def test_what_is_no_key_finds_nobody(key_file: Path, value: bytes) -> None:
    """Nor does anything raise."""
    assert Keys.read(key_file).find([(b"authorization", value)]) is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("ada", "no colon"),
        ("ada:short", "5 characters"),
        (f"ada/x:{ADA}", "letters, digits"),
        (f":{ADA}", "letters, digits"),
        (f"{'a' * 65}:{ADA}", "letters, digits"),
        (f"ada:{ADA}\nada:{BEN}", "line 2: its name stands there twice"),
        (f"ada:{ADA}\nben:{ADA}", "line 2: its key is another name's"),
        ("ada:key with a blank in it", "blank"),
        ("ada:kéy-0123456789abcdef", "beyond ASCII"),
        (f"{ADA}:ada", "3 characters"),
        ("# nobody\n\n", "holds no key"),
    ],
)
def test_a_wrong_line_is_named_and_not_repeated(tmp_path: Path, lines: str, said: str) -> None:
    """Its number and what to write; a name and a key may be swapped, so neither is shown."""
    path = tmp_path / "keys"
    path.write_text(lines)
    path.chmod(0o600)
    with pytest.raises(ServeError, match=said) as caught:
        Keys.read(path)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    words = {word for line in lines.splitlines() for word in line.split(":") if len(word) > 10}
    house = shown.partition("glyph_memory/serve")[2]  # this test's own variables hold them
    assert not [word for word in words if word in house]


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o602])
def test_a_file_that_others_may_read_is_refused(key_file: Path, mode: int) -> None:
    """With the command that mends it."""
    key_file.chmod(mode)
    with pytest.raises(ServeError, match=rf"mode {mode:04o}\); chmod 600"):
        Keys.read(key_file)


def test_a_group_may_read_it(key_file: Path) -> None:
    """As services' files are: root's, and readable for the service's group."""
    key_file.chmod(0o640)
    assert len(Keys.read(key_file)) == 2


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Missing, a folder, or no text: one line each."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    binary.chmod(0o600)
    for path in (tmp_path / "missing", tmp_path, binary, Path("a\0b")):
        with pytest.raises(ServeError, match="key file") as caught:
            Keys.read(path)
        assert "\n" not in str(caught.value)


def test_keys_stand_nowhere(key_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in what is printed nor in what is pickled."""
    with caplog.at_level(logging.DEBUG):
        keys = Keys.read(key_file)
        keys.find([(b"x-api-key", ADA.encode())])
    assert repr(keys) == "Keys(2 callers)"
    assert ADA not in caplog.text
    assert ADA.encode() not in pickle.dumps(keys)
