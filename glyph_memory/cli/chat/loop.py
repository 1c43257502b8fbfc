"""`glyph-memory chat`: a conversation that goes on where it was left.

What is typed is stored before the model is asked, so that it is there whatever happens next.
"""

from __future__ import annotations

from glyph_memory.cli import status_lines as notes
from glyph_memory.cli import terminal
from glyph_memory.cli.answer import Answer
from glyph_memory.cli.chat import chat_commands as slash
from glyph_memory.cli.chat.prompt import Prompt
from glyph_memory.cli.chat.settings import Settings
from glyph_memory.cli.interrupts import Interrupts
from glyph_memory.cli.memories import Place, ready
from glyph_memory.cli.server import NO_SERVER, Server
from glyph_memory.errors import GlyphMemoryError, ReaderOverflow
from glyph_memory.folding import Fold
from glyph_memory.memory import GlyphMemory
from glyph_memory.nano import NanoReader, NanoReading
from glyph_memory.readers import Reader, Reading
from glyph_memory.transcript import Turn

STOPPED = "[stopped here by the user]"
"""Ends an answer that Ctrl-C stopped: whoever reads it later, the model too, sees that it is not whole."""


def run(place: Place, server: Server, *, settings: Settings, system: str | None) -> None:
    """Open the memory, talk until the end."""
    with (
        ready(place, settings) as (memory, is_otherwise),
        server.reader(memory.profile) as reader,
        Interrupts() as interrupts,
    ):
        _begin(memory, system)
        prompt = Prompt(_typed_before(memory.fold()))
        if prompt.is_terminal:
            _greet(memory, place, is_otherwise=is_otherwise)
        if server.is_nano:
            terminal.dim(NO_SERVER)
        Chat(memory, reader, interrupts, prompt).run()


class Chat:
    """Messages in, answers out, until the input ends."""

    def __init__(self, memory: GlyphMemory, reader: Reader, interrupts: Interrupts, prompt: Prompt) -> None:
        self.memory = memory
        self._reader, self._interrupts, self._prompt = reader, interrupts, prompt
        self._fold = memory.fold()
        self._is_told_of_cache = False

    def run(self) -> None:
        """Go on to the end of what is typed.

        Raises:
            GlyphMemoryError: Something went wrong, and nobody is at a terminal to decide what next.
            KeyboardInterrupt: Ctrl-C at the prompt.
        """
        while True:
            try:
                with self._interrupts.allowed():
                    message = self._prompt.next()
            except KeyboardInterrupt:
                self._end_line()
                raise
            if message is None or message in slash.QUIT:
                if message is None:
                    self._end_line()
                return
            try:
                self.take(message)
            except GlyphMemoryError as error:
                if not self._prompt.is_terminal:
                    raise
                terminal.fail(str(error))

    def take(self, message: str) -> None:
        """Do what a message says, or store it and ask.

        Raises:
            GlyphMemoryError: It could not be done; a message that was stored stays.
        """
        command = slash.parse(message)
        if command is not None:
            if command.do(self.memory, command.rest) == "ask":
                self.ask()
            self._tell_changes()
        elif not message:
            if unanswered(self.memory.fold()) is not None:
                self.ask()
        else:
            self.memory.add("user", message.removeprefix("/") if message.startswith("//") else message)
            self.ask()

    def ask(self) -> None:
        """Ask for an answer to what was said last, print it as it comes, store it."""
        self._tell_changes()
        answer = Answer(interrupts=self._interrupts)
        try:
            report, context = self.memory.report(), self.memory.context()
            if isinstance(self._reader, NanoReader):
                self._reader.progress = answer.told
            answer.take(self._reader.stream(context))
        except GlyphMemoryError as error:
            raise GlyphMemoryError(f"{_sentence(error)} {self._kept(answer)}") from error
        if answer.is_stopped:
            self._store_stopped(answer.text)
        elif not answer.text.strip():
            raise GlyphMemoryError(f"the model said nothing{_why(answer.reading)}. {self._kept(answer)}")
        else:
            self.memory.add("assistant", answer.text)
        if answer.reading is not None:
            terminal.dim(notes.sent(report, answer.reading))
            self._warn(answer.reading)
        self._tell_changes()

    def _store_stopped(self, text: str) -> None:
        if not text.strip():
            terminal.dim(f"Stopped before a word came. {_GO_ON}")
            return
        turn = self.memory.add("assistant", f"{text.rstrip()}\n{STOPPED}")
        terminal.dim(f"Stopped; what was said so far is kept as §{turn.anchor}. /retry has it made anew.")

    def _kept(self, answer: Answer) -> str:
        """Say what of the exchange is stored, and how to go on."""
        waiting = unanswered(self.memory.fold())
        half = "The half answer is not kept. " if answer.parts else ""
        kept = f"Your message is kept as §{waiting.anchor}. " if waiting else ""
        return f"{half}{kept}{_GO_ON}"

    def _warn(self, reading: Reading) -> None:
        if reading.is_cut_off:
            terminal.warn(
                "the answer was cut off; raise --max-tokens, or serve the model with a larger window"
            )
        if isinstance(reading, NanoReading):
            return
        if reading.usage.cached_tokens is None and not self._is_told_of_cache:
            self._is_told_of_cache = True
            terminal.dim(
                "(The server does not tell what it had cached; vLLM does with --enable-prompt-tokens-details.)"
            )

    def _tell_changes(self) -> None:
        fold = self.memory.fold()
        for note in notes.changes(self._fold, fold):
            terminal.dim(note)
        self._fold = fold

    def _end_line(self) -> None:
        if self._prompt.is_terminal:
            terminal.dim("")


_GO_ON = "An empty message asks again; /undo takes it back."


def unanswered(fold: Fold) -> Turn | None:
    """Give the turn that waits for an answer, if the last one is a user's."""
    if fold.tail:
        last = fold.tail[-1].turn
        return last if last.role == "user" else None
    request = fold.request
    return request if request is not None and request.anchor == fold.last_anchor else None


def _begin(memory: GlyphMemory, system: str | None) -> None:
    """Store the system's turn of a new session; one that has begun keeps its own."""
    if system is None:
        return
    fold = memory.fold()
    if not fold.last_anchor:
        memory.add("system", system)
    elif "\n\n".join(turn.text for turn in fold.head) != system:
        terminal.warn("--system is for new sessions; this one has begun, and keeps what it began with")


def _greet(memory: GlyphMemory, place: Place, *, is_otherwise: bool) -> None:
    report = memory.report()
    terminal.dim(notes.greeting(str(place), report))
    if is_otherwise and report.pages:
        terminal.dim(f"Shown otherwise than the last time: epoch {report.epoch}, old turns were drawn anew.")
    if unanswered(memory.fold()) is not None:
        terminal.dim(f"The last message got no answer. {_GO_ON}")


def _typed_before(fold: Fold) -> list[str]:
    return [recent.turn.text for recent in fold.tail if recent.turn.role == "user"]


def _sentence(error: GlyphMemoryError) -> str:
    end = "" if str(error).endswith((".", "?", "!")) else "."
    if isinstance(error, ReaderOverflow):
        return f"{error}{end} --window N, the server's --max-model-len, has older turns become pages sooner."
    return f"{error}{end}"


def _why(reading: Reading | None) -> str:
    if reading is not None and reading.is_cut_off:
        return ": it was cut off while it thought; raise --max-tokens"
    return ""
