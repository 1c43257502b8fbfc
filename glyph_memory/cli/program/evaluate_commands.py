"""The command about what a model still knows as it is typed; what it does stands in a module of its name.

That module is imported when the command runs, so that help and completion come at once.
"""

from __future__ import annotations

from glyph_memory.cli import options
from glyph_memory.cli.program import evaluate_options
from glyph_memory.cli.root import SERVERS, register_command


@register_command(
    SERVERS,
    (
        "What a served model finds in texts of two lengths, as text and as pages",
        "glyph-memory evaluate niah_single_3 identifiers --server http://127.0.0.1:8000/v1 --lengths 4096,16384 "
        "--out run",
    ),
    (
        "The same offline, with the built-in reader",
        "glyph-memory evaluate identifiers --reader nano --lengths 1024 --samples 4 --out run-nano",
    ),
    ("Is one way better than another?", "glyph-memory evaluate --out run --compare window pages+ledger"),
    ("Where known benchmarks are had, and on what terms", "glyph-memory evaluate fetch"),
    (
        "One of them, from a file that you have",
        "glyph-memory evaluate longbench:data.zip#hotpotqa --server http://127.0.0.1:8000/v1 --lengths 16384 "
        "--out run-longbench",
    ),
    (
        "How small print may be",
        "glyph-memory evaluate identifiers --server http://127.0.0.1:8000/v1 "
        "--arms pages@dpi=72,pages@dpi=96,pages@dpi=120 --out sweep --plot sweep.svg",
    ),
)
def evaluate(
    *,
    tasks: evaluate_options.Tasks = None,
    list_: evaluate_options.List = False,
    lengths: evaluate_options.Lengths = "4096",
    samples: evaluate_options.Samples = 20,
    seed: evaluate_options.Seed = 0,
    arms: evaluate_options.Arms = "text,window,pages,pages+ledger",
    budgets: evaluate_options.Budgets = "100%,40%",
    server: options.Server = None,
    reader: evaluate_options.Reader = None,
    model: options.Model = None,
    api_key: options.ApiKey = None,
    max_tokens: evaluate_options.MaxTokens = None,
    concurrent: evaluate_options.Concurrent = 8,
    timeout: evaluate_options.Timeout = 300.0,
    judge_server: evaluate_options.JudgeServer = None,
    judge_model: evaluate_options.JudgeModel = None,
    judge_api_key: evaluate_options.JudgeKey = None,
    profile: options.ServedProfile = None,
    tokenizer: options.Tokenizer = None,
    out: evaluate_options.Out = None,
    by: evaluate_options.By = "length,budget,arm",
    compare: evaluate_options.Compare = None,
    plot: evaluate_options.Plot = None,
    markdown: evaluate_options.Markdown = False,
    as_json: options.Json = False,
) -> None:
    """Measure what a model still knows when it is shown text as pages.

    Samples of tasks are shown in several ways, the arms, each within the same budget of prompt tokens. Answers are
    correct, abstained, or silently wrong, which is the worst: wrong without a word of doubt. What is no answer, such as
    one that was cut off, is counted apart and never as a wrong one.

    Every answer is kept in a folder as soon as it is there. The same command goes on where it was stopped, and asks
    nothing twice; more samples, lengths and arms are added to what is there.

    Known benchmarks are read from their own files, which you get yourself: LongBench v1 and v2, LongMemEval, LoCoMo,
    BEAM, MRCR, MMLongBench-Doc and VTCBench. With fetch in place of a task it tells where they are had. Nothing of
    a sample is cut: one that is longer than --lengths is left out and counted.
    """
    from glyph_memory.cli.commands import evaluate as command  # noqa: PLC0415  see the module's first lines
    from glyph_memory.cli.server import Server  # noqa: PLC0415

    if list_:
        command.show_list(as_json=as_json)
        return
    if tasks and tasks[0] == "fetch":
        from glyph_memory.cli.commands.evaluate_fetch import show_benchmarks  # noqa: PLC0415

        show_benchmarks(tasks[1:], as_json=as_json)
        return
    command.run(
        command.Plan(
            tasks=tuple(tasks or ()),
            arms=arms,
            lengths=lengths,
            budgets=budgets,
            samples=samples,
            seed=seed,
            concurrent=concurrent,
        ),
        Server(url=server, model=model, api_key=api_key, max_tokens=max_tokens, timeout_s=timeout),
        judge=Server(url=judge_server, model=judge_model, api_key=judge_api_key, timeout_s=timeout),
        reader=reader,
        profile=profile,
        tokenizer=tokenizer,
        out=out,
        output=command.Output(by=by, compare=compare, plot=plot, as_markdown=markdown, as_json=as_json),
    )
