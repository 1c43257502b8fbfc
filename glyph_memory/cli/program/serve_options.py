"""Options of `glyph-memory serve`, with their help, by the panel they stand in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glyph_memory.cli.options import FLAG, LOOK, MODEL, complete_style
from glyph_memory.style import PRESETS

_UPSTREAM = "Which servers answer"
_MEMORY = "What is remembered"
_DOOR = "Who may ask"
_LIMITS = "Limits"

Upstreams = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME=]URL",
        help="Address, up to and including /v1, of a model's server. Several: a request goes to the first that has its "
        "model. None: the web page alone, where the nano reader answers.",
        rich_help_panel=_UPSTREAM,
    ),
]
UpstreamKeyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The upstream's key, alone in a file of mode 0600; of several, lines NAME:KEY. "
        "Else the variable GLYPH_MEMORY_API_KEY. Where neither is given, a client's own key goes on.",
        rich_help_panel=_UPSTREAM,
    ),
]
ConnectTimeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", help="How long to wait for a server's connection.", rich_help_panel=_UPSTREAM
    ),
]
AnswerTimeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        help="How long to wait for the next bytes of its answer.",
        rich_help_panel=_UPSTREAM,
    ),
]
Memory = Annotated[
    str,
    typer.Option(
        metavar="FILE|URL",
        help="The database of turns and bookmarks, a file or PostgreSQL's address; page files lie beside a file.",
        rich_help_panel=_MEMORY,
    ),
]
Profile = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Whose page tokens to count: a name such as glyph or qwen3-vl, or the model's id on a hub. If none, what "
        "the server says that it serves; of a model that is not known, old turns stay text. The command tokens lists "
        "all names.",
        rich_help_panel=MODEL,
    ),
]
Style = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"{', '.join(PRESETS)}; if none, what packs most for the model.",
        autocompletion=complete_style,
        rich_help_panel=LOOK,
    ),
]
Calibration = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="What the command calibrate found the model to read: it gives the style, refuses a denser one, and orders "
        "the identifiers beside pages. Old turns of other models stay text.",
        rich_help_panel=LOOK,
    ),
]
Off = Annotated[
    list[str] | None,
    typer.Option(
        "--off",
        metavar="RULE",
        help="A rule to leave out, of those that move what clients change at every request where it breaks no "
        "prefix cache: billing-line or moving-system; may be given several times.",
        rich_help_panel=_MEMORY,
    ),
]
On = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="RULE",
        help="A rule to apply though it is off by default, cache-marks; may be given several times.",
        rich_help_panel=_MEMORY,
    ),
]
Recall = Annotated[
    bool,
    typer.Option(
        "--recall",
        metavar=FLAG,
        help="Give models the tools recall and zoom, which this server answers itself.",
        rich_help_panel=_MEMORY,
    ),
]
Canaries = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        show_default=False,
        help="Each N-th page of old turns carries a short code, for which --check-every asks. If not given, none does.",
        rich_help_panel=_MEMORY,
    ),
]
Pages = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="Where page images are kept: a folder, or an address such as s3://bucket/pages that machines share; if "
        "none, beside an SQLite database, else in memory.",
        rich_help_panel=_MEMORY,
    ),
]
CheckEvery = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        show_default=False,
        help="While no client asks anything, ask the model for the code of a page, at most so often: /metrics then has "
        "its reading rate. Needs --canaries. Any request of a client ends such a question at once.",
        rich_help_panel=_MEMORY,
    ),
]
Host = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Where it listens: 127.0.0.1 is this machine alone. Anything else needs --key-file.",
        rich_help_panel=_DOOR,
    ),
]
Port = Annotated[
    int,
    typer.Option(
        metavar="N", help="The port there; 0 for a free one, which is printed.", rich_help_panel=_DOOR
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Who may ask: lines NAME:KEY in a file of mode 0600. Each name sees its own conversations alone.",
        rich_help_panel=_DOOR,
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="A further name by which this machine may be asked, such as host.docker.internal.",
        rich_help_panel=_DOOR,
    ),
]
AllowOrigin = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ORIGIN",
        help="A site whose pages may ask from a browser, such as http://localhost:3000; others are refused.",
        rich_help_panel=_DOOR,
    ),
]
Web = Annotated[
    bool | None,
    typer.Option(
        "--web/--no-web",
        metavar=FLAG,
        help="Whether there is a web page; if neither is given, at 127.0.0.1 alone.",
        show_default=False,
        rich_help_panel=_DOOR,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        metavar="N",
        min=1,
        help="How many processes answer, over one memory. Each shows its own requests on the page.",
        rich_help_panel=_LIMITS,
    ),
]
MaxRequests = Annotated[
    int,
    typer.Option(
        metavar="N", min=1, help="How many requests are answered at a time.", rich_help_panel=_LIMITS
    ),
]
MaxBody = Annotated[
    int,
    typer.Option(metavar="MIB", min=1, help="The largest request, in MiB.", rich_help_panel=_LIMITS),
]
MaxImagePx = Annotated[
    int,
    typer.Option(
        metavar="PIXELS",
        min=1,
        help="The largest picture of a request that is taken. Other than JPEG, none has more than 50 million.",
        rich_help_panel=_LIMITS,
    ),
]
Grace = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0,
        help="How long open answers may go on after Ctrl-C or SIGTERM; a second one ends at once.",
        rich_help_panel=_LIMITS,
    ),
]
LogBodies = Annotated[
    bool,
    typer.Option(
        "--log-bodies",
        metavar=FLAG,
        help="Write what clients send into the log, word for word.",
        rich_help_panel=_LIMITS,
    ),
]
