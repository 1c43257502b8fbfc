"""Answer prompts one after the other with a model that cannot be run over segments; nothing is reused.

Takes jobs as `Engine` does. Knows jobs and `PlainModel`; knows nothing about text and threads.
"""

from __future__ import annotations

from collections import deque

from glyph_memory.readers.local.failures import run_with_memory
from glyph_memory.readers.local.forward import free_memory
from glyph_memory.readers.local.jobs import Finished, Job, Token
from glyph_memory.readers.local.plain import PlainModel, PlainPrompt


class PlainEngine:
    """Answers prompts. Belongs to one thread.

    Args:
        model: The model, with its family's processor.
    """

    def __init__(self, model: PlainModel) -> None:
        self._model = model
        self._waiting: deque[Job[PlainPrompt]] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to do."""
        return not self._waiting

    def add(self, job: Job[PlainPrompt]) -> None:
        """Take a job; it is answered when those before it are."""
        self._waiting.append(job)

    def step(self) -> None:
        """Answer a prompt, whole."""
        job = self._waiting.popleft()
        if job.is_warming or job.is_cancelled:
            job.deliver(Finished(reason="stop"))
            return
        run_with_memory(lambda: self._answer(job), fail=job.deliver, free=self.free)

    def tidy(self) -> bool:
        """Return whether something can be done while nobody waits: never."""
        return False

    def fail_all(self, error: BaseException) -> None:
        """End everything with an error."""
        while self._waiting:
            self._waiting.popleft().deliver(error)

    def free(self) -> None:
        """Have torch give back what it keeps for later."""
        free_memory(self._model.device)

    def forget(self) -> None:
        """Do nothing: nothing was kept."""

    def close(self) -> None:
        """Do nothing: there are no threads."""

    def _answer(self, job: Job[PlainPrompt]) -> None:
        sampling = job.sampling
        stopped = False

        def deliver(token: int) -> None:
            nonlocal stopped
            stopped = stopped or token in self._model.stop_ids
            if not stopped:
                job.deliver(Token(token=token))

        self._model.generate(
            job.prompt,
            max_tokens=sampling.max_tokens,
            on_token=deliver,
            is_cancelled=lambda: job.is_cancelled,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            seed=sampling.seed,
        )
        job.deliver(Finished(reason="stop" if stopped else "length"))
