"""Identifiers are found whole, in any kind of text, and words are left alone."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.ledger import IdentifierKind, find_identifiers
from glyph_memory.testing import agent_conversation

KNOWN: dict[IdentifierKind, list[str]] = {
    "uuid": ["550e8400-e29b-41d4-a716-446655440000", "F9DA8654-3F8D-4EF3-95A5-2C88B1E7B99B"],
    "hash": [
        "5c2a3ce",
        "5c2a3ce7a5d69f871f8ba3a10d9488a021c735a7",
        "d41d8cd98f00b204e9800998ecf8427e",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "0x7ffeab12",
        "de:ad:be:ef:00:11",
    ],
    "key": [
        "sk-proj-abc123DEF456ghi789",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "dGhpcyBpcyBhIHRlc3Q=",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "ABCD-EFGH-1234",
        "ORD-482913-K",
        "JIRA-123",
        "DE89 3704 0044 0532 0130 00",
    ],
    "url": [
        "https://example.com/a?b=1&c=%20#d",
        "https://en.wikipedia.org/wiki/Glyph_(data)",
        "postgresql+psycopg://app@db-7.internal:5432/shop",
        "http://[2001:db8::1]:8080/x",
        "[2001:db8::1]:443",
        "2001:db8:0:1::17",
        "10.0.0.12",
        "10.0.0.12:8080",
        "payments-3.internal:8443",
        "redis:6379",
        "api.example.com",
        "git@github.com:org/repo-7.git",
    ],
    "email": ["ada.lovelace+7@example.co.uk"],
    "path": [
        "/etc/nginx/nginx.conf",
        "~/.ssh/id_rsa",
        "../a/b.txt",
        "src/a/b.py",
        "src/checkout/cache.py:136",
        "tests/test_a.py::test_b",
        "C:\\Users\\me\\new.txt",
        "C:\\Program Files\\App\\app.exe",
        "\\\\server\\share\\a.txt",
        "src\\app\\main.py",
        "config.py",
        ".gitignore",
        "docs/Übersicht.md",
    ],
    "number": [
        "0049-30-5550100",
        "+49 30 5550100",
        "(555) 123-4567",
        "4111 1111 1111 1111",
        "482913",
        "1,234,567.89",
        "12.345,67",
    ],
    "version": ["v1.2.3", "2.0.0-rc1", "3.11.4", "v0.13.x"],
    "date": [
        "2025-03-03",
        "2025-03-03T08:40:37Z",
        "2025-03-03 08:40:37.123 +0100",
        "3 March 2025",
        "March 3, 2025",
        "31.12.2025",
        "03/Mar/2025:08:40:37 +0000",
        "2025年3月3日",
    ],
    "name": [
        "user_id",
        "__init__",
        "getUserById",
        "KeyError",
        "DATABASE_URL",
        "os.path.join",
        "payments-3",
        "--dry-run",
        "--main-color",
        "@scope/pkg@1.2.3",
    ],
}
ALL = [(kind, text) for kind, texts in KNOWN.items() for text in texts]

PROSE = """\
The well-known café was closed, so we walked on (slowly) and talked about this and that...
He said: "Either you or she has to go there today." Nobody answered; everyone looked away.
In 2024 there were 3 of us, then 17, and by the end 1,200 people had come, i.e. 3.5 times as many.
Input/output and client/server are old ideas, e.g. from the 1970s, and/or from the 24-hour shops of the U.S.A.
It's a state-of-the-art, two-year-old design -- not mine, hers! -- which costs about 20% less at 100km.
Why not? Well... because "no" means no. That's the 1st, 2nd or 3rd time he/she asks; it is 24/7 now.
THIS IS LOUD, but it is not code. A mid-1990s song, a 3-year-old child, the top-10 list.
Grüße aus Köln; voilà, c’est la vie. Привет, как дела? Πώς είσαι;
We ran for 500ms, used 16GB and 4k pixels, then 2x more. See pages 1200-1300 of 2020-2024, line 7, column 3, ratio 1/2.
<p>Some <b>bold</b> words</p><br/> and a & b < c > d; x = y + 1, f(x), a[0], {k: v}, #hashtag, @someone.
"""

TEXT = st.text(
    st.characters() | st.sampled_from("aA1_-./\\:@+~#%=()[]{}<>\"' \n\r\x1b\u202e文é0"), max_size=80
)


@pytest.mark.parametrize(("kind", "text"), ALL)
@pytest.mark.parametrize(
    "sentence",
    [
        "{}",
        "Look at {}.",
        "Is it ({}), or not?",
        "“{}”",
        "so: {}; then",
        "请看{}。",
        "文{}文",
        "| {} | x |",
        "**{}**, `{}`",
    ],
)
def test_it_is_found_whole_in_a_sentence(kind: IdentifierKind, text: str, sentence: str) -> None:
    """Punctuation, brackets and letters of other scripts around it do not belong to it."""
    found = find_identifiers(sentence.replace("{}", text))
    assert [(one.kind, one.text) for one in found] == [(kind, text)]


@pytest.mark.parametrize("text", [text for kind, text in ALL if "\\" not in text])
def test_it_is_found_in_arguments_written_as_json(text: str) -> None:
    """Neither quotes nor escaped line breaks hide where it begins."""
    arguments = json.dumps({"a": f"first\n{text}\n\tlast", "b": [text]}, ensure_ascii=False)
    twice = json.dumps({"arguments": arguments}, ensure_ascii=False)
    for written in (arguments, twice):
        assert [(one.text, one.count) for one in find_identifiers(written)] == [(text, 2)]


def test_a_windows_path_in_json_keeps_its_double_backslashes() -> None:
    """What is listed stands in the text as it is listed."""
    found = find_identifiers(json.dumps({"path": "C:\\new\\table.txt", "next": "a\nb"}))
    assert [one.text for one in found] == ["C:\\\\new\\\\table.txt"]


def test_each_is_listed_once_in_order_of_first_mention() -> None:
    """Counts say how often it stands there."""
    found = find_identifiers("ORD-482913-K, then 5c2a3ce, then ORD-482913-K again.")
    assert [(one.text, one.count) for one in found] == [("ORD-482913-K", 2), ("5c2a3ce", 1)]


def test_a_part_of_an_identifier_is_not_listed_apart() -> None:
    """Neither the path of a URL nor the date in a file's name."""
    found = find_identifiers("https://a.example.com/src/pool.py?id=482913 and logs/2025-03-03.log")
    assert [one.text for one in found] == [
        "https://a.example.com/src/pool.py?id=482913",
        "logs/2025-03-03.log",
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("request=52801f35-bde2-4af0-9ad5-4972769845d4", ["52801f35-bde2-4af0-9ad5-4972769845d4"]),
        (
            "[x](http://a.example/b), http://a.example/c,http://a.example/d",
            [f"http://a.example/{c}" for c in "bcd"],
        ),
        ("5c2a3ce..9d8e7f6", ["5c2a3ce", "9d8e7f6"]),
        ("url:https://a.example/b", ["https://a.example/b"]),
        ("error:/var/log/app.log:12:", ["/var/log/app.log:12"]),
        ('"\x1b[31msrc/a.py\x1b[0m"', ["src/a.py"]),
        ("redis:7.2.1@sha256:" + "ab12" * 16, ["7.2.1", "sha256:" + "ab12" * 16]),
        ("total=12345ms", ["12345ms"]),
    ],
)
def test_what_is_joined_is_taken_apart(text: str, parts: list[str]) -> None:
    """Keys and values, links, ranges, colours of a terminal."""
    assert [one.text for one in find_identifiers(text)] == parts


@pytest.mark.parametrize("line", PROSE.splitlines())
def test_ordinary_prose_has_none(line: str) -> None:
    """Words, short numbers, abbreviations, fractions and tags are left alone."""
    assert find_identifiers(line) == ()


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUgAA" * 40,
        "-----BEGIN X-----\n"
        + "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAq7BFUpkGp3+LQmlQ\n" * 9
        + "-----END X-----",
        "a1B2" * 2000,
    ],
    ids=["data", "pem", "endless"],
)
def test_encoded_content_is_no_identifier(text: str) -> None:
    """A picture written as text is not something that anybody quotes."""
    assert find_identifiers(text) == ()


def test_a_list_of_hashes_is_no_encoded_content() -> None:
    """Lines of one length that are all hexadecimal stay."""
    hashes = [f"{number:04x}" * 16 for number in (0xA1B2, 0xC3D4, 0xE5F6)]
    assert [one.text for one in find_identifiers("\n".join(hashes) + "\n")] == hashes


def test_all_that_matters_in_an_agents_history_is_found() -> None:
    """Commits, UUIDs, orders, hosts and paths of four hundred turns, each of them."""
    talk = agent_conversation(turns=400)
    shapes = (
        r"\b[0-9a-f]{40}\b|\b[0-9a-f]{64}\b",
        r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
        r"\bORD-\d{6}-[A-Z]\b",
        r"\b[a-z]+-\d\.internal:\d+\b",
        r"\b(?:src|tests)/[a-z]+/\w+\.py\b(?::\d+|::\w+)?",
        r"\b\d{4}-\d\d-\d\dT[\d:]+Z",
        r"\bOPS-\d+\b",
    )
    for turn in talk:
        texts = [turn.text, *(call.arguments for call in turn.tool_calls)]
        for text in texts:
            wanted = {match[0] for shape in shapes for match in re.finditer(shape, text)}
            assert wanted <= {one.text for one in find_identifiers(text)}


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "a.",
            "-",
            "/",
            "0",
            "(",
            "a_",
            "http://",
            "http://(",
            "a@",
            "::a",
            "1:",
            "\\n",
            "\\",
            "C:\\a ",
            "1 ",
        ),
        *(
            "0000 ",
            "[a:",
            "1,000",
            "data:x;",
            "+1 ",
            "(12) ",
            "Mar 1 ",
            "{",
            "\ud800",
            "\x1b[1",
            "aaA",
            "A",
            "v1.",
        ),
        "A" * 60 + "\n",
    ],
)
@pytest.mark.parametrize("run", [1, 300, 3000, 100_000])
def test_no_input_keeps_it_busy(unit: str, run: int) -> None:
    """Runs made to send a backtracking pattern astray are read like any other text."""
    text = (unit * max(1, run // len(unit)) + "-é!-_ ") * max(1, 100_000 // max(run, len(unit)))
    assert all(one.text in text for one in find_identifiers(text))


@given(TEXT)
def test_what_is_found_stands_in_the_text(text: str) -> None:
    """Verbatim, as often as counted, on one line, with nothing in it that cannot be seen."""
    found = find_identifiers(text)
    assert len({one.text for one in found}) == len(found)
    for one in found:
        assert text.count(one.text) >= one.count >= 1
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in one.text)


@given(st.lists(st.sampled_from([text for _, text in ALL]), max_size=6))
def test_finding_is_the_same_line_by_line(lines: list[str]) -> None:
    """What stands on one line does not depend on its neighbours."""
    apart = [one.text for line in lines for one in find_identifiers(line)]
    assert [one.text for one in find_identifiers("\n".join(lines))] == list(dict.fromkeys(apart))


HEX = st.text("0123456789abcdef", min_size=7, max_size=64).filter(
    lambda t: not t.isdigit() and not t.isalpha()
)
LABEL = st.from_regex(r"[a-z]{3,9}", fullmatch=True)
NUMBERED = st.tuples(LABEL, st.integers(0, 99)).map(lambda pair: f"{pair[0]}-{pair[1]}")
PLANTED = {
    "uuid": st.uuids().map(str),
    "hash": HEX,
    "email": st.tuples(LABEL, LABEL).map(lambda names: f"{names[0]}@{names[1]}.example.com"),
    "url": st.tuples(NUMBERED, st.integers(1024, 65535)).map(lambda pair: f"{pair[0]}.internal:{pair[1]}"),
    "path": st.lists(LABEL, min_size=2, max_size=5).map(lambda names: "/".join(names) + ".py"),
    "number": st.integers(10_000, 10**15).map(str),
    "version": st.tuples(*[st.integers(0, 99)] * 3).map(lambda numbers: "v" + ".".join(map(str, numbers))),
    "date": st.datetimes(datetime(1900, 1, 1), datetime(2099, 1, 1)).map(lambda time: time.isoformat()),
    "name": st.tuples(LABEL, LABEL).map("_".join),
    "key": st.integers(100_000, 999_999).map(lambda number: f"ORD-{number}-K"),
}


@given(st.sampled_from(sorted(PLANTED)).flatmap(lambda kind: st.tuples(st.just(kind), PLANTED[kind])))
def test_whatever_is_planted_in_prose_is_found(planted: tuple[str, str]) -> None:
    """Of every kind, alone among words."""
    kind, text = planted
    found = find_identifiers(f"I looked at {text}, then went home. (It was {text}.)")
    assert [(one.kind, one.text, one.count) for one in found] == [(kind, text, 2)]
