"""The commands about servers as they are typed; what they do stands in a module of each one's name.

Those modules are imported when a command runs, so that help and completion come at once.
"""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import memory_options, serve_options, server_options
from glyph_memory.cli.root import SERVERS, register_command
from glyph_memory.errors import GlyphMemoryError


@register_command(
    SERVERS,
    ("Between clients and vLLM on this machine", "glyph-memory serve --upstream http://127.0.0.1:8000/v1"),
    (
        "A client of OpenAI's API, such as an SDK or Codex",
        "OPENAI_BASE_URL=http://127.0.0.1:8400/v1 your-agent",
    ),
    ("A client of Anthropic's API, such as Claude Code", "ANTHROPIC_BASE_URL=http://127.0.0.1:8400 claude"),
    (
        "Two servers, for others on the network, who each need a key",
        "glyph-memory serve --upstream a=http://gpu1:8000/v1 --upstream b=http://gpu2:8000/v1 --host 0.0.0.0 "
        "--key-file keys",
    ),
)
def serve(
    *,
    upstream: serve_options.Upstreams = None,
    upstream_key_file: serve_options.UpstreamKeyFile = None,
    memory: serve_options.Memory = "glyph-serve.db",
    pages: serve_options.Pages = None,
    profile: serve_options.Profile = None,
    window: options.Window = None,
    style: serve_options.Style = None,
    calibration: serve_options.Calibration = None,
    off: serve_options.Off = None,
    on: serve_options.On = None,
    recall: serve_options.Recall = False,
    canaries: serve_options.Canaries = None,
    check_every: serve_options.CheckEvery = None,
    host: serve_options.Host = "127.0.0.1",
    port: serve_options.Port = 8400,
    web: serve_options.Web = None,
    key_file: serve_options.KeyFile = None,
    allow_host: serve_options.AllowHost = None,
    allow_origin: serve_options.AllowOrigin = None,
    workers: serve_options.Workers = 1,
    max_requests: serve_options.MaxRequests = 256,
    max_body: serve_options.MaxBody = 256,
    max_image_px: serve_options.MaxImagePx = 64_000_000,
    connect_timeout: serve_options.ConnectTimeout = 10.0,
    answer_timeout: serve_options.AnswerTimeout = 600.0,
    grace: serve_options.Grace = 30.0,
    log_bodies: serve_options.LogBodies = False,
) -> None:
    """Put a long memory between any client and your model's server.

    Clients are given this server's address instead of the model's, and nothing else changes for them. It speaks
    OpenAI's chat completions and Responses, and Anthropic's Messages. Each conversation is recognised by its content;
    old turns become pages, and answers come back byte for byte. All else is passed through.

    Whoever may reach it may use it, so it listens at this machine alone unless a file of keys is given. The
    upstream's own key is taken from GLYPH_MEMORY_API_KEY or a file, and sent to nobody else.
    """
    from glyph_memory.cli.commands import serve as command  # noqa: PLC0415  see the module's first lines

    command.run(
        upstreams=upstream or (),
        upstream_key_file=upstream_key_file,
        pages={
            "profile": profile,
            "window_tokens": window,
            "style": style,
            "canaries": canaries,
            "calibration": calibration,
            "pages": pages,
        },
        off=off or (),
        on=on or (),
        memory=memory,
        recall=recall,
        check_every_s=check_every,
        host=host,
        port=port,
        web=web,
        key_file=key_file,
        allow_hosts=tuple(allow_host or ()),
        allow_origins=tuple(allow_origin or ()),
        workers=workers,
        max_requests=max_requests,
        max_body_bytes=max_body << 20,
        max_image_px=max_image_px,
        connect_timeout_s=connect_timeout,
        answer_timeout_s=answer_timeout,
        grace_s=grace,
        log_bodies=log_bodies,
    )


@register_command(
    SERVERS,
    ("vLLM with Glyph on two GPUs", "glyph-memory serve-command --model zai-org/Glyph --gpus 2"),
    ("The same, started at once", "glyph-memory serve-command --model zai-org/Glyph --gpus 2 | sh"),
    (
        "SGLang on the second GPU, which has 24 GiB",
        "glyph-memory serve-command --engine sglang --model Qwen/Qwen2.5-VL-7B-Instruct --devices 1 --gpu-memory 24",
    ),
)
def serve_command(
    *,
    model: server_options.Model,
    engine: server_options.Engine = "vllm",
    profile: server_options.Profile = None,
    mmproj: server_options.Mmproj = None,
    gpus: server_options.Gpus = None,
    devices: server_options.Devices = None,
    gpu_memory: server_options.GpuMemory = None,
    window: server_options.Window = None,
    pages_folder: server_options.PagesFolder = None,
    host: server_options.Host = "127.0.0.1",
    port: server_options.Port = 8000,
    explain: server_options.Explain = True,
    as_json: options.Json = False,
) -> None:
    """Print the command that starts a server on which pages that are asked about again are cheap.

    The prefix cache is on, the caches of pictures hold a window full of pages, and limits are raised. What is printed
    is a script for a shell: the command, and below it a comment on each setting. Nothing is started, and neither the
    machine nor the network is asked.
    """
    from glyph_memory.cli.commands import serve_command as command  # noqa: PLC0415  see the module's first lines
    from glyph_memory.readers.launch import plan_server  # noqa: PLC0415

    planned = plan_server(
        model,
        engine=engine,
        profile=profile,
        mmproj=mmproj,
        gpus=gpus,
        devices=[] if devices is None else [device.strip() for device in devices.split(",")],
        gpu_memory_gib=gpu_memory,
        window_tokens=window,
        pages_folder=pages_folder,
        host=host,
        port=port,
    )
    command.run(planned, explain=explain, as_json=as_json)


@register_command(
    SERVERS,
    (
        "As a client's configuration names it: over standard input and output, with a folder of documents",
        "glyph-memory mcp --memory notes.db --folder ~/papers",
    ),
    ("Over HTTP, for several clients; all sessions of a database", "glyph-memory mcp --http --all-sessions"),
)
def mcp(
    *,
    memory: memory_options.Memory = "glyph-memory.db",
    session: memory_options.Session = "mcp",
    all_sessions: server_options.AllSessions = False,
    secrets: memory_options.Secrets = "off",
    folder: server_options.Folders = None,
    http: server_options.Http = False,
    host: server_options.Host = "127.0.0.1",
    port: server_options.Port = 8401,
    key_file: serve_options.KeyFile = None,
) -> None:
    r"""Serve the memory as tools over MCP: remember, recall, zoom, identifiers and read_document.

    Clients start it and speak to it over standard input and output; with --http it listens on this machine instead,
    and says where. Sessions and pages are resources, from glyph://sessions on. It sees one session, unless told
    --all-sessions; with --key-file, each key has sessions of its own. Documents are read below the folders of --folder
    alone. Needs the extra mcp, and for documents the extra documents.
    """
    from glyph_memory.cli.commands import mcp as command  # noqa: PLC0415
    from glyph_memory.cli.memories import Place  # noqa: PLC0415

    if not http and (host, port) != ("127.0.0.1", 8401):
        raise GlyphMemoryError("--host and --port are for --http; give that, too")
    command.run(
        Place(memory=memory, session=session),
        all_sessions=all_sessions,
        secrets=secrets,
        folders=folder or [],
        address=(host, port) if http else None,
        key_file=key_file,
    )
