"""`glyph-memory chat`: a conversation that goes on where it was left.

What is typed is stored before the model is asked, so that it is there whatever happens next.
"""

from __future__ import annotations

from glyph_memory.cli import status_lines, terminal
from glyph_memory.cli.chat import chat_commands
from glyph_memory.cli.chat.answer import Answer
from glyph_memory.cli.chat.prompt import Prompt
from glyph_memory.cli.interrupts import Interrupts
from glyph_memory.cli.memories import Place, open_or_create_session
from glyph_memory.cli.server import NO_SERVER, Server
from glyph_memory.cli.settings import Settings
from glyph_memory.errors import GlyphMemoryError, ReaderOverflow
from glyph_memory.folding import Fold
from glyph_memory.memory import GlyphMemory
from glyph_memory.nano import NanoReader, NanoReading
from glyph_memory.readers import Reader, Reading
from glyph_memory.transcript import Turn

STOPPED = "[stopped here by the user]"
"""Ends an answer that Ctrl-C stopped: whoever reads it later, the model too, sees that it is not whole."""


def run(
    place: Place, server: Server, *, settings: Settings, system: str | None, secrets: str = "off"
) -> None:
    """Open the memory and answer messages until the input ends."""
    with (
        open_or_create_session(place, settings, served=server.find_served(), secrets=secrets) as (
            memory,
            is_otherwise,
        ),
        server.reader(memory.profile) as reader,
        Interrupts() as interrupts,
    ):
        _store_system(memory, system)
        prompt = Prompt(_list_earlier_messages(memory.fold()))
        if prompt.is_terminal:
            _greet(memory, place, is_otherwise=is_otherwise)
        if server.is_nano:
            terminal.print_note(NO_SERVER)
        Chat(memory, reader, interrupts, prompt).run()


class Chat:
    """Reads messages and prints answers, until the input ends."""

    def __init__(self, memory: GlyphMemory, reader: Reader, interrupts: Interrupts, prompt: Prompt) -> None:
        self.memory = memory
        self._reader, self._interrupts, self._prompt = reader, interrupts, prompt
        self._fold = memory.fold()
        self._is_told_of_cache = False

    def run(self) -> None:
        """Handle messages until the input ends.

        Raises:
            GlyphMemoryError: Something went wrong, and nobody is at a terminal to decide what next.
            KeyboardInterrupt: Ctrl-C at the prompt.
        """
        while True:
            try:
                with self._interrupts.allow():
                    message = self._prompt.next()
            except KeyboardInterrupt:
                self._end_line()
                raise
            if message is None or message in chat_commands.QUIT:
                if message is None:
                    self._end_line()
                return
            try:
                self.handle_message(message)
            except GlyphMemoryError as error:
                if not self._prompt.is_terminal:
                    raise
                terminal.print_error(str(error))

    def handle_message(self, message: str) -> None:
        """Do what a command says, or store a message and ask for an answer.

        Raises:
            GlyphMemoryError: It could not be done; a message that was stored stays.
        """
        command = chat_commands.parse(message)
        if command is not None:
            if command.do(self.memory, command.rest) == "ask":
                self.ask()
            self._print_changes()
        elif not message:
            if find_unanswered(self.memory.fold()) is not None:
                self.ask()
        else:
            self.memory.add("user", message.removeprefix("/") if message.startswith("//") else message)
            self.ask()

    def ask(self) -> None:
        """Ask for an answer to the last message, print it as it arrives, store it."""
        self._print_changes()
        answer = Answer(interrupts=self._interrupts)
        try:
            report, context = self.memory.report(), self.memory.context()
            if isinstance(self._reader, NanoReader):
                self._reader.progress = answer.show_progress
            answer.print_stream(self._reader.stream(context))
        except GlyphMemoryError as error:
            raise GlyphMemoryError(f"{_format_error(error)} {self._describe_stored(answer)}") from error
        if answer.is_stopped:
            self._store_stopped(answer.text)
        elif not answer.text.strip():
            raise GlyphMemoryError(
                f"the model said nothing{_explain_silence(answer.reading)}. {self._describe_stored(answer)}"
            )
        else:
            self.memory.add("assistant", answer.text)
        if answer.reading is not None:
            terminal.print_note(status_lines.describe_request(report, answer.reading))
            self._warn(answer.reading)
        self._print_changes()

    def _store_stopped(self, text: str) -> None:
        if not text.strip():
            terminal.print_note(f"Stopped before a word came. {_GO_ON}")
            return
        turn = self.memory.add("assistant", f"{text.rstrip()}\n{STOPPED}")
        terminal.print_note(
            f"Stopped; what was said so far is kept as §{turn.anchor}. /retry has it made anew."
        )

    def _describe_stored(self, answer: Answer) -> str:
        """Return sentences on what of the exchange is stored, and how to go on."""
        waiting = find_unanswered(self.memory.fold())
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
            terminal.print_note(
                "(The server does not tell what it had cached; vLLM does with --enable-prompt-tokens-details.)"
            )

    def _print_changes(self) -> None:
        fold = self.memory.fold()
        for note in status_lines.describe_changes(self._fold, fold):
            terminal.print_note(note)
        self._fold = fold

    def _end_line(self) -> None:
        if self._prompt.is_terminal:
            terminal.print_note("")


_GO_ON = "An empty message asks again; /undo takes it back."


def find_unanswered(fold: Fold) -> Turn | None:
    """Return the turn that waits for an answer: the last one, if it is a user's."""
    if fold.tail:
        last = fold.tail[-1].turn
        return last if last.role == "user" else None
    request = fold.request
    return request if request is not None and request.anchor == fold.last_anchor else None


def _store_system(memory: GlyphMemory, system: str | None) -> None:
    """Store the system's turn of a new session; one that has turns already keeps its own."""
    if system is None:
        return
    fold = memory.fold()
    if not fold.last_anchor:
        memory.add("system", system)
    elif "\n\n".join(turn.text for turn in fold.head) != system:
        terminal.warn("--system is for new sessions; this one has begun, and keeps what it began with")


def _greet(memory: GlyphMemory, place: Place, *, is_otherwise: bool) -> None:
    report = memory.report()
    terminal.print_note(status_lines.greeting(str(place), report))
    if is_otherwise and report.pages:
        terminal.print_note(
            f"Shown otherwise than the last time: generation {report.generation}, old turns were drawn anew."
        )
    if find_unanswered(memory.fold()) is not None:
        terminal.print_note(f"The last message got no answer. {_GO_ON}")


def _list_earlier_messages(fold: Fold) -> list[str]:
    return [recent.turn.text for recent in fold.tail if recent.turn.role == "user"]


def _format_error(error: GlyphMemoryError) -> str:
    end = "" if str(error).endswith((".", "?", "!")) else "."
    if isinstance(error, ReaderOverflow):
        return f"{error}{end} --window N, the server's --max-model-len, has older turns become pages sooner."
    return f"{error}{end}"


def _explain_silence(reading: Reading | None) -> str:
    if reading is not None and reading.is_cut_off:
        return ": it was cut off while it thought; raise --max-tokens"
    return ""
