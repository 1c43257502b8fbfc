"""The README's code, type-checked: mypy reads this file, nobody runs it."""

from __future__ import annotations

from glyph_memory import Context, ModelProfile, OpenAIReader, PageStyle, Transcript, Turn, iter_pages, typeset


def from_text_to_answer(text: str) -> str:
    """The README's eight lines."""
    profile = ModelProfile.named("glyph")
    pages = typeset(text, style=PageStyle.glyph())
    saved: float = profile.text_tokens(text) / profile.pages_tokens([page.size for page in pages])
    with OpenAIReader("http://127.0.0.1:8000/v1") as reader:
        reading = reader.read(Context.of(f"Which port? Ratio {saved}", pages=pages))
    return reading.text


def a_conversation_streamed() -> list[str]:
    """Transcripts, streaming, digests."""
    talk = Transcript((Turn(role="user", text="hi"), Turn(role="assistant", text="hello")))
    return [page.digest for page in iter_pages(talk, style=PageStyle.dark())]
