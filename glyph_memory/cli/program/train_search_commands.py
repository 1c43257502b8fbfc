"""The command `train search` as it is typed; what it does stands in a module of its name, loaded when it runs."""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import train_search_options as search_options
from glyph_memory.cli.root import TRAINING, register_command, train


@register_command(
    TRAINING,
    (
        "The densest pages that a served model reads, with a language model that proposes them",
        "glyph-memory train search --server http://127.0.0.1:8000/v1 --llm-server http://127.0.0.1:9000/v1 "
        "--floor 0.95 --budget 60 --out search --plot front.svg",
    ),
    (
        "The same offline in minutes, with the built-in reader",
        "glyph-memory train search --reader nano --samples 8 --tokens 1024 --budget 20 --out search",
    ),
    (
        "Without questions: what the built-in reader reads back of a text",
        "glyph-memory train search --reader nano --read-back book.txt --floor 0.99 --out search",
    ),
    ("Pages in the style that was found", "glyph-memory pages book.txt --style search/style.json"),
    group=train,
)
def train_search(
    *,
    tasks: search_options.Tasks = "identifiers,niah_single_3",
    tokens: search_options.Tokens = 2_048,
    samples: search_options.Samples = 20,
    read_back: search_options.ReadBack = None,
    floor: search_options.Floor = None,
    weight: search_options.Weight = None,
    budget: search_options.Budget = 60,
    questions: search_options.Questions = None,
    minutes: search_options.Minutes = None,
    confirm: search_options.Confirm = 0.2,
    patience: search_options.Patience = 6,
    start: search_options.Start = None,
    seed: search_options.Seed = 0,
    server: options.Server = None,
    reader: search_options.Reader = None,
    model: options.Model = None,
    api_key: options.ApiKey = None,
    max_tokens: search_options.MaxTokens = 2_048,
    concurrent: search_options.Concurrent = 8,
    llm_server: search_options.LlmServer = None,
    llm_model: search_options.LlmModel = None,
    llm_api_key: search_options.LlmKey = None,
    profile: options.ServedProfile = None,
    tokenizer: search_options.Tokenizer = None,
    out: search_options.Out = "search",  # type: ignore[assignment] # typer makes a path of it
    plot: search_options.Plot = None,
    as_json: options.Json = False,
) -> None:
    """Search for the page style that a model reads best: accurate answers, and few tokens.

    A first generation of styles is drawn as for page data. Each is judged by the same questions about texts as pages:
    by the share of right answers, and by ρ, the text tokens that a page token stands for. Better ones come from a
    language model that is shown what was tried, and from crossing and changing good ones. A style that is clearly worse
    is not asked all questions.

    What comes out is the front, the styles that none beats in both, and one of them: the densest that keeps the floor.
    The best of many owes a part of its accuracy to luck, so a fifth of the questions is kept for fresh ones about the
    styles that would be taken: the report says what was found, what was confirmed, and what was not.
    """
    from glyph_memory.cli.commands import train_search as command  # noqa: PLC0415  see the module's first lines
    from glyph_memory.cli.server import Server  # noqa: PLC0415

    command.run(
        command.Exams(
            tasks=tasks, tokens=tokens, samples=samples, seed=seed, read_back=tuple(read_back or ())
        ),
        command.Search(
            floor=floor,
            weight=weight,
            budget=budget,
            questions=questions,
            minutes=minutes,
            confirm=confirm,
            patience=patience,
            start=tuple(start or ()),
            seed=seed,
            concurrent=concurrent,
        ),
        Server(url=server, model=model, api_key=api_key, max_tokens=max_tokens),
        llm=Server(url=llm_server, model=llm_model, api_key=llm_api_key),
        reader=reader,
        profile=profile,
        tokenizer=tokenizer,
        out=out,
        plot=plot,
        as_json=as_json,
    )
