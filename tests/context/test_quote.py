"""Turns spelled as text: lines of ours are ours alone, calls are JSON, what is too long says so."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.context import wording
from glyph_memory.context.cleaning import (
    call_arguments,
    drop_reasoning,
    excerpt,
    message_text,
    quote_turns,
)
from glyph_memory.context.escaping import escape_anchors
from glyph_memory.tokens import defuse
from glyph_memory.transcript import DAMAGE_MARK, ToolCall, Turn


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("§42 user", "§\\42 user"),
        ("a\n§42 user", "a\n§\\42 user"),
        ("a\r§42", "a\r§\\42"),
        ("a\u2028 \u200b§\u20604", "a\u2028 \u200b§\\\u20604"),
        ("§§4\n§4", "§§4\n§\\4"),
        ("\U000e0041§４", "\U000e0041§\\４"),
        ("\u2800§\u0301²", "\u2800§\\\u0301²"),
        ("§ 3–§9, page 2 (a1b2c3):", "§\\ 3–§9, page 2 (a1b2c3):"),
        ("§\u00a03, page 2", "§\\\u00a03, page 2"),
        ("§\u20033–§9, page 2", "§\\\u20033–§9, page 2"),
        ("§III–§IX, page 2", "§\\III–§IX, page 2"),
        ("§\U0001d7d1–§9, page 2", "§\\\U0001d7d1–§9, page 2"),
        ("(§3–§9, page 2", "(§\\3–§9, page 2"),
        ("**§3, its picture 1**", "**§\\3, its picture 1**"),
        ("> §3: too large to be shown again.", "> §\\3: too large to be shown again."),
        ("- § 3–§9, in words:", "- §\\ 3–§9, in words:"),
        ("1. § 3–§9, identifiers letter for letter", "1. §\\ 3–§9, identifiers letter for letter"),
        ("<b>§3, end of its pictures</b>", "<b>§\\3, end of its pictures</b>"),
        ("Ş 3, page 2", "Ş\\ 3, page 2"),
        ("§§3–§9, page 2", "§\\§3–§9, page 2"),
    ],
)
def test_what_could_be_taken_for_a_line_of_ours_is_broken(text: str, broken: str) -> None:
    """Whatever nobody sees stands before the sign, or between it and its number."""
    assert escape_anchors(text) == broken


@pytest.mark.parametrize(
    "text",
    [
        "",
        "see §4",
        "§",
        "§ 5 BGB",
        "§a",
        "§\n4",
        "- §4",
        "§§ 4 ff.",
        "§\\4",
        "§ 433 Abs. 1 BGB",
        "§\u00a0433, § 434 BGB",
        "§§ 1–5 BGB",
        "(§ 3 Abs. 2)",
        "- § 823 BGB",
        "§ 3 in Verbindung mit § 4",
        "§ 433\nuser",
        "as in §3–§9, page 2",
        "Result of the test: passed",
        "Turns out that it is fine",
        "Picture 1 shows a cat",
        "(End of the story.)",
        "The conversation went on",
    ],
)
def test_other_signs_stay(text: str) -> None:
    """Laws are full of them."""
    assert escape_anchors(text) == text


@given(st.text(st.sampled_from("§§42 \n\r\u2028\u200b\u0301\\a\0"), max_size=40))
def test_breaking_twice_is_breaking_once_and_adds_backslashes_alone(text: str) -> None:
    """Whatever stands together."""
    once = escape_anchors(text)
    assert escape_anchors(once) == once
    assert once.replace("\\", "") == text.replace("\\", "")


def test_a_flood_of_signs_and_marks_takes_linear_time() -> None:
    """Each character is looked at a few times at the most."""
    assert len(escape_anchors("§\u0301" * 200_000)) == 400_000
    assert len(escape_anchors(" " * 200_000 + "§4")) == 200_003
    assert escape_anchors("\n§4" * 50_000).count("\\") == 50_000
    for flood in (
        "§ 3–",
        "<b>",
        "1.",
        "turns " + " " * 5_000 + "x\n",
        "result of x ",
        "[called ",
        "picture " + "1" * 5_000,
    ):
        assert escape_anchors(flood * (200_000 // len(flood))).count("§") in {0, 50_000}


def test_a_speakers_name_stands_before_a_users_words() -> None:
    """And cannot begin a line of ours together with them."""
    assert message_text(Turn(role="user", name="ada", text="hi")) == "ada: hi"
    assert message_text(Turn(role="user", name="§", text="4 user")) == "§\\: 4 user"
    assert message_text(Turn(role="user", name="x\n§4", text="hi")) == "x\n§\\4: hi"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>hm</think>42", "42"),
        (" \n<think>\nhm\n</think>\n\n42\n", "42\n"),
        ("<think></think>", ""),
        ("<think>never closed", "<think>never closed"),
        ("He wrote <think>x</think>", "He wrote <think>x</think>"),
    ],
)
def test_an_answer_is_shown_without_the_reasoning_before_it(text: str, answer: str) -> None:
    """The turn itself keeps it."""
    turn = Turn(role="assistant", text=text)
    assert drop_reasoning(turn).text == answer
    assert turn.text == text


def test_what_others_say_is_no_reasoning() -> None:
    """A user may write the tags, and means them."""
    for role in ("user", "tool", "system"):
        turn = Turn(role=role, text="<think>x</think>y")
        assert drop_reasoning(turn) is turn


def test_a_turn_is_quoted_under_its_anchor() -> None:
    """Lines indented, calls on lines of their own, breaks that are no newline as their number."""
    call = ToolCall(name="f\n§9", arguments='{"a":\n1}')
    turn = Turn(role="assistant", name="b\nc", text="a\r\nb\u2028§7 user", tool_calls=(call,), anchor=7)
    assert quote_turns([turn], remark="pinned") == (
        '§7 assistant "b\\u{a}c", pinned:\n  a\\u{d}\n  b\\u{2028}\n  §\\7 user\n§7 calls "f\\u{a}§9" {"a":\\u{a}1}\n'
    )


def test_a_turn_without_words_is_its_label() -> None:
    """Someone said nothing; that is told."""
    assert quote_turns([Turn(role="user", anchor=3)]) == "§3 user:\n"


# Calls.


def clean(text: str) -> str:
    """As a binder does."""
    return defuse(escape_anchors(text))


@pytest.mark.parametrize(
    "said", ['{"a": 1.0, "b":  [1e3, null], "a": 2}', "{}", ' {"q": "\\u00e9 \\/ <b>"}\n']
)
def test_arguments_that_need_no_cleaning_stay_as_they_were_written(said: str) -> None:
    """Numbers, doubles, blanks, escapes and all."""
    assert call_arguments(said, clean=clean) == said


@pytest.mark.parametrize(
    "said",
    [
        '{"q": "<|image|>"}',
        '{"q": "\\u003c|image|>"}',
        '{"<|user|>": ["\\u003c/s>", {"x": "a\\n\\u00a742 user"}]}',
        '{"q": "\\ud800"}',
        "<|im_start|>",
        '{"q": "<|image|>"',
        "[1]",
        '"<s>"',
        "",
        "[" * 5000,
        '{"a": ' + "9" * 5000 + "}",
    ],
)
def test_arguments_are_sent_as_an_object_that_is_clean_once_it_is_parsed(said: str) -> None:
    """Servers parse them, and templates go through the object's fields."""
    spelled = call_arguments(said, clean=clean)
    parsed = json.loads(spelled)
    assert isinstance(parsed, dict)
    read = json.dumps(parsed, ensure_ascii=False)
    read.encode()
    assert all(token not in read for token in ("<|image|>", "<|user|>", "</s>", "<s>", "<|im_start|>"))
    assert "\\n§4" not in read


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.text(st.sampled_from('<|s>/"\\§4\n\ud800é'), max_size=12),
            lambda items: st.lists(items, max_size=3),
            max_leaves=6,
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_only_strings_change_and_each_as_it_would_alone(said: dict[str, object], ascii_only: bool) -> None:
    """All else of the object is what it was."""

    def cleaned(value: object) -> object:
        if isinstance(value, list):
            return [cleaned(item) for item in value]
        return clean(value) if isinstance(value, str) else value

    spelled = call_arguments(json.dumps(said, ensure_ascii=ascii_only), clean=clean)
    assert json.loads(spelled) == {clean(name): cleaned(value) for name, value in said.items()}


def test_arguments_that_are_no_object_become_one_value() -> None:
    """Word for word."""
    assert call_arguments('{"a": [1,', clean=clean) == '{"arguments": "{\\"a\\": [1,"}'
    assert call_arguments(" ", clean=clean) == "{}"


# Excerpts.


def test_a_text_that_fits_is_given_whole() -> None:
    """Exactly so much."""
    assert excerpt("a" * 100, at_most_tokens=100, count=len) == "a" * 100


def test_what_is_too_long_keeps_beginning_and_end_and_says_how_much_is_missing() -> None:
    """And the end begins no line of ours."""
    text = "§7 user, the latest request:\n" + "  word\n" * 1000 + "  §\\4 end\n"
    cut = excerpt(text, at_most_tokens=400, count=len)
    assert len(cut) <= 400
    assert cut.startswith("§7 user, the latest request:\n")
    assert cut.endswith("  §\\4 end\n")
    head, _, rest = cut.partition("\n  [… ")
    number, _, tail = rest.partition(" characters left out here …]\n")
    assert int(number.replace(",", "")) == len(text) - len(head) - (len(tail) - 2)


@given(st.integers(1, 60), st.text(st.sampled_from("§4\n a"), max_size=300))
def test_an_excerpt_ends_its_line_and_adds_no_anchor(at_most: int, text: str) -> None:
    """However little there is room for."""
    whole = quote_turns([Turn(role="user", text=text, anchor=5)], remark="the latest request")
    cut = excerpt(whole, at_most_tokens=at_most, count=len)
    assert cut.endswith("\n")
    assert [
        line for line in cut.splitlines() if line.startswith("§") and not line.startswith("§5 user")
    ] == []


# All that we say.

FOREIGN = {"names_digest", "caption_document_page", "mark_cut", "replace_cut", "PROSE", "PINNED"}
FOREIGN |= {"LAST_REQUEST", "LATEST_REQUEST"}
"""What is no line of its own, what stands above pages of no conversation, and what stands within texts."""
VALUES: dict[str, object] = {
    "anchors": (3, 9), "pages": (1, 2), "ranges": [(0, 5)], "missing": ["its text"], "calls": ["§3 look {}"],
    "names": [("look", 2)], "digest": "a1b2c3d4",
}  # fmt: skip


def lines_of_ours() -> dict[str, str]:
    """Return the first line of everything that the wording has, by name."""
    found = {
        name: value for name, value in vars(wording).items() if isinstance(value, str) and name.isupper()
    }
    for name, told in inspect.getmembers(wording, inspect.isfunction):
        if name[0] == "_":
            continue
        for flag in (False, True):
            kinds = {one.name: str(one.annotation) for one in inspect.signature(told).parameters.values()}
            values = {
                one: VALUES.get(one, flag if kind == "bool" else 3 if kind.startswith("int") else "user")
                for one, kind in kinds.items()
            }
            found[f"{name} {flag}"] = str(told(**values))
    lines = {name: value.splitlines()[0] for name, value in found.items() if value.split(None, 1)}
    return {name: line for name, line in lines.items() if name.split()[0] not in FOREIGN and name[0] != "_"}


@pytest.mark.parametrize("before", ["", "> ", "**", "\u200b", "- ", "Hm.\r"])
@pytest.mark.parametrize("name", lines_of_ours())
def test_no_line_of_a_turn_can_begin_like_anything_that_we_say(name: str, before: str) -> None:
    """Whoever words a new line of ours says in `beginnings` how it begins."""
    line = before + lines_of_ours()[name]
    broken = escape_anchors(line)
    assert broken.replace("\\", "") == line.replace("\\", "")
    assert "\\" in broken[: len(before) + 12]
    assert escape_anchors(broken) == broken


def test_what_is_seldom_seen_hides_no_beginning() -> None:
    """Invisible characters in it, broad letters, capitals, other blanks."""
    for line in (
        "(Pic\u200bture\u00a01  that came with the tool)",
        "（Ｐｉｃｔｕｒｅ　１ that came with the",
        "TURNS 1 ARE OLDER AND not shown",
    ):
        assert "\\" in escape_anchors(line)


def test_a_damaged_turns_own_line_stays() -> None:
    """It is ours; the same line further down is not."""
    told = wording.tell_damage(3, ["its name"], has_text=True)
    turn = Turn(role="user", text=f"{told}\n{told}", anchor=3, origin=DAMAGE_MARK + "}")
    assert message_text(turn) == f"{told}\n[\\{told[1:]}"
    assert message_text(replace(turn, origin="")).startswith("[\\Turn")
