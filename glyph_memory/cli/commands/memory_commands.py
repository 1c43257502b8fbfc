"""The commands about a conversation's memory as they are typed; what they do stands in modules beside this one.

Those modules are imported when a command runs, so that help and completion come at once.
"""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.root import MEMORY, register_command

_DATABASE = "glyph-memory.db"
_SESSION = "default"


@register_command(
    MEMORY,
    ("Without a server: what you ask is looked up in what was said, and quoted", "glyph-memory chat"),
    (
        "A server on this machine, started with vllm serve zai-org/Glyph --max-model-len 32768",
        "glyph-memory chat --server http://127.0.0.1:8000/v1 --window 32768",
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
    memory: options.Memory = _DATABASE,
    session: options.Session = _SESSION,
    system: options.System = None,
    window: options.Window = None,
    keep: options.Keep = None,
    profile: options.ProfileAgain = None,
    tokenizer: options.Tokenizer = None,
    style: options.StyleAgain = None,
    dense: options.DenseAgain = None,
    font: options.Font = None,
    size: options.Size = None,
    dpi: options.Dpi = None,
) -> None:
    """Talk to a vision-language model that remembers, today and the next time; or look up what was said.

    Without --server the nano reader answers, which comes along: it reads the pages from their pixels and quotes what
    bears on your message. It does not reason; for that, name a server.

    What you type is stored, word for word, before the model is asked; if no answer comes, an empty message asks
    again. When recent turns grow long, the oldest of them become pages, which the model goes on seeing for a
    fraction of the tokens. Ctrl-C stops an answer, Ctrl-D leaves. /help lists what can be typed besides messages:
    /recall, /zoom, /pin, /report and others.

    From a pipe, each line is a message, and the first one that gets no answer ends the run.

    Window, model and look are remembered with the session, and hold for later chats and for the other commands
    until you choose anew; then its pages are drawn again.
    """
    from glyph_memory.cli.chat import loop as command  # noqa: PLC0415  see the module's first lines
    from glyph_memory.cli.chat.settings import Settings  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415
    from glyph_memory.cli.server import Server  # noqa: PLC0415

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
            size_pt=size,
            dpi=dpi,
        ),
        system=system,
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
    words: options.Words,
    k: options.Most = 5,
    memory: options.Memory = _DATABASE,
    session: options.Session = _SESSION,
    as_json: options.Json = False,
) -> None:
    """Search all that was ever said in a session, whether the model still sees it or not.

    Each passage stands under the number it is cited by, who said it, and where it is shown: as text, on a page, or no
    longer. Finding nothing is no error; it is said on standard error.
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
    memory: options.Memory = _DATABASE,
    session: options.Session = _SESSION,
    as_json: options.Json = False,
    html: options.Html = None,
) -> None:
    """Print which turns of a session are text, which are on pages, and what that saves.

    Counted for the window, the model and the look that the session's last chat had.
    """
    from glyph_memory.cli.commands import report as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415

    command.run(Place(memory=memory, session=session), html=html, as_json=as_json)


@register_command(
    MEMORY,
    ("Those of the database in this folder", "glyph-memory sessions"),
    ("Those of another one, as JSON", "glyph-memory sessions --memory team.db --json"),
)
def sessions(*, memory: options.Memory = _DATABASE, as_json: options.Json = False) -> None:
    """List a database's sessions: how many turns each has, and when the first and the last were said."""
    from glyph_memory.cli.commands import sessions as command  # noqa: PLC0415

    command.run(memory, as_json=as_json)


@register_command(
    MEMORY,
    ("A copy that any program can read", "glyph-memory export backup.jsonl"),
    ("Straight into another database", "glyph-memory export - | glyph-memory import - --memory copy.db"),
)
def export(
    *,
    file: options.ExportTo,
    memory: options.Memory = _DATABASE,
    session: options.Session = _SESSION,
) -> None:
    """Write all turns of a session as JSON, one a line, pictures included; nothing of what was said is left out."""
    from glyph_memory.cli.commands import sessions as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415

    command.export(file, Place(memory=memory, session=session))


@register_command(
    MEMORY,
    ("Into a session of its own", "glyph-memory import backup.jsonl --session restored"),
    (
        "A conversation from elsewhere: a JSON object with role and text on each line",
        "glyph-memory import talk.jsonl --memory new.db",
    ),
)
def import_(
    *,
    file: options.ImportFrom,
    memory: options.Memory = _DATABASE,
    session: options.Session = _SESSION,
) -> None:
    """Add the turns of a file that export wrote to a session; the database and the session are made where missing.

    Turns that the session has already, by their id, are not added twice: what broke off can be done again. In an
    empty session turns keep their numbers, so that citations such as §42 stay right.
    """
    from glyph_memory.cli.commands import sessions as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415

    command.import_(file, Place(memory=memory, session=session))
