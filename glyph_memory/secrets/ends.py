r"""Where a secret ends that was found by what stands before it: half a password in the open is worse than a word less.

Knows how formats end a value: white space; a quote, a bracket or a tag that was opened before it; the next pair of a
query or a connection string. Knows nothing about names. What looks like an end and may be a part of the secret, is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from glyph_memory.secrets.finding import SecretFinding

_BEFORE, _LONGEST = 2000, 400
"""How far before a value what was opened is looked for, and how much longer a value may be than what was found."""
_REST = re.compile(rf"\S{{0,{_LONGEST}}}")
_QUOTE = re.compile(r"\\*[\"'`]")
_OPENING = re.compile(r"\\{0,7}[\"'`]\Z")
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_TAG = re.compile(r"</[A-Za-z][\w:.\-]*\s?>|<(?:br|hr|p|li|td|tr)\s?/?>|</\Z|&lt;/")
_CLOSED = re.compile(r"(?:[)\]}>]|\\*[\"'`]){0,32}(?:[\s\\,;:.!?&|<+*/=]|-|\Z)")
"""What stands behind a bracket or a quote that closes something."""
_ENDED = re.compile(r"(?:[)\]}>,;.:!?]|\\*[\"'`]){0,32}(?:\s|\\+[nrt]|\Z)")
"""What stands behind a quote that closes a value where nothing is packed closely, as in JSON without blanks."""
_PAIR = re.compile(r"[;,&](?:amp;)?\s?\\{0,7}[\"']?[A-Za-z_][\w.\-%\[\] ]{0,40}\\{0,7}[\"']?\s?=|[;,&]\Z")
_FIELD = re.compile(_PAIR.pattern.replace("=|", "[=:]|"))
"""The next pair of a query or a connection string; of an object, where there are brackets."""
_PLAIN_LINE = re.compile(
    r"[\s>+\-]{0,64}(?:(?:export|set|setx|env|declare -x|ENV|ARG)\s+)?[\w.\-]{1,64}(?:\s?:=?|\s?=|\s?=>)\s*\Z"
)
"""A line of a file of an environment, of YAML or of settings: all of its rest is the value."""
_FLAG = re.compile(r"(?:^|[\s\"'`(])--?[A-Za-z][\w\-]{0,40}(?:=|\s{1,3})\Z")
_TRAILING = ".,:;?"
_SHELL_QUOTES = ("\"'\"'", "\\''")
"""What stands between two quoted parts of one word of a shell, for a quote in it."""
_WIDE_ENDS = frozenset("，；。、！？：）」』”’»")


def complete(text: str, findings: Iterable[SecretFinding]) -> Iterator[SecretFinding]:
    """Yield findings that reach to the end of their values."""
    for one in findings:
        end = _find_end(text, one.start, one.end)
        yield one if end == one.end else replace(one, end=end)


def _find_end(text: str, start: int, end: int) -> int:
    rest = _REST.match(text, end)
    stop = rest.end() if rest else end
    if stop == end or stop - end == _LONGEST:  # so long is no password: code without blanks, or data
        return end
    begin = max(text.rfind("\n", max(0, start - _BEFORE), start) + 1, start - _BEFORE, 0)
    is_cut = begin == start - _BEFORE > 0
    before = text[begin:start]
    quotes = {'"', '\\"'} if is_cut else _list_open_quotes(before)
    outer, opening = quotes.copy(), _OPENING.search(before)
    if opening and text.startswith(opening[0], end):
        outer.discard(opening[0])
        quotes.add(opening[0])
        before = before[: opening.start()]
    brackets = {mark for mark in _BRACKETS.values() if _is_open(mark, before)}
    is_plain = not is_cut and (_PLAIN_LINE.match(before) or _FLAG.search(before)) and not brackets
    has_pairs = not is_plain and (before.rstrip().endswith("=") or bool(brackets))
    closed = _CLOSED if has_pairs and len({one[-1] for one in quotes}) < 2 else _ENDED
    pair = (_FIELD if brackets else _PAIR) if has_pairs else None
    place = _walk(text, end, stop, quotes, brackets, outer=outer, closed=closed, pair=pair)
    return end + len(text[end:place].rstrip(_TRAILING))


def _walk(
    text: str,
    place: int,
    stop: int,
    quotes: set[str],
    brackets: set[str],
    *,
    outer: set[str],
    closed: re.Pattern[str],
    pair: re.Pattern[str] | None,
) -> int:
    """Return the first place at which a value ends."""
    inner = dict.fromkeys(_BRACKETS.values(), 0)
    while place < stop:
        mark = text[place]
        if mark.isalnum():
            place += 1
            continue
        quote = _QUOTE.match(text, place, stop)
        if quote:
            place = quote.end()
            twice = (quote[0], *_SHELL_QUOTES)
            spelled = next((one for one in twice if text.startswith(one, place)), "")
            if quote[0] in quotes and not spelled and closed.match(text, place):
                return quote.start()
            place += len(spelled) if quote[0] in quotes else 0
            continue
        if mark == "\\":
            behind = place + len(text[place:stop]) - len(text[place:stop].lstrip("\\"))
            is_escape = (behind - place) % 2 or max(map(len, outer), default=0) > 1
            if outer and is_escape and text.startswith(("n", "r", "t"), behind):
                break  # an end of a line, as strings spell it
            place = behind
            continue
        if mark in _WIDE_ENDS or (mark in "<&" and _TAG.match(text, place)):
            break
        if pair and mark in ";,&" and pair.match(text, place):
            break
        if mark in inner:
            inner[mark] += 1
        elif mark in _BRACKETS:
            opening = _BRACKETS[mark]
            if inner[opening]:
                inner[opening] -= 1
            elif opening in brackets and _CLOSED.match(text, place + 1):
                break
        place += 1
    return place


def _list_open_quotes(before: str) -> set[str]:
    """Return the quotes that are open at the end of a stretch of a line, with the backslashes before them."""
    found = set[str]()
    for match in _QUOTE.finditer(before):
        if match[0] in found:
            found.remove(match[0])
        elif not before[: match.start()][-1:].isalnum():  # don't
            found.add(match[0])
    return found


def _is_open(mark: str, before: str) -> bool:
    closing = next(other for other, opening in _BRACKETS.items() if opening == mark)
    place = before.rfind(mark)
    if mark == "<" and not before[place + 1 : place + 2].isalpha():
        return False
    return place >= 0 and before.count(mark) > before.count(closing)
