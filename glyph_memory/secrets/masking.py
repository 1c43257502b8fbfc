"""Put handles in the place of secrets: `[secret aws-key 3f9a1c2b]`, the same for equal secrets under one key.

Knows texts, and JSON, whose strings are masked inside so that it stays JSON; knows nothing about turns.
"""

from __future__ import annotations

import hmac
import json
import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from glyph_memory.errors import TurnError
from glyph_memory.secrets.finding import SecretFinder, SecretFinding, merge_findings

HANDLE = re.compile(r"\[secret [a-z0-9\-]{1,40} [0-9a-f]{8}\]")
"""What stands in a secret's place. Eight digits: among a thousand secrets of a store, one pair in eight thousand
stores looks equal and is not."""
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NUMBER = re.compile(r"-?\d[\d.eE+\-]*+")
_SPELLING = re.compile(r"\\+[nrt]|[^A-Za-z0-9+/=]")
_SPELLED_FREELY = frozenset({"private-key", "card", "iban"})
"""Kinds whose spaces, dashes and line ends say nothing."""
_DEPTH, _ROUNDS = 4, 4
PROCESS_KEY = os.urandom(32)
"""Handles are made with it where there is no other key."""


class FoundSecret(NamedTuple):
    """A secret as it was found; it is never kept."""

    kind: str
    secret: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MaskedText:
    """A text with handles."""

    text: str
    """The text, with a handle in each secret's place."""
    found: tuple[FoundSecret, ...] = ()
    """What was found, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Masker:
    """Masks texts."""

    finder: SecretFinder
    """Says where secrets stand."""
    key: bytes
    """Handles are made with it: whoever has not got it cannot try secrets against a handle."""

    def make_handle(self, found: FoundSecret) -> str:
        """Return what stands in a secret's place; equal secrets have equal digits, whatever they were taken for."""
        kind = re.sub(r"[^a-z0-9]+", "-", found.kind.lower()).strip("-")[:40] or "unknown"
        secret = _SPELLING.sub("", found.secret) if found.kind in _SPELLED_FREELY else found.secret
        digest = hmac.new(self.key, secret.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
        return f"[secret {kind} {digest[:8]}]"

    def mask(self, text: str) -> MaskedText:
        """Return a text with handles; once more is the same.

        Raises:
            TurnError: The finder found something outside the text.
        """
        found = list[FoundSecret]()
        for _ in range(_ROUNDS):  # a handle may part what was one word, so that a secret beside it shows
            masked = self._mask(text, depth=0)
            found += masked.found
            if masked.text == text:
                break
            text = masked.text
        return MaskedText(text=text, found=tuple(found))

    def replace_known(self, text: str, known: Sequence[FoundSecret]) -> MaskedText:
        """Return a text with handles in the place of secrets that were found elsewhere, whatever stands before them."""
        found = list[FoundSecret]()
        for one in known:
            for spelled in dict.fromkeys((one.secret, json.dumps(one.secret, ensure_ascii=False)[1:-1])):
                if spelled in text or spelled.lower() in text.lower():
                    text, count = re.subn(f"(?i){re.escape(spelled)}", self.make_handle(one), text)
                    found += [one] * (count > 0)
        return MaskedText(text=text, found=tuple(found))

    def _mask(self, text: str, *, depth: int) -> MaskedText:
        findings = self._find(text)
        if (
            text.lstrip()[:1] in ("{", "[", '"')
            and depth < _DEPTH
            and (findings or "\\" in text)
            and _is_json(text)
        ):
            return self._mask_json(text, findings, depth=depth)
        return self._replace(text, findings) if findings else MaskedText(text=text)

    def _find(self, text: str) -> tuple[SecretFinding, ...]:
        """Return what is found in a text, in order, without overlaps and without our own handles."""
        found = merge_findings(self.finder.find(text))
        if not found:
            return ()
        if found[0].start < 0 or found[-1].end > len(text) or any(one.start >= one.end for one in found):
            raise TurnError(
                f"{type(self.finder).__name__} found a secret outside its text; a finding's start is below its end, "
                "and both are places in the text"
            )
        handles = [match.span() for match in HANDLE.finditer(text)] if "[secret " in text else []
        return tuple(_leave_out(found, text, handles)) if handles else found

    def _replace(self, text: str, findings: Iterable[SecretFinding]) -> MaskedText:
        pieces, found, end = list[str](), list[FoundSecret](), 0
        for one in findings:
            found.append(FoundSecret(one.kind, text[one.start : one.end]))
            pieces += (text[end : one.start], self.make_handle(found[-1]))
            end = one.end
        return MaskedText(text="".join([*pieces, text[end:]]), found=tuple(found))

    # JSON: what is not masked stays as it is spelled.

    def _mask_json(self, text: str, findings: tuple[SecretFinding, ...], *, depth: int) -> MaskedText:
        literals = [match.span() for match in _LITERAL.finditer(text)]
        escaped = [span for span in literals if "\\" in text[slice(*span)]]
        # All of them at once: a finder costs less on one text than on many.
        decoded = [_decode(text[slice(*span)]) for span in escaped]
        hidden = self._find("\n\0\n".join(decoded)) if escaped else ()
        if not findings and not hidden:
            return MaskedText(text=text)
        inside = dict(zip(escaped, decoded, strict=True))
        pieces, found, end = list[str](), list[FoundSecret](), 0
        for span in literals:
            told = _overlapping(findings, span)
            outside = self._mask_numbers(text, (end, span[0]), findings)
            if span in inside:
                masked = self._mask_decoded(inside[span], text, span, told, look=bool(hidden), depth=depth)
            else:
                own = (_shift(one, span[0] + 1, span[1] - 1) for one in told)
                masked = self._replace(
                    text[span[0] + 1 : span[1] - 1], [one for one in own if one.start < one.end]
                )
                masked = MaskedText(text=f'"{masked.text}"', found=masked.found)
            pieces += (outside.text, masked.text)
            found += (*outside.found, *masked.found)
            end = span[1]
        last = self._mask_numbers(text, (end, len(text)), findings)
        return MaskedText(text="".join([*pieces, last.text]), found=(*found, *last.found))

    def _mask_decoded(
        self,
        decoded: str,
        text: str,
        span: tuple[int, int],
        told: Sequence[SecretFinding],
        *,
        look: bool,
        depth: int,
    ) -> MaskedText:
        """Return a string with escapes, masked; it is spelled anew only if it holds a secret."""
        literal = text[slice(*span)]
        if not told and not look:
            return MaskedText(text=literal)
        whole = next((one for one in told if one.start <= span[0] + 1 and one.end >= span[1] - 1), None)
        masked = MaskedText(text=decoded) if whole else self._mask(decoded, depth=depth + 1)
        if told and not masked.found:  # by what stands before it
            kind = (whole or told[0]).kind
            masked = self._replace(decoded, [SecretFinding(start=0, end=len(decoded), kind=kind)])
        if not masked.found:
            return MaskedText(text=literal)
        return MaskedText(text=json.dumps(masked.text, ensure_ascii=False), found=masked.found)

    def _mask_numbers(
        self, text: str, span: tuple[int, int], findings: Sequence[SecretFinding]
    ) -> MaskedText:
        """Return what stands between strings; a number that is a secret becomes a string."""
        piece, told = text[slice(*span)], _overlapping(findings, span)
        if not told:
            return MaskedText(text=piece)
        found = list[FoundSecret]()

        def mask_number(number: re.Match[str]) -> str:
            own = _overlapping(told, (span[0] + number.start(), span[0] + number.end()))
            if not own:
                return number[0]
            found.append(FoundSecret(own[0].kind, number[0]))
            return f'"{self.make_handle(found[-1])}"'

        return MaskedText(text=_NUMBER.sub(mask_number, piece), found=tuple(found))


def _leave_out(
    findings: Iterable[SecretFinding], text: str, handles: Sequence[tuple[int, int]]
) -> Iterator[SecretFinding]:
    """Yield findings but for those that are handles or parts of them."""
    place = 0
    for one in findings:
        while place < len(handles) and handles[place][1] <= one.start:
            place += 1
        cut = place < len(handles) and handles[place][0] < one.end
        if cut:
            inside = handles[place][0] >= one.start and handles[place][1] <= one.end
            rest = HANDLE.sub("", text[one.start : one.end])
            if not inside or not any(map(str.isalnum, rest)):
                continue
        yield one


def _overlapping(findings: Sequence[SecretFinding], span: tuple[int, int]) -> Sequence[SecretFinding]:
    """Return those findings of an ordered run that reach into a stretch of the text."""
    first = bisect_right(findings, span[0], key=lambda one: one.end)
    last = bisect_left(findings, span[1], key=lambda one: one.start)
    return findings[first:last]


def _shift(one: SecretFinding, start: int, end: int) -> SecretFinding:
    """Return a finding within a part of its text, cut to it."""
    begin, stop = max(one.start, start), min(one.end, end)
    return SecretFinding(start=begin - start, end=stop - start, kind=one.kind)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _decode(literal: str) -> str:
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal[1:-1]
