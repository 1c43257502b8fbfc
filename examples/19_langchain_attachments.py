"""A LangChain chatbot that is sent a picture, a PDF and a text file, then sixty more messages: what is still sent.

A picture stays in the prompt after its message became a page. vLLM takes no PDF and no text file as a block, so their
words are sent as text: they become pages like all that was said, and are found again word for word.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/19_langchain_attachments.py
"""

from __future__ import annotations

import base64
import io
import tempfile
import warnings
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage
from langchain_glyph_memory import GlyphChatMessageHistory, GlyphLoader
from langchain_openai import ChatOpenAI
from PIL import Image, ImageDraw
from pydantic import SecretStr

from glyph_memory import GlyphMemoryWarning
from glyph_memory.testing import FakeRequest, open_server


def draw_plan() -> str:
    """Return a PNG in base64."""
    image = Image.new("RGB", (640, 400), "white")
    ImageDraw.Draw(image).rectangle((60, 60, 580, 340), outline="black", width=6)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def write_pdf(path: Path, lines: list[str]) -> None:
    """Write a PDF of one page."""
    text = "".join(f"({line}) ' " for line in lines)
    stream = f"BT /F1 10 Tf 12 TL 40 800 Td {text}ET"
    parts = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    objects = "\n".join(f"{number} 0 obj{part}endobj" for number, part in enumerate(parts, 1))
    path.write_text(f"%PDF-1.4\n{objects}\ntrailer<</Root 1 0 R>>\n%%EOF\n")


def make_attachments(folder: Path) -> list[dict[str, Any]]:
    """Return a picture, a PDF and a text file as content blocks."""
    write_pdf(
        folder / "offer.pdf", [f"Position {n}: {n * 3} planks of oak, lot K{n * 7:04}" for n in range(1, 60)]
    )
    (folder / "stock.txt").write_text("\n".join(f"rack {n}: {n * 12} planks" for n in range(100)))
    files = [
        f"{name}:\n"
        + "\n".join(page.page_content for page in GlyphLoader(folder / name, profile="glyph").load())
        for name in ("offer.pdf", "stock.txt")
    ]
    return [
        {"type": "image", "base64": draw_plan(), "mime_type": "image/png"},
        *({"type": "text", "text": text} for text in files),
    ]


def answer(request: FakeRequest) -> str:
    """What a fake model says."""
    return "Thank you. " + "I have noted it, with all that belongs to it. " * 20


def main() -> None:
    """Send three attachments, talk about other things, and look what is sent with the last message."""
    with open_server(answer=answer) as server, tempfile.TemporaryDirectory() as folder:
        model = ChatOpenAI(
            base_url=server.base_url, model=server.model, api_key=SecretStr("none"), use_responses_api=False
        )
        attachments = make_attachments(Path(folder))
        with GlyphChatMessageHistory("ann", Path(folder) / "chat.db", profile="glyph") as history:
            for number in range(63):
                words = {
                    "type": "text",
                    "text": f"Message {number}: the mill delivers in week {number}. " * 20,
                }
                said = HumanMessage([words, *attachments[number : number + 1]])
                with warnings.catch_warnings(record=True) as caught:
                    history.add_messages([said])
                    messages = history.messages
                history.add_messages([model.invoke(messages)])
                for warning in caught:
                    if issubclass(warning.category, GlyphMemoryWarning):
                        print(f"message {number}: {warning.message}")

            kinds = [
                block["type"] for message in messages for block in message.content if isinstance(block, dict)
            ]
            report = history.memory.report()
            print(
                f"{len(history.all_messages)} messages are kept, {report.page_turns} of them on {report.pages} pages"
            )
            print(f"{kinds.count('image') - report.pages} picture is sent beside them")
            for key in ("lot K0294", "rack 77:"):
                text = history.memory.recall(key, k=1)[0].text
                print(f"found: …{text[text.index(key) - 40 :][:60]!r}…")


if __name__ == "__main__":
    main()
