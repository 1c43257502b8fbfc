"""The commands about a conversation's memory as they are typed; what they do stands in modules beside this one.

Those modules are imported when a command runs, so that help and completion come at once.
"""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import memory_options
from glyph_memory.cli.root import MEMORY, register_command

DATABASE = "glyph-memory.db"
_SESSION = "default"


@register_command(
    MEMORY,
    ("Without a server: what you ask is looked up in what was said, and quoted", "glyph-memory chat"),
    (
        "A server on this machine, started with vllm serve zai-org/Glyph --max-model-len 32768",
        "glyph-memory chat --server http://127.0.0.1:8000/v1",
    ),
    (
        "From a script, where GLYPH_MEMORY_SERVER names the server; the next run remembers it",
        'echo "The gate code is 4711-B." | glyph-memory chat --session ops',
    ),
)
def chat(
    *,
    server: options.Server = None,
    model: options.Model = None,
    api_key: options.ApiKey = None,
    max_tokens: options.MaxTokens = None,
    memory: memory_options.Memory = DATABASE,
    session: memory_options.Session = _SESSION,
    system: memory_options.System = None,
    secrets: memory_options.Secrets = "off",
    window: memory_options.Window = None,
    keep: memory_options.Keep = None,
    canaries: memory_options.Canaries = None,
    profile: memory_options.ProfileAgain = None,
    tokenizer: options.Tokenizer = None,
    style: memory_options.StyleAgain = None,
    dense: memory_options.DenseAgain = None,
    font: options.Font = None,
    fallback_font: options.FallbackFonts = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
    calibration: memory_options.CalibrationAgain = None,
) -> None:
    """Chat with a vision-language model that remembers earlier chats.

    Without --server, the built-in nano reader answers. It reads the pages from their pixels and quotes the lines that
    match your message. It does not reason; for that, name a server.

    What you type is stored, word for word, before the model is asked; if no answer comes, an empty message asks
    again. When recent turns grow long, the oldest of them become pages, which the model still sees for a fraction of
    the tokens. Ctrl-C stops an answer, Ctrl-D ends the chat. /help lists the commands of a chat: /recall, /zoom, /pin,
    /report and others.

    From a pipe, each line is a message; the first one that gets no answer ends the run.

    Model and window are those that the server says it serves, unless you name others. Window, model and look are
    stored with the session. Later chats and the other commands use them until you choose
    others; then the session's pages are drawn again.
    """
    from glyph_memory.cli.chat import loop as command  # noqa: PLC0415  see the module's first lines
    from glyph_memory.cli.memories import Place  # noqa: PLC0415
    from glyph_memory.cli.server import Server  # noqa: PLC0415
    from glyph_memory.cli.settings import Settings, name_calibration  # noqa: PLC0415

    command.run(
        Place(memory=memory, session=session),
        Server(url=server, model=model, api_key=api_key, max_tokens=max_tokens),
        settings=Settings(
            profile=profile,
            tokenizer=tokenizer,
            window=window,
            keep=keep,
            max_tokens=max_tokens,
            style=style,
            dense=dense,
            font=font,
            fallback_fonts=tuple(fallback_font) if fallback_font else None,
            size_pt=size,
            dpi=dpi,
            canaries=canaries,
            calibration=name_calibration(calibration),
        ),
        system=system,
        secrets=secrets,
    )


@register_command(
    MEMORY,
    ("What was said about it, word for word", "glyph-memory recall gate code"),
    (
        "For a script, the best passage alone",
        "glyph-memory recall gate code -k 1 --json | jq -r .passages[].text",
    ),
)
def recall(
    *,
    words: memory_options.Words,
    k: memory_options.Most = 5,
    memory: memory_options.Memory = DATABASE,
    session: memory_options.Session = _SESSION,
    as_json: options.Json = False,
) -> None:
    """Search everything that was said in a session, also what the model no longer sees.

    Above each passage stand its number, for citing it, who said it, and where the model sees it: as text, on a page,
    or no longer. Finding nothing is not an error; a note on standard error says so.
    """
    from glyph_memory.cli.commands import recall as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415

    command.run(" ".join(words), Place(memory=memory, session=session), k=k, as_json=as_json)


@register_command(
    MEMORY,
    ("A table", "glyph-memory report"),
    ("Everything to look at, in a browser", "glyph-memory report --session ops --html ops.html"),
)
def report(
    *,
    memory: memory_options.Memory = DATABASE,
    session: memory_options.Session = _SESSION,
    as_json: options.Json = False,
    html: memory_options.Html = None,
) -> None:
    """Show which turns of a session are text, which are on pages, and what that saves.

    The figures are for the window, the model and the look of the session's last chat.
    """
    from glyph_memory.cli.commands import report as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415

    command.run(Place(memory=memory, session=session), html=html, as_json=as_json)


@register_command(
    MEMORY,
    ("Whether the model still reads its pages", "glyph-memory check --server http://127.0.0.1:8000/v1"),
    (
        "From cron, for another session: the exit code is 1 where it does not",
        "glyph-memory check --session ops --pages 20 --server http://127.0.0.1:8000/v1 --json",
    ),
)
def check(
    *,
    server: memory_options.CheckedServer = None,
    model: options.Model = None,
    api_key: options.ApiKey = None,
    max_tokens: options.MaxTokens = None,
    pages: memory_options.CheckedPages = 8,
    floor: memory_options.Floor = 0.98,
    memory: memory_options.Memory = DATABASE,
    session: memory_options.Session = _SESSION,
    as_json: options.Json = False,
) -> None:
    """Ask a server for the codes on a session's pages: does it still read them?

    For a session that was begun with chat --canaries N; a program asks with GlyphMemory.check, as only it knows how its
    pages look. Each question is a request of its own, with the pages as a chat sends them, so a server has them in its
    cache. An answer is correct, abstained or silently wrong; one that does not come is told apart, and says nothing
    about reading.

    The exit code is 1 where fewer are right than the floor says, by more than chance explains, and where nothing was
    answered; else 0. Where no page carries a code, a note says why.
    """
    from glyph_memory.cli.commands import check as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415
    from glyph_memory.cli.server import Server  # noqa: PLC0415

    command.run(
        Place(memory=memory, session=session),
        Server(url=server, model=model, api_key=api_key, max_tokens=max_tokens),
        pages=pages,
        floor=floor,
        as_json=as_json,
    )


@register_command(
    MEMORY,
    ("Those of the database in this folder", "glyph-memory sessions"),
    ("Those of another one, as JSON", "glyph-memory sessions --memory team.db --json"),
)
def sessions(*, memory: memory_options.Memory = DATABASE, as_json: options.Json = False) -> None:
    """List the sessions of a database, each with its number of turns and the times of the first and the last."""
    from glyph_memory.cli.commands import sessions as command  # noqa: PLC0415

    command.run(memory, as_json=as_json)


@register_command(
    MEMORY,
    ("A copy that any program can read", "glyph-memory export backup.jsonl"),
    ("Straight into another database", "glyph-memory export - | glyph-memory import - --memory copy.db"),
)
def export(
    *,
    file: memory_options.ExportTo,
    memory: memory_options.Memory = DATABASE,
    session: memory_options.Session = _SESSION,
) -> None:
    """Write all turns of a session to a file, pictures included: one JSON object a line."""
    from glyph_memory.cli.commands import sessions as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415

    command.export(file, Place(memory=memory, session=session))


@register_command(
    MEMORY,
    ("Into a session of its own", "glyph-memory import backup.jsonl --session restored"),
    (
        "A conversation from elsewhere: the messages of a chat API",
        "glyph-memory import talk.json --memory new.db",
    ),
)
def import_(
    *,
    file: memory_options.ImportFrom,
    memory: memory_options.Memory = DATABASE,
    session: memory_options.Session = _SESSION,
    secrets: memory_options.Secrets = "off",
) -> None:
    """Add the turns of a file that export wrote, or somebody else's messages, to a session.

    Messages are read as OpenAI, Anthropic, LangChain and ShareGPT spell them: a list, {"messages": [...]}, or one on
    each line. What cannot be kept is named, with its line.

    The database and the session are created if they do not exist. Turns whose id the session already has are not
    added twice, so an import that broke off can be repeated. In an empty session turns keep their numbers, so that
    citations such as §42 stay right.
    """
    from glyph_memory.cli.commands import sessions as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415

    command.import_(file, Place(memory=memory, session=session), secrets=secrets)


@register_command(
    MEMORY,
    ("What is damaged, if anything; nothing is changed", "glyph-memory doctor"),
    ("Repair another database, after a backup", "glyph-memory doctor --memory team.db --repair"),
    ("Whether all is well, for a script", "glyph-memory doctor --json | jq .healthy"),
)
def doctor(
    *,
    memory: memory_options.Memory = DATABASE,
    repair: memory_options.Repair = False,
    drop_damaged: memory_options.DropDamaged = False,
    backup: memory_options.Backup = True,
    as_json: options.Json = False,
) -> None:
    """Check a database for damage; with --repair, put right what can be.

    All of it is read: the file, the tables' version, the key, each session's counters, every turn and what it is found
    by, the seals, and the pages' files beside the database; those in a bucket are not looked at. Each finding comes
    with what --repair does about it. The exit code is 0 where nothing is damaged, else 1.

    A repair first makes a backup. Then it counts and indexes again what follows from the turns, drops seals that do not
    hold, whose pages are drawn again, and finishes erasures. Of a file that SQLite cannot read as a whole, what can be
    read is copied into a new one, which takes its place; end all programs that have the file open first. It says
    exactly what was lost. A turn that cannot be read whole stays, and is shown as damaged; --drop-damaged erases it.
    """
    from glyph_memory.cli.commands import doctor as command  # noqa: PLC0415

    command.run(memory, repair=repair, drop_damaged=drop_damaged, backup=backup, as_json=as_json)
