"""`focus`: put the lines that bear on a question behind the pages that they stand on, within a budget of tokens.

Knows contexts and token counts; knows nothing about stores, and changes nothing of what stands before the question.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, get_args

from glyph_memory.checks import check_number, check_text, check_whole
from glyph_memory.context import Binder, Context, ImagePart, Parts, Text, TextCleaner, TokenCounts
from glyph_memory.errors import PolicyError, show_value
from glyph_memory.focusing.choice import Candidates, FocusLine, find_candidates
from glyph_memory.focusing.lines import FocusSource, SourceLine, read_lines
from glyph_memory.focusing.question import read_question
from glyph_memory.focusing.rankers import LineRanker, WordRanker, check_ranker
from glyph_memory.focusing.spelling import LineSpeller, ShownPages
from glyph_memory.folding import FoldPolicy
from glyph_memory.style import PageStyle
from glyph_memory.telemetry import Fields, trace_call
from glyph_memory.tokens import ModelProfile, build_page_style

FocusForm = Literal["text", "page"]
"""How lines are shown: as text, or as one more picture in larger letters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Focus:
    """A context with the lines that bear on its question, and what they cost."""

    context: Context = field(repr=False)
    """What to send; the context as it was where nothing was added."""
    lines: tuple[FocusLine, ...] = ()
    """The lines that were added, in the order of the source."""
    tokens: int = 0
    """What they cost with what is said of them, by the model's own count."""
    left_out: int = 0
    """How many lines bear on the question, too, and found no room; 256 are looked at, at the most."""
    reason: str = ""
    """Why nothing was added, for people; empty where something was."""


@trace_call(
    "focus",
    lambda found: Fields(lines=len(found.lines), tokens=found.tokens, left_out=found.left_out),
)
def focus(
    context: Context,
    question: str,
    *,
    source: FocusSource,
    budget_tokens: int,
    profile: ModelProfile | str | None = None,
    binder: Binder | None = None,
    show: FocusForm = "text",
    ranker: LineRanker | None = None,
    enlarge: float = 1.5,
) -> Focus:
    """Add the lines that bear on a question to a context, right before the words that ask it.

    What stands before them stays as it is, byte for byte, so a server's prefix cache holds: `Context.stable_prefix` is
    the same. Lines that stand in the context as text already are not repeated.

    Args:
        context: Ends with a user's words, which ask the question.
        question: What is asked: lines are chosen by it. It may be more than those words, or other ones.
        source: What stands behind the pages, as text: turns, pages, or lines; also of what is no longer shown.
        budget_tokens: What the lines may cost, with what is said of them.
        profile: The model that counts; Glyph unless given.
        binder: Who made the context, instead of a profile: with its counts, its spelling of turns, and what its policy
            takes in a prompt, which the lines never exceed.
        show: As text, or "page": as one more picture in larger letters. A model that misreads pages may misread that
            one, too; text is exact.
        ranker: Scores the lines; by words (BM25) unless given.
        enlarge: For "page": how much larger letters are than on the released Glyph model's pages.

    Raises:
        PolicyError: A number is wrong, there is no such form, or what is given as a ranker is none.
        ProfileError: No such model is known.
        TurnError: The question is no text, or something of the source is no turn, page or line.
        FontError: The picture cannot be drawn.
    """
    check_whole("budget_tokens", budget_tokens, PolicyError)
    check_number("enlarge", enlarge, PolicyError, at_least=1, at_most=8)
    check_text("question", question, PolicyError)
    if show not in get_args(FocusForm):
        raise PolicyError(f"show={show_value(show)} is no form; give 'text' or 'page'")
    ranker = WordRanker() if ranker is None else check_ranker(ranker)
    if binder is not None:
        model, counts, cleaner = binder.profile, binder.counts, binder.cleaner
    else:
        model = ModelProfile.of(profile or "glyph")
        counts, cleaner = _count_for(model)
    place = _find_question(context)
    wanted = read_question(question)
    if place is None:
        return Focus(context=context, reason=_NO_QUESTION)
    if not wanted:
        return Focus(context=context, reason=_NO_WORDS)
    speller = LineSpeller(cleaner, ShownPages.of(context), is_defused=context.defused)
    found = find_candidates(
        read_lines(source, cleaner=cleaner),
        wanted,
        ranker=ranker,
        question=wanted.query,
        is_shown=_check_shown(context, speller),
    )
    if not found:
        return Focus(context=context, reason=_NO_LINE)
    style = _enlarge_style(enlarge, model) if show == "page" else None
    before = counts.count_context(context)
    room = budget_tokens
    if binder is not None:  # what was said comes first
        room = min(room, max(0, binder.policy.prompt_tokens - before))
    limits = _Limits.of(model if binder is None else binder.policy)

    def write(count: int) -> tuple[Context, int] | None:
        lines = found.take(count)
        parts = speller.spell_text(lines) if style is None else speller.draw(lines, style=style)
        if parts is None:
            return None
        if not all(counts.accepts_image(part.size) for part in parts if isinstance(part, ImagePart)):
            return None
        longer = _insert(context, parts, place)
        added = counts.count_context(longer) - before
        return (longer, added) if added <= room and (style is None or limits.hold(longer)) else None

    count, written = _find_most(found, write)
    if written is None:
        return Focus(
            context=context,
            left_out=len(found),
            reason=_NO_ROOM.format(room=room, found=len(found)) + (_NO_PICTURE if style is not None else ""),
        )
    longer, tokens = written
    return Focus(context=longer, lines=found.take(count), tokens=tokens, left_out=len(found) - count)


_OURS = re.compile(r"- |§\d+ calls ")
"""How lines of ledgers and calls of quoted turns begin."""
_NO_QUESTION = "the context does not end with a user's words behind something else"
_NO_WORDS = "the question has no words to look for"
_NO_LINE = "no line that is not there as text already has words of the question"
_NO_ROOM = "none of {found:,} fits into {room:,} tokens"
_NO_PICTURE = ", or the model takes no further picture"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Limits:
    """What a model takes of pictures in a request."""

    images: int | None
    """How many."""
    pixels: int | None
    """How many in all."""
    bytes: int | None
    """Of all files."""

    @classmethod
    def of(cls, said: ModelProfile | FoldPolicy) -> _Limits:
        """Return what a profile or a policy says."""
        return cls(images=said.max_images, pixels=said.max_request_px, bytes=said.max_request_bytes)

    def hold(self, context: Context) -> bool:
        """Return whether a context keeps them."""
        images, attached = context.images, context.attachments
        spent = (
            (self.images, len(images) + sum(one.is_image for one in attached)),
            (self.pixels, sum(image.size[0] * image.size[1] for image in images)),
            (
                self.bytes,
                sum(len(image.data) for image in images) + sum(len(one.block) for one in attached),
            ),
        )
        return all(limit is None or used <= limit for limit, used in spent)


@lru_cache(maxsize=8)
def _count_for(profile: ModelProfile) -> tuple[TokenCounts, TextCleaner]:
    """Return what counts and spells for a model; both remember what they saw."""
    cleaner = TextCleaner(profile.special_tokens)
    return TokenCounts(profile, cleaner=cleaner, prompt_tokens=profile.window_tokens), cleaner


def _find_question(context: Context) -> int | None:
    """Return the place of the words in the last message that lines are put before; None where there is none.

    They are the last words of a user. Nothing is put where a request begins: what is put there would seem to be what
    stays from question to question.
    """
    last = context.messages[-1] if context.messages else None
    if last is None or last.role != "user":
        return None
    said = [place for place, part in enumerate(last.parts) if isinstance(part, Text) and part.kind == "said"]
    is_first = all(message.role == "system" for message in context.messages[:-1])
    return said[-1] if said and not (is_first and said[-1] == 0) else None


def _insert(context: Context, parts: Parts, place: int) -> Context:
    """Return a context with parts in its last message; they begin a line of their own."""
    *before, last = context.messages
    above = last.parts[place - 1] if place else None
    first = parts[0]
    if isinstance(above, Text) and isinstance(first, Text) and not above.text.endswith("\n"):
        parts = replace(first, text=f"\n{first.text}"), *parts[1:]
    longer = replace(last, parts=(*last.parts[:place], *parts, *last.parts[place:]))
    return replace(context, messages=(*before, longer))


def _check_shown(context: Context, speller: LineSpeller) -> Callable[[SourceLine], bool]:
    """Return what says whether a line stands in a context as text already, as a line of its own."""
    texts = (
        part.text
        for message in context.messages
        for part in message.parts
        if isinstance(part, Text) and part.kind in {"said", "sealed", "repeated", "ledger"}
    )
    lines = {line.strip() for text in texts for line in text.splitlines()}
    lines |= {_OURS.sub("", line, count=1) for line in lines}
    calls = (call for message in context.messages for call in message.tool_calls)
    lines |= {f"{call.name} {call.arguments}".strip() for call in calls}
    return lambda line: not lines.isdisjoint(speller.spell_line(line))


def _enlarge_style(factor: float, profile: ModelProfile) -> PageStyle:
    """Return the released Glyph model's style in larger letters, with sides that the model does not rescale."""
    style = build_page_style("glyph", profile)
    return replace(
        style, font_size_pt=style.font_size_pt * factor, line_height_pt=style.line_height_pt * factor
    )


def _find_most(
    found: Candidates, write: Callable[[int], tuple[Context, int] | None]
) -> tuple[int, tuple[Context, int] | None]:
    """Return how many of the best lines fit, and the context with them."""
    low, kept, high = 0, None, len(found) + 1
    while high - low > 1:
        middle = (low + high) // 2
        written = write(middle)
        if written is None:
            high = middle
        else:
            low, kept = middle, written
    return low, kept
