"""Lance has its settings of a store from where fsspec has them; without Lance, one line says what to install."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from glyph_memory.documents import export_lance
from glyph_memory.documents.exporting.store_options import make_store_options
from glyph_memory.errors import GlyphMemoryError


def test_what_fsspec_knows_of_a_store_is_told_to_lance(monkeypatch: pytest.MonkeyPatch) -> None:
    """By Lance's names; what is given comes first, and without encryption only where the address says so."""
    known = {
        "key": "k",
        "secret": "s",
        "endpoint_url": "http://store:9000",
        "client_kwargs": {"region_name": "eu-west-1"},
    }
    system = SimpleNamespace(storage_options=known)
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda _: (system, "bucket"))
    assert make_store_options("s3://bucket/pages.lance", {"aws_region": "eu-north-1"}) == {
        "aws_access_key_id": "k",
        "aws_secret_access_key": "s",
        "aws_endpoint": "http://store:9000",
        "aws_region": "eu-north-1",
        "allow_http": "true",
    }


def test_a_folder_and_other_stores_have_what_is_given() -> None:
    """Their settings are those of the environment."""
    assert make_store_options("/shared/pages.lance", {"a": "b"}) == {"a": "b"}
    assert make_store_options("gs://bucket/pages.lance", {}) == {}


def test_without_lance_its_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is read or written."""
    monkeypatch.setitem(sys.modules, "lance", None)
    with pytest.raises(GlyphMemoryError, match=r"needs pylance.*pip install 'glyph-memory\[lance\]'$"):
        export_lance(tmp_path, to=tmp_path / "to")
    assert not list(tmp_path.iterdir())
