"""Every code block of the README and the documentation runs, or says in place why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.util._once import Once
from site_parts import ROOT, list_pages

from glyph_memory.testing import FakeVLMServer
from tests.documentation.blocks import SHELL, Block, BrokenBlock, PageRunner, find_blocks

PAGES = [page for page in list_pages() if any(find_blocks(page.read_text()))]

NOT_RUN = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}:{block.line} {block.not_run}")
    for page in PAGES
    for block in find_blocks(page.read_text())
    if block.not_run is not None
]
"""Every block that is not run, with its reason; `pytest --collect-only -q` lists them."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fake server in the place of every server on this machine, and an empty folder to run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    for variable in ("GLYPH_BASE_URL", "GLYPH_MEMORY_API_KEY", "GLYPH_MEMORY_DB", "GLYPH_MEMORY_SERVER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("GLYPH_MEMORY_DB", str(tmp_path / "memory.db"))
    # A page that configures an SDK for its process must not trace all tests after it.
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    with FakeVLMServer() as fake:
        yield fake.base_url.removesuffix("/v1")


def run(page: Path, server: str) -> list[str]:
    """Run all blocks of a page; return their languages."""
    runner = PageRunner(page, server=server)
    try:
        blocks = [*find_blocks(page.read_text())]
        for block in blocks:
            runner.run(block)
    finally:
        runner.close()
    return [block.language for block in blocks]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_a_page_runs_or_says_why_not(page: Path, server: str) -> None:
    """In order, in one folder, names carried over, with a fake server."""
    assert run(page, server)


@pytest.mark.parametrize("block", NOT_RUN)
def test_a_block_that_is_not_run_names_what_is_there(block: Block) -> None:
    """It has a reason, and the `make` targets and scripts that it calls exist."""
    assert block.not_run
    if block.language in SHELL:
        for target in re.findall(r"^(?:\$ )?make ([\w-]+)", block.code, re.MULTILINE):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
        for script in re.findall(r"^(?:\$ )?\S*python3? (\w\S*\.py)", block.code, re.MULTILINE):
            assert (ROOT / script).exists(), script


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\nmissing\n```", "page.md:2: NameError"),
        ("```python\nx = (\n```", "page.md:2: .*was never closed"),
        ("words\n\n```python\nx = 1\n```\n\n```python\nassert x == 2\n```", "page.md:8: AssertionError"),
        ("> ```python\n> missing\n> ```", "NameError"),
        ("````{tab}\n```python\nmissing\n```\n````", "page.md:3: NameError"),
        ("```python\nprint(20, 'pages')\n# SECOND\n```", "page.md:2: did not print 'SECOND'"),
        ("<!-- run before:\nmissing\n-->\n```python\n1\n```", "page.md:2: NameError"),
        ("```console\nglyph-memory tokens nowhere.txt\n```", "ended with 1"),
        ("```console\n$ glyph-memory --version\nglyph-memory 99\n```", "did not print 'glyph-memory 99'"),
        ("```bash\nvllm serve zai-org/Glyph\n```", "'vllm' is not run here"),
        ("<!-- not run: -->\n```bash\nvllm serve zai-org/Glyph\n```", "say why"),
        ("<!-- not run: needs a GPU -->\n```python\nx = (\n```", "never closed"),
        ("<!-- not run: needs a GPU -->\n\nwords\n\n```bash\nvllm serve\n```", "'vllm' is not run here"),
        ("```\nglyph-memory --version\n```", "name its language"),
    ],
)
def test_a_broken_block_is_found(text: str, message: str, server: str, tmp_path: Path) -> None:
    """With the page and the line."""
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(BrokenBlock, match=message):
        run(page, server)


def test_what_pages_need_is_there(server: str, tmp_path: Path) -> None:
    """A server, names and files of earlier blocks, `await`, the command line, and output with … for anything."""
    page = tmp_path / "page.md"
    page.write_text("""
<!-- run before:
from pathlib import Path
Path("book.txt").write_text("Ada signed. " * 500)
-->

```python
from glyph_memory import Context, OpenAIReader

with OpenAIReader("http://127.0.0.1:8000/v1") as reader:
    answer = reader.read(Context.of("Who signed?", pages=())).text
```

```python
import asyncio

await asyncio.sleep(0)
assert answer
```

```console
$ glyph-memory tokens book.txt --profile glyph
…glyph…
$ glyph-memory ask book.txt 'Who signed?' \\
    --server http://localhost:30000/v1
```

<!-- not run: needs a GPU -->
```bash
vllm serve zai-org/Glyph
```

```json
{"shown": "and not run"}
```
""")
    assert run(page, server) == ["python", "python", "python", "console", "bash", "json"]
