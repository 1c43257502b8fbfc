"""A LlamaIndex chatbot that is sent a picture, a PDF and a text file, then sixty more messages: what is still sent.

A picture stays in the prompt after its message became a page. vLLM takes no PDF and no text file as a block, so their
words are sent as text: they become pages like all that was said, and are found again word for word.

GLYPH_BASE_URL=http://127.0.0.1:8000/v1 GLYPH_MODEL=zai-org/Glyph python examples/20_llama_index_attachments.py
"""

from __future__ import annotations

import io
import tempfile
import warnings
from pathlib import Path

from llama_index.core.base.llms.types import ChatMessage, ContentBlock, ImageBlock, TextBlock
from llama_index.memory.glyph import GlyphMemory, GlyphOpenAILike, GlyphReader
from PIL import Image, ImageDraw

from glyph_memory import GlyphMemory as Conversation
from glyph_memory import GlyphMemoryWarning
from glyph_memory.testing import FakeRequest, open_server


def draw_plan() -> bytes:
    """Return a PNG."""
    image = Image.new("RGB", (640, 400), "white")
    ImageDraw.Draw(image).rectangle((60, 60, 580, 340), outline="black", width=6)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


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


def make_attachments(folder: Path) -> list[ContentBlock]:
    """Return a picture, a PDF and a text file as content blocks."""
    write_pdf(
        folder / "offer.pdf", [f"Position {n}: {n * 3} planks of oak, lot K{n * 7:04}" for n in range(1, 60)]
    )
    (folder / "stock.txt").write_text("\n".join(f"rack {n}: {n * 12} planks" for n in range(100)))
    files = [
        f"{name}:\n" + "\n".join(document.text for document in GlyphReader().load_data(folder / name))
        for name in ("offer.pdf", "stock.txt")
    ]
    return [
        ImageBlock(image=draw_plan(), image_mimetype="image/png"),
        *(TextBlock(text=text) for text in files),
    ]


def answer(request: FakeRequest) -> str:
    """What a fake model says."""
    return "Thank you. " + "I have noted it, with all that belongs to it. " * 20


def main() -> None:
    """Send three attachments, talk about other things, and look what is sent with the last message."""
    with open_server(answer=answer) as server, tempfile.TemporaryDirectory() as folder:
        llm = GlyphOpenAILike(model=server.model, api_base=server.base_url, api_key="none", profile="glyph")
        attachments = make_attachments(Path(folder))
        with Conversation.open(Path(folder) / "chat.db", session="ann", profile="glyph") as conversation:
            memory = GlyphMemory.from_defaults(memory=conversation)
            for number in range(63):
                words = TextBlock(text=f"Message {number}: the mill delivers in week {number}. " * 20)
                said = ChatMessage(role="user", blocks=[words, *attachments[number : number + 1]])
                with warnings.catch_warnings(record=True) as caught:
                    memory.put(said)
                    messages = memory.get()
                memory.put(llm.chat(messages).message)
                for warning in caught:
                    if issubclass(warning.category, GlyphMemoryWarning):
                        print(f"message {number}: {warning.message}")

            pictures = sum(isinstance(block, ImageBlock) for message in messages for block in message.blocks)
            report = conversation.report()
            print(
                f"{len(memory.get_all())} messages are kept, {report.page_turns} of them on {report.pages} pages"
            )
            print(f"{pictures - report.pages} picture is sent beside them")
            for key in ("lot K0294", "rack 77:"):
                text = memory.recall(key, k=1)[0].text
                print(f"found: …{text[text.index(key) - 40 :][:60]!r}…")


if __name__ == "__main__":
    main()
