"""Hostile contents in every place of a conversation: none becomes a turn, a line of ours, a control token or markup.

`red_team.json` holds the contents by name; those of the tokenizers' families are added here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from glyph_memory.context import Binder, Context, Parts, write_context
from glyph_memory.context.escaping import escape_anchors
from glyph_memory.folding import DrawnRun, Fold, FoldPolicy, Seal, fold, resume
from glyph_memory.page import Page
from glyph_memory.report import Figures, Plate, Section, report_html
from glyph_memory.style import PageStyle
from glyph_memory.tokens import ModelProfile
from glyph_memory.tokens.catalogue import special_tokens as special
from glyph_memory.transcript import ToolCall, Transcript, Turn
from glyph_memory.typesetting import spell_page, typeset
from glyph_memory.typesetting.pages import compose

FAMILIES: dict[str, tuple[str, ...]] = {
    name: tokens for name, tokens in vars(special).items() if name.isupper() and name[0] != "_"
}
CONTENTS: dict[str, str] = json.loads((Path(__file__).parent / "red_team.json").read_text())
CONTENTS |= {
    f"special tokens of {name}": " ".join(tokens) + "".join(tokens) for name, tokens in FAMILIES.items()
}

STYLE = PageStyle(font="mono", antialias=False, font_size_pt=10, line_height_pt=12, page_width_pt=900)
"""Letters six pixels wide, so that a label's place can be counted."""
LETTER_PX = 6
GLYPH = ModelProfile.from_name("glyph")
POLICY = FoldPolicy(
    window_tokens=400_000, tools_tokens=0, keep_recent_tokens=2_000, seal_tokens=1, trigger_tokens=4_000, min_ratio=1e9,
    max_run_tokens=1, pinned_tokens=20_000,
)  # fmt: skip
LAST = Turn(role="assistant", text="ok " * 3_980)
"""What comes after the turns that are to be sealed: just less than the trigger."""
SEALS_NO_MORE = replace(POLICY, trigger_tokens=100_000)


class Bargain(Binder):
    """A binder whose pages cost nothing, so that whatever can be sealed becomes pages."""

    def draw_run(self, turns: Sequence[Turn], *, first_page: int, ledger_tokens: int) -> DrawnRun:
        """Bind as ever, for nothing; a ledger of all there is to list."""
        return replace(super().draw_run(turns, first_page=first_page, ledger_tokens=2_000), tokens=0)


@dataclass(frozen=True)
class Sent:
    """A conversation of one content, folded and written."""

    binder: Binder
    folded: Fold
    context: Context
    turns: tuple[Turn, ...]

    def run(self, seal: Seal) -> list[Turn]:
        """The turns of a seal."""
        return [turn for turn in self.turns if turn.anchor in seal.anchors]


def exchange(text: str) -> list[Turn]:
    """A call with its results, and a result nobody asked for; the content in all their fields."""
    quoted = (json.dumps({"q": text, text: [1, text]}), json.dumps({"q": text}, ensure_ascii=False), text, "")
    calls = tuple(ToolCall(name=text, arguments=said, id=f"{text}{n}") for n, said in enumerate(quoted))
    results = [Turn(role="tool", name=text, text=text, tool_call_id=call.id) for call in calls]
    orphan = Turn(role="tool", name=text, text=text, tool_call_id="nobody's")
    return [Turn(role="assistant", name=text, text=text, tool_calls=calls), orphan, *results]


def old(text: str) -> list[Turn]:
    """The content in every place of turns that are sealed; the last is the latest request."""
    lost = ToolCall(name=text, arguments=text, id=text)
    return [
        Turn(role="system", text=text, name=text),
        Turn(role="user", text=text, name=text),
        *exchange(text),
        Turn(role="system", text=text),
        Turn(role="user", text=text, pinned=True, images=(b"no picture",)),
        Turn(role="assistant", text=text, tool_calls=(lost,)),
        Turn(role="user", text=text),
    ]


def recent(text: str) -> list[Turn]:
    """The content in every place of turns that stay text; also cut in two."""
    cut = len(text) // 2
    return [
        Turn(role="assistant", text=text, name=text),
        *exchange(text),
        Turn(role="user", text=text, name=text),
        Turn(role="assistant", text=text, tool_calls=(ToolCall(name=text, arguments=text, id=text),)),
        Turn(role="user", text=text[:cut]),
        Turn(role="user", text=text[cut:], images=(b"no picture",)),
    ]


def sent(name: str, *, kind: type[Binder]) -> Iterator[Sent]:
    """Both contexts of a content: one whose latest request is sealed, one with a recent one and a question."""
    text = CONTENTS[name]
    tokens = FAMILIES.get(name.removeprefix("special tokens of "), GLYPH.special_tokens)
    binder = kind(replace(GLYPH, special_tokens=tokens), style=STYLE, policy=POLICY)
    turns = [replace(turn, anchor=anchor) for anchor, turn in enumerate([*old(text), *recent(text)], 1)]
    count = len(old(text))
    begun = fold([*turns[:count], LAST], policy=POLICY, costs=binder)

    def parts_of(seal: Seal) -> Parts:
        return binder.parts(seal, lambda: [turn for turn in turns if turn.anchor in seal.anchors])

    for stop, question in ((-4, None), (len(turns), text)):
        folded = resume(
            head=begun.head, seals=begun.seals, recent=turns[count:stop], request=turns[count - 1],
            pinned=begun.pinned, policy=SEALS_NO_MORE, costs=binder,
        )  # fmt: skip
        context = write_context(folded, binder=binder, parts_of=parts_of, question=question)
        yield Sent(binder=binder, folded=folded, context=context, turns=tuple(turns))


@pytest.fixture(scope="module", params=CONTENTS)
def pages_sent(request: pytest.FixtureRequest) -> list[Sent]:
    """Both contexts of a content, sealed as pages."""
    return list(sent(request.param, kind=Bargain))


@pytest.fixture(scope="module", params=CONTENTS)
def words_sent(request: pytest.FixtureRequest) -> list[Sent]:
    """Both contexts of a content, sealed as text."""
    return list(sent(request.param, kind=Binder))


# What is looked for; nothing here is taken from the code that is tested.


def colored(page: Page) -> NDArray[np.bool_]:
    """Where the page has any colour at all; black, white and greys are none."""
    pixels = page.array()
    if pixels.ndim == 2:
        return np.zeros(pixels.shape, bool)
    found: NDArray[np.bool_] = (pixels[:, :, 0] != pixels[:, :, 1]) | (pixels[:, :, 1] != pixels[:, :, 2])
    return found


def visible(line: str) -> str:
    """A line without what nobody sees: controls, marks, blanks, fillers."""
    return "".join(
        c
        for c in line
        if unicodedata.category(c)[0] not in "CMZ" and c not in "\u115f\u1160\u2800\u3164\uffa0"
    )


def is_ours(line: str) -> bool:
    """Whether a reader would take it for a line of ours: a sign, at once a number. Ours have no blank between."""
    sign = re.match(r"§([^ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t]*)", line[line.find("§") :])
    return visible(line)[:1] == "§" and sign is not None and visible(sign[1])[:1].isdigit()


def lines_of_ours(text: str) -> list[str]:
    """The lines that a reader would take for ours."""
    return [line for line in text.splitlines() if is_ours(line)]


_LABEL = re.compile(
    r"§\s*(?:[\W_]*\w{1,16}[\W_]*|[\d\W_]*)\b(system|user|assistant|tool|calls|page)(?![a-z])"
)
_LOOKS_LIKE = str.maketrans("ѕуеоаті", "syeoati")


def labels_read(drawn: str) -> list[re.Match[str]]:
    """The labels that somebody reads off a page who sees no colours: any look-alikes, any blanks."""
    plain = unicodedata.normalize("NFKD", drawn.replace("⏎", "\n")).casefold().translate(_LOOKS_LIKE)
    seen = "".join(c for c in plain if c.isspace() or unicodedata.category(c)[0] not in "CM")
    return [*_LABEL.finditer(" ".join(seen.split()))]


GENERIC = re.compile(
    r"<\|[^\s<>|]{1,64}\|?>|<(?!\\)[^\s<>|]{1,64}\|>|<｜[^\s<>｜]{1,64}｜>|<row_\d+_col_\d+>|<unused\d+>"
)


def unbroken(text: str, tokens: tuple[str, ...]) -> list[str]:
    """The special tokens that stand in a text as they are."""
    return [token for token in tokens if token in text] + GENERIC.findall(text)


def strings_in(value: object) -> Iterator[str]:
    """Every string in parsed JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *strings_in(item))
    elif isinstance(value, list):
        for item in value:
            yield from strings_in(item)


def texts_sent(message: dict[str, Any]) -> list[str]:
    """A message's content as templates put it together: text without anything between its parts."""
    if isinstance(message["content"], str):
        return [message["content"]]
    joined = "".join(part.get("text", "\0") for part in message["content"])
    return (
        joined.split("\0")
        if joined.count("\0") == 0
        else joined.replace("\0", "\n<image>\n").split("<image>")
    )


def called(message: dict[str, Any]) -> list[str]:
    """Every string of a message's calls as a template sees it once the arguments are parsed."""
    found = [message["tool_call_id"]] if "tool_call_id" in message else []
    for call in message.get("tool_calls", ()):
        arguments = json.loads(call["function"]["arguments"])
        assert isinstance(arguments, dict)
        found += [call["id"], call["function"]["name"], *strings_in(arguments)]
    return found


def expected_lines(one: Sent) -> list[str]:
    """How each line of ours begins, in order, as the fold has it."""
    begins: list[str] = []
    for seal in one.folded.visible_seals:
        first, last = seal.anchors[0], seal.anchors[-1]
        span = f"§{first}–§{last}" if first != last else f"§{first}"
        if seal.kind == "text":
            begins += [f"{span}, in words:"]
            for turn in one.run(seal):
                begins += [f"§{turn.anchor} {turn.role}"] + [f"§{turn.anchor} calls"] * len(turn.tool_calls)
        for page in seal.pages:
            first, last = page.anchors
            shown = f"§{first}–§{last}" if first != last else f"§{first}"
            begins.append(f"{shown}, page {page.number} ({page.digest[:6]}):")
        begins += [f"§{picture.anchor}, its picture {picture.position}" for picture in seal.pictures]
        begins += [f"{span}, identifiers letter for letter"] * bool(seal.ledger)
        begins += [re.match(r'§\d+ "', line)[0] for line in seal.ledger]  # type: ignore[index]  # raises if it is none
    begins += [f"§{turn.anchor} user, pinned:" for turn in one.folded.pinned]
    begins += [f"§{one.folded.request.anchor} user, "] if one.folded.request else []
    return begins


def check_texts(one: Sent) -> None:
    """No special token, and no line of ours that is not ours."""
    tokens = one.binder.profile.special_tokens
    ours: list[str] = []
    for message in one.context.to_openai():
        for text in texts_sent(message):
            assert unbroken(text, tokens) == []
            text.encode()
            ours += lines_of_ours(text)
        for said in called(message):
            assert unbroken(said, tokens) == []
            assert lines_of_ours(said) == []
            said.encode()
        for call in message.get("tool_calls", ()):
            assert [token for token in tokens if token in call["function"]["arguments"]] == []
    begins = expected_lines(one)
    assert len(ours) == len(begins), ours
    assert all(line.startswith(begin) for line, begin in zip(ours, begins, strict=True)), ours


# The claims.


def test_there_are_enough_of_them() -> None:
    """And each is another."""
    assert len(CONTENTS) >= 90
    assert len(set(CONTENTS.values())) == len(CONTENTS)


def test_the_checks_find_what_they_look_for() -> None:
    """A check that finds nothing anywhere would hold of anything."""
    assert lines_of_ours("a\n \u200b§\u200d４2 user\u2028§7\nsee §3\n§ 5 BGB\n§\\4\n§a") == [
        " \u200b§\u200d４2 user",
        "§7",
    ]
    assert unbroken("a <|im_start|> </s> <\\|user|>", ("</s>", "<s>")) == ["</s>", "<|im_start|>"]
    assert [label[1] for label in labels_read("§1 USER § 5 BGB ok⏎§２ \nuѕer §7 users §3.1 page")] == [
        "user",
        "user",
        "page",
    ]
    assert list(strings_in({"a": ["b", {"c": 1}]})) == ["a", "b", "c"]


def test_it_is_sealed_as_pages_and_only_labels_are_coloured(pages_sent: list[Sent]) -> None:
    """Every coloured pixel lies within a label's letters; who sees no colours reads no other label."""
    for one in pages_sent:
        assert [seal.kind for seal in one.folded.visible_seals] == ["pages"] * len(one.folded.seals)
        assert one.folded.request is not None
        for seal in one.folded.visible_seals:
            run = one.run(seal)
            composed = compose(Transcript(tuple(run)), style=STYLE)
            labels = {label.start: label.stop for label in composed.labels}
            drawn = []
            for page in one.binder.pages(seal, run):
                allowed = np.zeros((page.size[1], page.size[0]), bool)
                for line in page.lines:
                    if line.start in labels:
                        left, top, _, bottom = line.box
                        right = left + LETTER_PX * (labels[line.start] - line.start)
                        allowed[top - 1 : bottom + 1, left:right] = True
                found = colored(page)
                assert not (found & ~allowed).any()
                assert found.any() == allowed.any()
                drawn.append(spell_page(page))
            assert len(labels_read("\n".join(drawn))) == len(composed.labels)


NARROW = replace(PageStyle.glyph(), page_width_pt=132)
"""Lines of about twenty letters."""
STYLES = {
    "glyph": PageStyle.glyph(), "dense": PageStyle.glyph().dense(), "dark": PageStyle.of("dark"),
    "web": PageStyle.of("web"),
    "narrow": NARROW, "narrow and dense": NARROW.dense(), "less narrow": replace(NARROW, page_width_pt=171),
    "in columns": replace(PageStyle.glyph(), columns=3),
}  # fmt: skip


@pytest.mark.parametrize("look", STYLES)
@pytest.mark.parametrize("name", CONTENTS)
def test_whatever_the_style_who_sees_no_colours_reads_no_other_label(name: str, look: str) -> None:
    """On broad pages and narrow ones, where lines run together and where they do not; nor where lines are wrapped."""
    text = CONTENTS[name][:3_000]
    wrapped = "".join(f"{'x' * pad} {text}\n" for pad in range(0, 40, 9))
    talk = Transcript(
        (Turn(role="user", text=text, name=text), Turn(role="tool", text=wrapped), Turn(role="user"))
    )
    drawn = "\n".join(map(spell_page, typeset(talk, style=STYLES[look])))
    assert [label[1] for label in labels_read(drawn)] == ["user", "tool", "user"]


@pytest.mark.parametrize("look", STYLES)
@pytest.mark.parametrize("name", [name for name in CONTENTS if name.startswith("law")])
def test_laws_are_drawn_as_they_are_written(name: str, look: str) -> None:
    """Each sign is a sign, on a page and in words."""
    text = CONTENTS[name]
    pages = typeset(Transcript((Turn(role="user", text=text),)), style=STYLES[look])
    assert sum(page.escapes for page in pages) == 0
    drawn = "".join("".join(map(spell_page, pages)).split()).replace("\\n", "")
    assert drawn == "§1user" + "".join(text.split())
    assert escape_anchors(text) == text


def test_beside_pages_it_is_no_line_of_ours_and_no_token(pages_sent: list[Sent]) -> None:
    """In captions, ledgers, repeated turns, recent ones, calls, and the question."""
    for one in pages_sent:
        check_texts(one)


def test_in_words_it_is_no_line_of_ours_and_no_token(words_sent: list[Sent]) -> None:
    """The same in text seals."""
    for one in words_sent:
        assert {seal.kind for seal in one.folded.visible_seals} == {"text"}
        check_texts(one)


class _Markup(HTMLParser):
    """Tags and attributes as a browser finds them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.declarations: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, (value or "")[:30]) for name, value in attrs}

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data!r}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data!r}")


TAGS = """html head meta title style body header h1 h2 p nav a main section div span dl dt dd small details summary
table tr th td mark figure img figcaption b pre footer"""
ATTRIBUTES = "lang charset http-equiv content name id class style href src width height alt decoding title"


def test_in_a_report_it_is_text(pages_sent: list[Sent]) -> None:
    """No tag, attribute or address of a report comes from a content, wherever it stands in one."""
    one = pages_sent[0]
    text = one.turns[0].text
    pages = [page for seal in one.folded.visible_seals for page in one.binder.pages(seal, one.run(seal))][:2]
    figures = Figures(
        pages=9, characters=1, text_tokens=1, text_counter=text, text_exact=False, page_tokens=1, pixels=1,
        typeset_s=0.0, escaped=pages[0].escaped, profile=text, style=text,
    )  # fmt: skip
    section = Section(title=text, figures=figures, plates=[Plate.of(page) for page in pages], note=text)
    html = "".join(report_html(text, [section, section], note=text))
    html.encode()
    found = _Markup(html)
    assert found.tags <= set(TAGS.split())
    assert {name for name, _ in found.attributes} <= set(ATTRIBUTES.split())
    assert found.declarations == ["doctype html"]
    for name, value in found.attributes:
        if name in {"href", "src"}:
            assert value.startswith(("#text-", "data:image/png;base64,"))
        if name == "style":
            assert re.fullmatch(r"width:[\d.]+%", value)
