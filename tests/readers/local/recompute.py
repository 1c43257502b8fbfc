"""Compare what the engine computes with what transformers computes from nothing, score by score."""

# Half of transformers' functions carry no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw
from transformers import AutoModelForImageTextToText

from glyph_memory.context import Context, ImagePart
from glyph_memory.context.messages import Message, Text
from glyph_memory.readers.local.attention import ChunkStep, TokenStep, take_over
from glyph_memory.readers.local.compiled import Compile, CompiledRow
from glyph_memory.readers.local.disk import PrefixFiles
from glyph_memory.readers.local.engine import Engine
from glyph_memory.readers.local.features import PictureReader
from glyph_memory.readers.local.forward import Forward
from glyph_memory.readers.local.jobs import Event, Finished, Job, Token
from glyph_memory.readers.local.keeping import Keeper
from glyph_memory.readers.local.loading import load_model
from glyph_memory.readers.local.prompt import Prompt, PromptEncoder
from glyph_memory.readers.local.sampling import Sampling
from glyph_memory.readers.local.segments import PrefixTree

PLENTY = 1 << 30


class RecordingForward(Forward):
    """Keeps the scores of each call, and how many tokens went in."""

    def __init__(self, model: Any, device: torch.device) -> None:
        super().__init__(model, device)
        self.scores: list[torch.Tensor] = []
        self.tokens = 0
        self.fails: list[Exception] = []

    def __call__(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        step: ChunkStep | TokenStep,
        *,
        length: int,
        images: dict[str, Any] | None = None,
    ) -> torch.Tensor:
        """Run the model, or fail as the test asked for."""
        if self.fails:
            raise self.fails.pop(0)
        scores = super().__call__(ids, positions, step, length=length, images=images)
        self.scores.append(scores.clone())
        self.tokens += ids.numel()
        return scores


@dataclass(kw_only=True)
class Answer:
    """What came of one job."""

    job: Job[Prompt]
    tokens: list[int] = field(default_factory=list)
    reason: str = ""


class Bench:
    """An engine over a tiny model, run by hand, and the same model as transformers runs it."""

    def __init__(
        self,
        folder: Path,
        *,
        prefix_bytes: int = PLENTY,
        feature_bytes: int = PLENTY,
        chunk_tokens: int = 4096,
        max_batch_tokens: int = 1 << 20,
        cache_folder: Path | None = None,
        compile_with: Compile | None = None,
        attention: str = "sdpa",
        check_room: Callable[[Job[Prompt], int, int], None] | None = None,
    ) -> None:
        self.loaded = load_model(folder, device="cpu")
        self.plain = AutoModelForImageTextToText.from_pretrained(folder).eval()
        flash = take_over(self.loaded.model, attention)
        self.forward = RecordingForward(self.loaded.model, self.loaded.device)
        self.tree = PrefixTree(prefix_bytes)
        self.pictures = PictureReader(self.loaded.model, self.loaded.device, max_bytes=feature_bytes)
        keeper = None
        if cache_folder is not None:
            files = PrefixFiles(cache_folder, model=self.loaded.fingerprint, max_bytes=PLENTY)
            keeper = Keeper(files, tree=self.tree, device=self.loaded.device)
        self.engine = Engine(
            self.forward, stop_ids=frozenset(), tree=self.tree, pictures=self.pictures,
            chunk_tokens=chunk_tokens, max_batch_tokens=max_batch_tokens, keeper=keeper,
            flash=flash, check_room=check_room,
            compiled=None if compile_with is None else CompiledRow(
                self.loaded.model, self.loaded.device, compile_with=compile_with
            ),
        )  # fmt: skip
        self.encoder = PromptEncoder(self.loaded)

    def encode(self, context: Context) -> Prompt:
        """Return a context's prompt."""
        return self.encoder.encode(context)

    def make_job(
        self, prompt: Prompt, *, max_tokens: int = 5, **options: Any
    ) -> tuple[Job[Prompt], queue.SimpleQueue[Event]]:
        """Return a job, and where its events come."""
        box: queue.SimpleQueue[Event] = queue.SimpleQueue()
        return Job(prompt=prompt, sampling=Sampling(max_tokens=max_tokens), send=box.put, **options), box

    @torch.inference_mode()
    def ask(self, *prompts: Prompt, max_tokens: int | Sequence[int] = 5) -> list[Answer]:
        """Answer prompts side by side; raise what one of them raises."""
        most = [max_tokens] * len(prompts) if isinstance(max_tokens, int) else max_tokens
        asked = [self.make_job(prompt, max_tokens=n) for prompt, n in zip(prompts, most, strict=True)]
        for job, _ in asked:
            self.engine.add(job)
        self.run()
        return [collect(job, box) for job, box in asked]

    @torch.inference_mode()
    def run(self) -> None:
        """Do all that there is to do."""
        while not self.engine.is_idle:
            self.engine.step()
        while self.engine.tidy():
            pass

    @torch.inference_mode()
    def recompute(self, prompt: Prompt, written: Sequence[int] = ()) -> torch.Tensor:
        """Return transformers' own scores behind the prompt and behind each token written, from nothing."""
        ids = torch.cat([prompt.ids, torch.tensor(list(written), dtype=torch.int64)])[None]
        given: dict[str, torch.Tensor] = {}
        if prompt.images:
            ready = [image.preprocess() for image in prompt.images]
            given = {name: torch.cat([inputs[name] for inputs in ready]) for name in ready[0]}
            given["mm_token_type_ids"] = torch.eq(ids, self.loaded.image_token_id or -1).int()
        self.plain.model.rope_deltas = None
        scores: torch.Tensor = self.plain(input_ids=ids, **given).logits[0, len(prompt.ids) - 1 :]
        return scores

    def compare(self, answer: Answer) -> float:
        """Return the largest difference to recomputed scores; the tokens have to be the likeliest ones there, too."""
        want = self.recompute(answer.job.prompt, answer.tokens[:-1])
        rows = torch.cat(self.forward.scores)
        nearest = [float((rows - scores).abs().amax(-1).min()) for scores in want]
        if want.argmax(-1).tolist() != answer.tokens:
            return float("inf")
        return max(nearest)


def collect(job: Job[Prompt], box: queue.SimpleQueue[Event]) -> Answer:
    """Return what came of a job that has ended."""
    answer = Answer(job=job)
    while not box.empty():
        event = box.get()
        if isinstance(event, BaseException):
            raise event
        if isinstance(event, Token):
            answer.tokens.append(event.token)
        else:
            assert isinstance(event, Finished)
            answer.reason = event.reason
    return answer


def draw_page(number: int, size: tuple[int, int] = (196, 280)) -> ImagePart:
    """Return a page whose pixels depend on its number."""
    import io

    image = Image.new("L", size, 255)
    pen = ImageDraw.Draw(image)
    for y in range(4, size[1] - 10, 11):
        pen.text((3, y), f"{number}:{y} " + "quick brown fox " * 3 + str(number * y), fill=0)
    file = io.BytesIO()
    image.convert("RGB").save(file, "PNG")
    return ImagePart(data=file.getvalue(), size=size, kind="page", number=number)


def ask_about(pages: Sequence[ImagePart], question: str, *, system: str = "You read pages.") -> Context:
    """Return a context like a memory's: system, pages under their captions, question."""
    parts: list[str | Text | ImagePart] = []
    for page in pages:
        parts += [Text(f"page {page.number}:", kind="caption"), page]
    return Context(
        messages=(
            Message(role="system", parts=system),
            Message(role="user", parts=[*parts, Text(question)]),
        )
    )


MakeBench = Callable[..., Bench]
