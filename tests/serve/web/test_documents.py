"""Documents of the web page: loaded, drawn, asked about."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from glyph_memory.serve.web.bodies import Look
from glyph_memory.serve.web.drawings import Drawings
from glyph_memory.serve.web.shelf import read_upload
from glyph_memory.serve.web.work import Stop
from glyph_memory.testing import FakeVLMServer
from glyph_memory.tokens import ModelProfile
from tests.serve.web.fakes import MakeWeb, Web, fetch, read_events

TEXT = "The museum opens at nine.\nEverybody knows that the gate code is 4711-B.\nIt closes at five.\n"


def load(client: TestClient, text: str = TEXT, name: str = "") -> dict[str, Any]:
    """Load pasted text."""
    answer = client.post("documents", json={"text": text, "name": name})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_pasted_text_is_a_document(client: TestClient) -> None:
    """Its figures are those of the text."""
    found = load(client)
    assert found["characters"] == len(TEXT)
    assert found["text_tokens"] > 10
    assert found["excerpt"] == TEXT
    assert found["defects"] == []


def test_a_file_is_read_by_its_format(client: TestClient) -> None:
    """Of a path the last part is its name."""
    files = {"file": ("C:\\notes\\trees.md", b"# Trees\n\nOaks grow **slowly**.\n", "text/markdown")}
    found = client.post("documents", files=files).json()
    assert (found["title"], found["kind"]) == ("trees.md", "text/markdown")
    assert "**" not in found["excerpt"]


def test_pages_are_drawn_and_served(client: TestClient) -> None:
    """Each has its size, its cost and an address whose picture never changes."""
    found = load(client)
    drawn = client.post(f"documents/{found['id']}/pages", json={"look": {"preset": "dark"}}).json()
    (page,) = drawn["pages"]
    answer = fetch(client, page["url"])
    assert Image.open(io.BytesIO(answer.content)).size == (page["width"], page["height"])
    assert "immutable" in answer.headers["cache-control"]
    assert page["lines"] >= 3
    assert drawn["page_tokens"] == page["tokens"]
    assert drawn["text_tokens"] > 0
    assert drawn["layout"]
    assert page["url"].startswith("/glyph/api/documents/")


def test_pages_are_drawn_again_where_they_are_no_longer_held(make_web: MakeWeb) -> None:
    """The address of a page goes on to work while its document is there."""
    web = make_web()
    client = web.client()
    found = load(client)
    first = client.post(f"documents/{found['id']}/pages", json={}).json()
    before = fetch(client, first["pages"][0]["url"]).content
    assert before.startswith(b"\x89PNG")
    for size in range(5, 30):
        client.post(f"documents/{found['id']}/pages", json={"look": {"font_pt": size, "dpi": 300}})
    assert fetch(client, first["pages"][0]["url"]).content == before


@pytest.mark.parametrize(
    ("look", "field"),
    [
        ({"font_pt": 300}, "font_pt"),
        ({"font_pt": "large"}, "font_pt"),
        ({"preset": "baroque"}, "preset"),
        ({"font_pt": 20, "line_height_pt": 8}, "line_height_pt"),
        ({"columns": 6, "font_pt": 40, "page_width_pt": 200, "preset": "glyph"}, "columns"),
        ({"ink": "red"}, "ink"),
    ],
)
def test_a_look_that_cannot_be_drawn_names_its_field(
    client: TestClient, look: dict[str, object], field: str
) -> None:
    """The error stands beside what caused it."""
    answer = client.post(f"documents/{load(client)['id']}/pages", json={"look": look})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert "\n" not in answer.json()["error"]["message"]


def test_an_unknown_profile_names_its_field(client: TestClient) -> None:
    """And the nearest names."""
    answer = client.post(f"documents/{load(client)['id']}/pages", json={"profile": "qwen3-vi"})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "profile"
    assert "qwen3-vl" in answer.json()["error"]["message"]


def test_a_long_document_is_drawn_up_to_a_limit_and_the_rest_is_told(client: TestClient) -> None:
    """Nobody waits for thousands of pages."""
    found = load(client, "A line that says nothing at all, again and again.\n" * 30_000)
    drawn = client.post(f"documents/{found['id']}/pages", json={"look": {"preset": "document"}}).json()
    assert len(drawn["pages"]) == 100
    assert any("were not drawn" in note for note in drawn["notes"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"not json", 422),
        (b"[1]", 422),
        (b'{"text": 7}', 422),
        (b'{"text": ""}', 422),
        (b'{"text": "\\ud800"}', 422),
        (b"[" * 100_000, 422),
        (b'{"text": "x", "further": 1}', 422),
        (b'{"text": "x", "\\u001e\\n": 1}', 422),
        (b'{"text": "x", "' + b"long" * 9_000 + b'": 1}', 422),
    ],
)
def test_what_is_no_document_is_refused_in_one_line(client: TestClient, body: bytes, status: int) -> None:
    """Whatever stands in it."""
    answer = client.post("documents", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "field"}
    assert len(error["message"].splitlines()) == 1
    assert len(error["message"]) + len(error["field"]) <= 1_100


def test_a_form_without_a_file_and_other_kinds_are_refused(client: TestClient) -> None:
    """With what is to be sent instead."""
    other = client.post("documents", content=b"x", headers={"Content-Type": "text/plain"})
    assert other.status_code == 415
    empty = client.post("documents", data={"a": "b"}, files={"other": ("x.txt", b"x")})
    assert (empty.status_code, empty.json()["error"]["field"]) == (422, "file")
    broken = client.post(
        "documents", content=b"--x\r\nnothing", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code == 422


def test_a_document_beyond_the_limit_is_refused(make_web: MakeWeb) -> None:
    """Before it is read as a whole."""
    client = make_web(max_body_bytes=2_000).client()
    answer = client.post("documents", json={"text": "word " * 1_000})
    assert answer.status_code == 413
    files = {"file": ("x.txt", b"word " * 1_000, "text/plain")}
    assert client.post("documents", files=files).status_code == 413


def test_a_bomb_is_refused(client: TestClient) -> None:
    """An archive that unpacks a thousand times larger is no document."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b" " * 300_000_000)
    answer = client.post("documents", files={"file": ("bomb.docx", packed.getvalue())})
    assert answer.status_code == 422
    message = answer.json()["error"]["message"]
    assert "\n" not in message
    assert message.endswith("it may be a bomb")  # whoever has the file cannot call us with other limits


def test_nothing_is_fetched_for_a_document(client: TestClient, server: FakeVLMServer) -> None:
    """Pictures by address stay where they are, and that is told."""
    page = f'<html><body><p>Words.</p><img src="{server.base_url}/x.png" alt="A tree"></body></html>'
    found = client.post("documents", files={"file": ("x.html", page.encode())}).json()
    assert any("not fetched" in defect for defect in found["defects"])
    assert server.paths == []


def test_a_caller_never_sees_the_documents_of_another(web: Web) -> None:
    """Though it knows their ids."""
    mine, other = web.client("ann"), web.client("bob")
    found = load(mine)
    drawn = mine.post(f"documents/{found['id']}/pages", json={}).json()
    assert other.post(f"documents/{found['id']}/pages", json={}).status_code == 404
    assert fetch(other, drawn["pages"][0]["url"]).status_code == 404
    asked = {"question": "What is the code?"}
    assert other.post(f"documents/{found['id']}/answers", json=asked).status_code == 404


def test_the_nano_reader_answers_where_there_is_no_upstream(client: TestClient) -> None:
    """It tells how far it is, what it found, and where on the page that stands."""
    found = load(client)
    answer = client.post(f"documents/{found['id']}/answers", json={"question": "What is the gate code?"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = read_events(answer.text)
    names = [name for name, _ in events]
    assert names[0] == "progress"
    assert names[-1] == "done"
    assert names.index("delta") < names.index("quote")
    quote = next(data for name, data in events if name == "quote")
    assert "4711-B" in quote["text"]
    assert quote["page"] == 1
    ((left, top, width, height),) = quote["boxes"]
    drawn = client.post(f"documents/{found['id']}/pages", json={}).json()["pages"][0]
    assert 0 <= left < left + width <= drawn["width"]
    assert 0 <= top < top + height <= drawn["height"]


def test_a_quote_is_framed_on_the_page_that_is_shown(client: TestClient) -> None:
    """The nano reader reads plain pages; the frame stands on those with headings and tables."""
    text = (
        "# Hours\n\nThe museum opens at nine.\n\n## Codes\n\n| place | code |\n|---|---|\n| gate | 4711-B |\n"
    )
    files = {"file": ("x.md", text.encode())}
    found = client.post("documents", files=files).json()
    asked = {"question": "When does the museum open?"}
    events = read_events(client.post(f"documents/{found['id']}/answers", json=asked).text)
    quote = next(data for name, data in events if name == "quote")
    assert "opens at nine" in quote["text"]
    glyph = ModelProfile.from_name("glyph")
    upload = read_upload(text.encode(), name="x.md", profile=glyph, at_most_bytes=10**6, check=Stop().check)
    shown = Drawings().draw(upload, Look(), glyph, Stop())
    place = shown.find("The museum opens at nine.")
    assert place is not None
    assert (quote["page"], quote["boxes"]) == shown.locate(*place)


def test_a_model_answers_over_the_upstream(make_web: MakeWeb, server: FakeVLMServer) -> None:
    """Its words come as they are written; what it quotes letter for letter is framed; usage comes last."""
    client = make_web(server.base_url).client()
    found = load(client)
    asked = {"question": "What is the code?", "temperature": 0.5, "top_p": 0.9, "max_tokens": 77}
    events = read_events(client.post(f"documents/{found['id']}/answers", json=asked).text)
    names = [name for name, _ in events]
    assert "".join(data["text"] for name, data in events if name == "delta") == (
        'The page says "the gate code is 4711-B".'
    )
    assert names[-3:] == ["quote", "usage", "done"]
    quote, usage = events[-3][1], events[-2][1]
    assert (quote["page"], quote["text"]) == (1, "the gate code is 4711-B")
    assert quote["boxes"]
    assert usage["prompt_tokens"] > 0
    (request,) = server.requests
    sent = request.body
    assert (sent["temperature"], sent["top_p"], sent["max_tokens"]) == (0.5, 0.9, 77)
    assert len(request.images) == 1


def test_an_upstream_that_is_gone_is_told_before_the_stream(make_web: MakeWeb) -> None:
    """With a model that answers all the same."""
    client = make_web("http://127.0.0.1:9/v1").client()
    found = load(client)
    asked = {"question": "What is the code?"}
    answer = client.post(f"documents/{found['id']}/answers", json=asked)
    assert (answer.status_code, answer.json()["error"]["field"]) == (502, "model")
    assert "'nano'" in answer.json()["error"]["message"]
    asked["model"] = "nano"
    assert "4711-B" in client.post(f"documents/{found['id']}/answers", json=asked).text


def test_a_model_that_takes_no_images_is_told_in_the_stream(make_web: MakeWeb) -> None:
    """The error comes as an event, and the stream ends."""
    with FakeVLMServer(takes_images=False) as server:
        client = make_web(server.base_url).client()
        asked = {"question": "What is the code?"}
        events = read_events(client.post(f"documents/{load(client)['id']}/answers", json=asked).text)
    assert [name for name, _ in events] == ["error", "done"]
    assert "\n" not in events[0][1]["message"]


def test_an_unknown_model_is_refused(make_web: MakeWeb, server: FakeVLMServer) -> None:
    """With the names of those that there are."""
    client = make_web(server.base_url).client()
    asked = {"question": "What?", "model": "gpt-9"}
    answer = client.post(f"documents/{load(client)['id']}/answers", json=asked)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "model")
    assert "'glyph'" in answer.json()["error"]["message"]
