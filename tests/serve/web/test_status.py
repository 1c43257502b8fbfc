"""What a page asks first: upstreams and their models, presets and the fields of the form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from glyph_memory import __version__
from glyph_memory.serve.web.bodies import Look
from glyph_memory.serve.web.looks import build_look, build_style
from glyph_memory.style import PRESETS, PageStyle
from glyph_memory.testing import FakeVLMServer
from glyph_memory.tokens import ModelProfile
from tests.serve.web.fakes import MakeWeb

GLYPH, QWEN = ModelProfile.from_name("glyph"), ModelProfile.from_name("qwen3-vl")


def test_status_tells_what_each_upstream_serves(make_web: MakeWeb, server: FakeVLMServer) -> None:
    """And why one that is gone cannot be asked; a password in an address is not told."""
    address = server.base_url.replace("http://", "http://me:secret@")
    found = make_web(server.base_url, "http://127.0.0.1:9/v1", address).client().get("status").json()
    assert found["version"] == __version__
    assert (found["has_upstream"], found["needs_key"]) == (True, False)
    there, gone, hidden = found["upstreams"]
    assert (there["name"], there["url"], there["error"]) == ("u0", server.base_url, "")
    (model,) = there["models"]
    assert (model["id"], model["profile"], model["window_tokens"]) == ("glyph", "glyph", 131_072)
    assert gone["models"] == []
    assert "127.0.0.1:9" in gone["error"]
    assert "secret" not in str(hidden)
    assert found["limits"]["max_body_bytes"] > 0


def test_status_tells_that_there_is_no_upstream(client: TestClient) -> None:
    """The page then offers the nano reader."""
    found = client.get("status").json()
    assert (found["has_upstream"], found["upstreams"]) == (False, [])


def test_keys_that_are_asked_for_are_told(make_web: MakeWeb, tmp_path: Path) -> None:
    """The page asks for one then."""
    assert make_web(key_file=tmp_path / "keys").client().get("status").json()["needs_key"] is True


def test_the_form_has_every_field_of_a_look(client: TestClient) -> None:
    """Each with its type, its default, and how little and how much it may be."""
    found: dict[str, Any] = client.get("looks").json()
    assert [one["name"] for one in found["presets"]] == list(PRESETS)
    assert "qwen3-vl" in found["profiles"]
    fields = {one["name"]: one for one in found["fields"]}
    assert list(fields) == list(Look.model_fields)
    assert fields["preset"]["type"] == "choice"
    assert fields["font_pt"] == {"name": "font_pt", "type": "number", "default": 9, "least": 4, "most": 72}
    assert fields["columns"]["type"] == "integer"
    assert (fields["dense"]["type"], fields["dense"]["default"]) == ("boolean", False)
    assert fields["page_width_pt"]["default"] == 595


def test_a_look_without_a_word_is_the_style_that_fits() -> None:
    """As everywhere else."""
    assert build_style(Look(), QWEN) == PageStyle.auto(QWEN)


def test_a_look_changes_what_it_names_and_nothing_else() -> None:
    """The line height keeps its proportion; dark colours go with any preset."""
    style = build_style(Look(preset="document", font_pt=15, dark=True), GLYPH)
    assert (style.font_size_pt, style.line_height_pt, style.alignment) == (15, 18, "justify")
    assert style.page_color == PageStyle.dark().page_color
    assert build_look(Look(dark=True, syntax_colors=False), style).syntax_colors is False
    assert build_look(Look(), style).heading_1_color == "#82B1FF"


def test_columns_and_marks_are_taken_at_their_word() -> None:
    """The style that fits would choose its layout itself."""
    columns = build_style(Look(columns=2), QWEN)
    assert (columns.layout, columns.columns, columns.newline_mark) == ("fixed", 2, "")
    dense = build_style(Look(dense=True), QWEN)
    assert (dense.layout, dense.newline_mark, dense.count_runs) == ("fixed", QWEN.newline_mark, True)


def test_the_interface_describes_itself_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    """No documentation page from a content network; every answer has the security headers."""
    found = client.get("openapi.json")
    assert found.json()["openapi"].startswith("3.")
    assert "default-src 'self'" in found.headers["content-security-policy"]
    assert {client.get(path).status_code for path in ("docs", "redoc", "nothing")} == {404}
    assert client.get("nothing").json()["error"]["message"]
    assert client.delete("status").status_code == 405
