"""Cut a text that comes in pieces before the first of some stop texts. Knows strings alone."""

from __future__ import annotations

from collections.abc import Sequence


class StopTexts:
    """Passes words on up to a stop text, and holds back what may become one.

    Example:
        >>> stops = StopTexts(["END"])
        >>> stops.feed("one E"), stops.feed("ven, two EN"), stops.feed("D three"), stops.is_stopped
        ('one ', 'Even, two ', '', True)
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = tuple(texts)
        self._held = ""
        self.is_stopped = False
        """Whether a stop text has come; then nothing more is passed on."""

    def feed(self, words: str) -> str:
        """Return what is passed on of these words, and of those that were held back."""
        if self.is_stopped:
            return ""
        words, self._held = self._held + words, ""
        found = [at for text in self._texts if (at := words.find(text)) >= 0]
        if found:
            self.is_stopped = True
            return words[: min(found)]
        keep = max(
            (n for text in self._texts for n in range(len(text)) if words.endswith(text[:n])), default=0
        )
        self._held = words[len(words) - keep :]
        return words[: len(words) - keep]

    def close(self) -> str:
        """Return what was held back: no stop text came of it."""
        held, self._held = self._held, ""
        return held
