"""`glyph-memory tokens`: what a text costs as text and as pages, model by model.

Models that can read the pages stand first, by what they gain. A price for pages that nobody can read is no gain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from glyph_memory.cli import terminal
from glyph_memory.cli.look import Look, find_profile
from glyph_memory.cli.sources import Sources, list_defects, name_path, print_defects
from glyph_memory.document import Document
from glyph_memory.documents import LoadOptions
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.style import PageStyle
from glyph_memory.tokens import LEGIBLE_PX, ModelProfile, Size, TextCounter, is_legible, letter_px

_Read = Sequence[tuple[str, Sequence[Document]]]
"""Documents that were read, by path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """What the text costs one model."""

    profile: ModelProfile
    counter: TextCounter
    text_tokens: int
    sizes: Sequence[Size]
    letters_px: float | None
    """The smallest letters as the model sees them; None where all pages are another program's."""

    @property
    def legible(self) -> bool:
        """Whether the model can make out the letters."""
        return self.letters_px is None or is_legible(self.letters_px)

    @property
    def remark(self) -> str:
        """What is wrong with the pages for this model; empty where nothing is."""
        if not self.legible:
            return f"letters of {self.letters_px:.2g} px: not legible"
        return "" if self.fits else "too long"

    @property
    def page_tokens(self) -> int:
        return self.profile.pages_tokens(self.sizes)

    @property
    def ratio(self) -> float:
        return self.text_tokens / self.page_tokens

    @property
    def fits(self) -> bool:
        """Whether one request to the model, as it is usually served, holds all pages."""
        most = self.profile.max_images
        return self.page_tokens <= self.profile.window_tokens and (most is None or len(self.sizes) <= most)

    def to_json(self) -> dict[str, object]:
        return {
            "profile": self.profile.name,
            "text_tokens": self.text_tokens,
            "text_counter": self.counter.name,
            "text_exact": self.counter.exact,
            "page_tokens": self.page_tokens,
            "ratio": round(self.ratio, 3),
            "pages": len(self.sizes),
            "window_tokens": self.profile.window_tokens,
            "fits": self.fits,
            "legible": self.legible,
            "letters_px": None if self.letters_px is None else round(self.letters_px, 2),
            "illegible_because": None if self.legible else self.remark,
        }


def run(sources: Sources, names: Sequence[str], *, look: Look, tokenizer: str | None, as_json: bool) -> None:
    """Draw once for each page grid that the models need, and print what each model would count."""
    profiles = [find_profile(name, tokenizer=tokenizer) for name in names or ModelProfile.names()]
    options = sources.options()
    read = list[tuple[str, list[Document]]]()
    for path in sources.find():
        with sources.leave_out_failures(path):
            read.append((path, list(sources.load_bounded(path, options))))
    if not read:
        raise GlyphMemoryError("none of the documents can be read")
    title = ", ".join(name_path(path) for path, _ in read)
    characters = sum(len(document.text) for _, documents in read for document in documents)
    rows = sorted(
        _rows(sources, options, read, profiles, look),
        key=lambda row: (not row.legible, -row.ratio, row.profile.name),
    )
    for path, documents in read:
        print_defects(name_path(path), list_defects(documents))
    if as_json:
        found = [row.to_json() for row in rows]
        terminal.print_json({"text": title, "characters": characters, "models": found})
        return
    screen = terminal.console()
    screen.print(_table(rows))
    for note in _notes(rows):
        screen.print(Text(note, "dim"))


def _rows(
    sources: Sources, options: LoadOptions, read: _Read, profiles: Sequence[ModelProfile], look: Look
) -> list[_Row]:
    styles = [look.build_style(profile) for profile in profiles]
    # Text looks the same for all models that share a grid; a page of a PDF is made as the model's own rule decides.
    has_ways = any(document.original is not None for _, documents in read for document in documents)
    kinds = [(style, profile if has_ways else None) for style, profile in zip(styles, profiles, strict=True)]
    texts = [document.text for _, documents in read for document in documents]
    sizes = dict[tuple[PageStyle, ModelProfile | None], list[Size]]()
    typeset = dict[tuple[PageStyle, ModelProfile | None], dict[Size, PageStyle]]()
    with terminal.progress("drawing", total=len(set(kinds)) * sum(map(len, texts))) as step:
        for style, profile in dict.fromkeys(kinds):
            found, ours = list[Size](), dict[Size, PageStyle]()
            sizes[style, profile], typeset[style, profile] = found, ours
            for path, documents in read:
                run = sources.make_run(path, documents, options, style=style, profile=profile or profiles[0])
                for drawn in run.draw():
                    found.append(drawn.page.size)
                    if drawn.page.style is not None:
                        ours[drawn.page.size] = drawn.page.style
                    step(len(drawn.page.text))
    counts = dict[TextCounter, int]()
    for profile in profiles:
        counter = profile.text_counter
        if counter not in counts:
            counts[counter] = sum(map(counter.count, texts))
    return [
        _Row(
            profile=profile,
            counter=profile.text_counter,
            text_tokens=counts[profile.text_counter],
            sizes=sizes[kind],
            letters_px=_measure_letters(profile, typeset[kind], images=len(sizes[kind])),
        )
        for profile, kind in zip(profiles, kinds, strict=True)
    ]


def _measure_letters(
    profile: ModelProfile, typeset: Mapping[Size, PageStyle], *, images: int
) -> float | None:
    """Return the em of the smallest letters that we set, in pixels as the model sees them."""
    return min(
        (letter_px(style, profile, size, images=images) for size, style in typeset.items()), default=None
    )


def _table(rows: Sequence[_Row]) -> Table:
    table = terminal.make_table("model", "text tokens", "page tokens", "ratio", "pages", "window")
    table.add_column("")
    for row in rows:
        about = "" if row.counter.exact else "≈ "
        table.add_row(
            row.profile.name,
            f"{about}{row.text_tokens:,}",
            f"{row.page_tokens:,}",
            terminal.format_ratio(row.ratio) if row.legible else f"{row.ratio:.2f}×",
            f"{len(row.sizes):,}",
            f"{row.profile.window_tokens:,}",
            Text(row.remark, "yellow" if row.legible else ""),
            style=None if row.legible else "dim",
        )
    return table


def _notes(rows: Sequence[_Row]) -> list[str]:
    """Return notes on how text was counted, one for each counter."""
    notes = [f"exact: {row.counter.name}" for row in rows if row.counter.exact]
    for row in rows:
        error = row.counter.typical_error
        off = f", usually within {error:.0%}" if error else ""
        if not row.counter.exact:
            how = "without a tokenizer" if row.counter.name == "estimate" else f"with {row.counter.name}"
            notes.append(f"≈ estimated {how}{off}; the model's tokenizer.json counts exactly (--tokenizer)")
    if any(not row.legible for row in rows):
        notes.append(
            f"not legible: after the model's own resizing letters are below {LEGIBLE_PX} px; larger letters (--size, "
            "--dpi) cost more and can be read"
        )
    if any(row.legible and not row.fits for row in rows):
        notes.append("too long: the pages are more tokens or images than one request to the model may hold")
    return [*dict.fromkeys(notes), "Page tokens are counted by the rule of each model's own image processor."]
