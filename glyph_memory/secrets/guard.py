"""`SecretGuard`: what is done about secrets in turns and texts: nothing, a warning, a handle, or a refusal.

Plain functions of a turn or a text; knows nothing about stores, pages or frameworks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from glyph_memory.errors import TurnError, warn
from glyph_memory.secrets.finding import SecretFinder
from glyph_memory.secrets.masking import PROCESS_KEY, FoundSecret, MaskedText, Masker
from glyph_memory.secrets.refusal import RefusedSecret, without_locals
from glyph_memory.secrets.rule_finder import RuleFinder
from glyph_memory.transcript import Attachment, ToolCall, Turn

SecretMode = Literal["off", "warn", "mask", "refuse"]
"""What is done about secrets."""

Masking = Callable[[str], MaskedText]

_KNOWN, _KNOWN_LENGTH = 50, 8
"""How many secrets of a turn are looked for in the rest of it, and how long they are at the least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretGuard:
    """Looks for secrets in what is said, before it is stored or drawn.

    Example:
        >>> guard = SecretGuard(mode="mask", key=b"of one store alone, 32 random bytes")
        >>> guard.guard_text("The password is hunter2.")
        'The password is [secret password d3f7fc11].'
    """

    mode: SecretMode = "mask"
    """`off` does nothing; `warn` changes nothing; `mask` puts a handle in a secret's place; `refuse` raises."""
    finder: SecretFinder = field(default_factory=RuleFinder, hash=False)
    """Says where secrets stand. It may be unhashable; guards are hashable all the same."""
    key: bytes | None = field(default=None, repr=False)
    """Handles are made with it. A memory gives its store's own; unless one is given or had, it is made at random for
    the process, and the next process has other handles."""

    def __post_init__(self) -> None:
        if self.mode not in get_args(SecretMode):
            raise TurnError(
                f"secrets={self.mode!r}; give one of {', '.join(map(repr, get_args(SecretMode)))}"
            )
        if not isinstance(self.finder, SecretFinder):
            raise TurnError(f"finder={type(self.finder).__name__} has no method find; give one: find(text)")
        if self.key is not None and not (isinstance(self.key, bytes) and self.key):
            raise TurnError("a guard's key is bytes; give 32 of os.urandom, or None")

    @classmethod
    def of(cls, given: SecretMode | SecretGuard, *, key: bytes | None = None) -> SecretGuard:
        """Return a guard, given itself or its mode alone.

        Args:
            given: A guard or a mode.
            key: Used unless the guard has one of its own.

        Raises:
            TurnError: There is no such mode.
        """
        guard = given if isinstance(given, SecretGuard) else cls(mode=given)
        return replace(guard, key=key) if guard.key is None and key is not None else guard

    @property
    def is_on(self) -> bool:
        """Whether it does anything."""
        return self.mode != "off"

    def mask_text(self, text: str) -> str:
        """Return a text with a handle in the place of each secret, whatever the mode."""
        return self._masker.mask(text).text

    @without_locals
    def guard_text(self, text: str, *, what: str = "the text") -> str:
        """Do what the mode says about a text, and return it.

        Args:
            text: The text.
            what: What to call it in a warning or a refusal.

        Raises:
            TurnError: It holds a secret, and the mode is `refuse`.
        """
        if not self.is_on:
            return text
        masked = self._masker.mask(text)
        kinds = _list_kinds(masked.found)
        if kinds and self.mode == "refuse":
            self._refuse(kinds, what)
        if kinds and self.mode == "warn":
            self.warn(kinds, what)
        return masked.text if self.mode == "mask" else text

    @without_locals
    def guard_turn(self, turn: Turn) -> Turn:
        """Do what the mode says about a turn, and return it; see `examine_turn`.

        Raises:
            TurnError: It holds a secret, and the mode is `refuse`.
        """
        examined, kinds = self.examine_turn(turn)
        if kinds and self.mode == "warn":
            self.warn(kinds, f"a turn of the {turn.role}" if turn.anchor is None else f"§{turn.anchor}")
        return examined

    @without_locals
    def examine_turn(self, turn: Turn) -> tuple[Turn, tuple[str, ...]]:
        """Return a turn as it goes on, and the kinds of secrets that it held; there is no warning.

        Looked at are text, name, ids, calls, attachments and `origin`; pictures are not read. What is found once, and
        has eight characters, is masked in all of the turn, up to fifty secrets. An `origin` that does not hold what was
        masked elsewhere, or holds it in pieces, is left out.

        Raises:
            TurnError: It holds a secret, and the mode is `refuse`.
        """
        if not self.is_on:
            return turn, ()
        masking = _TurnMasking(self._masker)
        masked = masking.mask(turn)
        kinds = _list_kinds(masking.found)
        if kinds and self.mode == "refuse":
            self._refuse(kinds, f"the {turn.role}'s turn")
        return masked if self.mode == "mask" and kinds else turn, kinds

    @staticmethod
    def warn(kinds: Iterable[str], what: str) -> None:
        """Warn of secrets that go on as they are."""
        warn(
            f"{what} holds secrets ({', '.join(kinds)}), which go on as they are; secrets='mask' hides them, "
            "secrets='refuse' raises"
        )

    @staticmethod
    def _refuse(kinds: Iterable[str], what: str) -> None:
        raise RefusedSecret(
            f"{what} holds secrets ({', '.join(kinds)}), and nothing of it is kept; take them out, or give "
            "secrets='mask'"
        )

    @property
    def _masker(self) -> Masker:
        return Masker(finder=self.finder, key=self.key or PROCESS_KEY)


class _TurnMasking:
    """Masks the fields of one turn, and remembers what it found while it does."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self.found: list[FoundSecret] = []

    def mask(self, turn: Turn) -> Turn:
        masked = self._mask_fields(turn, self._masker.mask)
        origin = self._mask_text(turn.origin, self._masker.mask)
        if not self.found:
            return turn
        known = [one for one in dict.fromkeys(self.found) if len(one.secret) >= _KNOWN_LENGTH][:_KNOWN]
        held = {one.secret for one in origin.found}

        def replace_known(text: str) -> MaskedText:
            return self._masker.replace_known(text, known)

        masked = self._mask_fields(masked, replace_known)
        again = replace_known(origin.text)
        held |= {one.secret for one in again.found}
        is_whole = all(one.secret in held for one in self.found)
        return replace(masked, origin=again.text if is_whole else "")

    def _mask_fields(self, turn: Turn, mask: Masking) -> Turn:
        def text(given: str) -> str:
            return self._mask_text(given, mask).text

        def optional(given: str | None) -> str | None:
            return given and text(given)

        calls = tuple(
            ToolCall(name=text(one.name), arguments=text(one.arguments), id=text(one.id))
            for one in turn.tool_calls
        )
        attachments = tuple(
            Attachment(block=text(one.block), name=text(one.name), media_type=text(one.media_type))
            for one in turn.attachments
        )
        return replace(
            turn, text=text(turn.text), name=optional(turn.name), id=optional(turn.id), tool_calls=calls,
            tool_call_id=optional(turn.tool_call_id), attachments=attachments,
        )  # fmt: skip

    def _mask_text(self, text: str, mask: Masking) -> MaskedText:
        if not text:
            return MaskedText(text=text)
        masked = mask(text)
        self.found += masked.found
        return masked


def _list_kinds(found: Iterable[FoundSecret]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.kind for one in found))
