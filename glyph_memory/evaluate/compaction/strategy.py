"""`GlyphCompaction`: what Inspect's agents said long ago as pages, in place of summaries.

Knows when something is folded; messages are read and written elsewhere.
"""

from __future__ import annotations

from typing import Any, Unpack

from glyph_memory.checks import LARGEST_COUNT, check_number
from glyph_memory.context import PageOptionFields, PageOptions, RequestPlan, warn_of_losses, write_plan
from glyph_memory.errors import GlyphMemoryError, PolicyError
from glyph_memory.memory import FoldedHistory, Folding
from glyph_memory.tokens import ModelProfile

try:
    from inspect_ai.model import ChatMessage, ChatMessageUser, CompactionStrategy, Model, get_model_info
    from inspect_ai.tool import ToolInfo
except ModuleNotFoundError as error:
    raise GlyphMemoryError(
        f"compaction for Inspect needs inspect-ai ({error}); pip install 'glyph-memory[inspect]'"
    ) from error

from glyph_memory.evaluate.compaction.carried import History, carry, restore
from glyph_memory.evaluate.compaction.messages import read_turn, write_message

_UNKNOWN_WINDOW = 128_000
"""What Inspect takes for a window where it does not know the model's."""
_STEPS = 16
"""In how many steps pages leave, where Inspect counts more for them than they cost."""


class GlyphCompaction(CompactionStrategy):  # type: ignore[misc]  # Inspect is not installed where types are checked
    """Compaction for Inspect's agents that loses nothing: older messages become pages, recent ones stay text.

    What it stands for rides along in metadata, so it goes on after a checkpoint, and one object serves any number of
    samples. Between two compactions nothing of the prefix changes.

    Args:
        profile: The model that reads, by name or as an object; another way to give the options' own.
        threshold: Tokens, or a share of the window that Inspect knows of the model, at which Inspect compacts: that is
            the window that pages are planned for.
        memory: Whether Inspect warns the model to save what matters before: nothing is lost, so no, unless given.
        options: How pages look; or its fields as keywords. See `PageOptions`. A smaller window there holds.
        **fields: The fields of `PageOptions`.

    Raises:
        ProfileError: No such model is known.
        PolicyError: The threshold is none, or too small for a policy.
    """

    def __init__(
        self,
        profile: ModelProfile | str | None = None,
        /,
        *,
        threshold: int | float = 0.9,
        memory: bool = False,
        options: PageOptions | None = None,
        **fields: Unpack[PageOptionFields],
    ) -> None:
        super().__init__(type="edit", threshold=threshold, memory=memory)
        check_number("threshold", threshold, PolicyError, at_most=LARGEST_COUNT, is_open=True)
        self._options = PageOptions.merge(options, fields, profile=profile)
        self._foldings = dict[int, Folding[ChatMessage]]()
        if not self._is_share:
            self._find_folding(int(threshold))  # a window that is too small is refused at once

    @property
    def _is_share(self) -> bool:
        """Whether the threshold is a share of a window, by Inspect's rule."""
        return not isinstance(self.threshold, int) and self.threshold <= 1

    def _find_window(self, model: Model) -> int:
        """Return the tokens at which Inspect compacts."""
        if not self._is_share:
            return int(self.threshold)
        info = get_model_info(model)
        known = info.input_tokens if info is not None else None
        return int(self.threshold * (known or _UNKNOWN_WINDOW))

    def _find_folding(self, window_tokens: int) -> Folding[ChatMessage]:
        """Return what folds for a window, which only the model tells where the threshold is a share."""
        if window_tokens not in self._foldings:
            self._foldings[window_tokens] = Folding(
                options=self._options.narrow_window(window_tokens),
                turn_of=read_turn,
                key_of=lambda message: hash(message.model_dump_json(exclude={"metadata"})),
                name_of=lambda message: message.id or "",
            )
        return self._foldings[window_tokens]

    def _repr_params_(self) -> dict[str, Any]:
        return {**super()._repr_params_(), "profile": self._options.profile.name}

    async def compact(
        self, model: Model, messages: list[ChatMessage], tools: list[ToolInfo]
    ) -> tuple[list[ChatMessage], ChatMessageUser | None]:
        """Return what is sent: the input as it is, pages of what is old, recent messages; nothing to append.

        Args:
            model: Counts tokens, as Inspect does.
            messages: What was sent the last time, and what came since.
            tools: Of which descriptions are sent, too.
        """
        history, tools_tokens = restore(messages), await model.count_tool_tokens(tools)
        window_tokens = self._find_window(model)
        folding = self._find_folding(window_tokens)
        front_tokens = await model.count_tokens(history.front) if history.front else 0
        for step in range(_STEPS):
            reserved = tools_tokens + front_tokens + step * window_tokens // _STEPS
            folded = folding.fold(history.messages, history.bookmark, reserved_tokens=reserved)
            plan = folded.plan_request()
            written = [*history.front, *_write(history, folded, plan)]
            over = await model.count_tokens(written) + tools_tokens - window_tokens
            # Inspect counts every picture alike, small ones too high, and ends a run that is over its threshold.
            if over <= 0 or not folded.fold.visible_seals:
                break
        warn_of_losses(plan.losses)
        return written, None


def _write(history: History, folded: FoldedHistory[ChatMessage], plan: RequestPlan) -> list[ChatMessage]:
    spelled = write_plan(plan, binder=folded.folding.binder).messages[1 if plan.head else 0 :]
    recent = [kept.message for kept in folded.recent]
    told = len(history.messages) - len(recent)
    begin = told
    written = list[tuple[ChatMessage, list[ChatMessage]]]()
    for planned, message in zip(plan.messages, spelled, strict=True):
        places = [turn.place for turn in planned.turns]
        one = write_message(planned, message, [recent[place] for place in places])
        # What is not shown at all is carried by what follows it.
        ahead = max([told, *(begin + place + 1 for place in places)])
        written.append((one, history.messages[told if written else 0 : ahead]))
        told = ahead
    if written:
        written[-1][1].extend(history.messages[told:])
    return carry(written, front=history.front, bookmark=folded.bookmark)
