"""The command about the pages of many documents as it is typed; what it does stands in a module of its name."""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import reading_options
from glyph_memory.cli.root import PAGES, register_command


@register_command(
    PAGES,
    (
        "From this machine; once more after a stop, and it goes on",
        'glyph-memory ask-pages dataset "Who signed?" --server http://127.0.0.1:8000/v1',
    ),
    (
        "From a Ray cluster, by two servers, about each page",
        'glyph-memory ask-pages s3://corpus/pages "What is the total?" --per page --ray auto '
        "--server http://gpu1:8000/v1 --server http://gpu2:8000/v1",
    ),
    (
        "Other questions for each document",
        "glyph-memory ask-pages dataset --questions asked.csv --server http://gpu:8000/v1 --out answers",
    ),
)
def ask_pages(
    *,
    pages: reading_options.Pages,
    questions: reading_options.Questions = None,
    question_file: reading_options.QuestionFile = None,
    per: reading_options.Per = "document",
    server: reading_options.Servers = None,
    model: options.Model = None,
    api_key: options.ApiKey = None,
    max_tokens: reading_options.MaxTokens = 1024,
    profile: options.ServedProfile = None,
    window: options.Window = None,
    concurrent: reading_options.Concurrent = 16,
    retries: reading_options.Retries = 5,
    out: reading_options.Out = None,
    ray: reading_options.Ray = None,
    workers: reading_options.Workers = None,
    as_json: options.Json = False,
) -> None:
    """Ask a server about the pages of many documents, each question once.

    For what the command pages drew with --ray. All pages of a document are sent in one request, if they fit into
    the window; else in parts of whole pages, which are told as part 1 of 3 and so on. No page is ever cut.

    answers/*.parquet has a row for each answer: the document, its pages, what was answered, tokens, the model, and
    whether the end is missing. Each answer is kept as it comes. After a stop, the same command asks what is left, and
    what is new or changed since; a copy of a document gets its answer. What failed is a row with its error, is listed
    at the end, and is asked again by the next run.
    """
    from glyph_memory.cli.commands import ask_pages as command  # noqa: PLC0415  see the module's first lines

    command.run(
        pages,
        questions or [],
        question_file,
        servers=server or [],
        out=out,
        ray=ray,
        workers=workers,
        options={
            "per": per,  # type: ignore[typeddict-item]  # checked where it is used
            "model": model,
            "api_key": api_key or None,
            "answer_tokens": max_tokens,
            "profile": profile,
            "window_tokens": window,
            "max_concurrent": concurrent,
            "retries": retries,
        },
        as_json=as_json,
    )
