"""What the fake model answers each program: calls of tools that the program really runs, then a last text.

Knows the tools that the programs offer; knows nothing about the proxy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from glyph_memory.testing import FakeAnswer, FakeRequest
from glyph_memory.transcript import ToolCall
from tests.clients.programs import AIDER_STEPS

STEPS = 32
"""How often a program calls tools, one after the other."""
LAST = "All of it is done; the key is 4711."
"""The last text."""
Script = Callable[[FakeRequest], "FakeAnswer | str"]
Tool = Callable[[str, str], tuple[str, dict[str, object]]]


def mark_step(number: int) -> str:
    """Return a word that the answer of a step's tool holds, and that stands nowhere else."""
    return f"mark-{number * 7919 % 100_003}-{number}"


def write_script(name: str, work: Path) -> Script:
    """Return what the model answers a program that works in a folder. Other requests are no part of it."""
    if name == "aider":
        return _answer_aider()
    answers = iter([*_TOOLS[name](work), FakeAnswer(text=LAST), FakeAnswer(text="Nothing is left to do.")])

    def answer(request: FakeRequest) -> FakeAnswer | str:
        return next(answers, FakeAnswer(text="Fine.")) if is_own(name, request) else "Fine."

    return answer


def is_own(name: str, request: FakeRequest) -> bool:
    """Return whether a program's request is one of the conversation itself: not of an agent or a job beside it."""
    return bool(request.body.get("stream")) if name == "aider" else _OWN[name] in request.tool_names


def _answer_aider() -> Script:
    numbers = iter(range(AIDER_STEPS))

    def answer(request: FakeRequest) -> str:
        if not is_own("aider", request):
            return "Set the value"
        number = next(numbers)
        words = " ".join(f"{mark_step(number)} word{i}" for i in range(80))
        return f"a.py\n```python\nVALUE = {number}\n```\n" if number % 3 == 0 else f"It is so. {words}"

    return answer


def _call(tool: str, /, **arguments: object) -> ToolCall:
    return ToolCall(name=tool, arguments=json.dumps(arguments))


def _list_steps(
    shell: Callable[[str], ToolCall],
    read: Callable[[str], ToolCall],
    write: Callable[[str, str], ToolCall],
    edit: Callable[[str, str, str], ToolCall],
) -> Iterator[FakeAnswer]:
    """Yield calls: a shell, a file that is written, read and edited, two at once; some with a thought."""
    for number in range(STEPS):
        mark = mark_step(number)
        calls: tuple[ToolCall, ...]
        match number % 4:
            case 0:
                calls = (shell(f"echo {mark}; seq -s ' ' {number} {number + 700}"),)
            case 1:
                calls = (write(f"file{number}.txt", f"{mark} alpha\nsecond line\n"),)
            case 2:
                calls = (read(f"file{number - 1}.txt"), shell(f"echo {mark}; ls"))
            case _:
                calls = (edit(f"file{number - 2}.txt", "alpha", mark), shell(f"echo {mark}"))
        yield FakeAnswer(
            text=f"Step {number}." if number % 5 == 0 else "",
            reasoning=f"I think of {number}." if number % 3 == 0 else "",
            tool_calls=calls,
        )


def _list_qwen(work: Path) -> Iterator[FakeAnswer]:
    return _list_steps(
        # What a command prints just before it ends is lost now and then, with the proxy and without it.
        lambda command: _call(
            "run_shell_command", command=f"{command}; sleep 0.3", description="run", is_background=False
        ),
        lambda name: _call("read_file", file_path=str(work / name)),
        lambda name, text: _call("write_file", file_path=str(work / name), content=text),
        lambda name, old, new: _call("edit", file_path=str(work / name), old_string=old, new_string=new),
    )


def _list_claude(work: Path) -> Iterator[FakeAnswer]:
    return _list_steps(
        lambda command: _call("Bash", command=command, description="run"),
        lambda name: _call("Read", file_path=str(work / name)),
        lambda name, text: _call("Write", file_path=str(work / name), content=text),
        lambda name, old, new: _call("Edit", file_path=str(work / name), old_string=old, new_string=new),
    )


def _list_codex(work: Path) -> Iterator[FakeAnswer]:
    return _list_steps(
        lambda command: _call("exec_command", cmd=command),
        lambda name: _call("exec_command", cmd=f"cat {work / name}"),
        lambda name, text: _call("exec_command", cmd=f"cat > {name} <<'END'\n{text}END"),
        lambda name, old, new: _call("exec_command", cmd=f"sed -i 's/{old}/{new}/' {name}"),
    )


def _list_llm(_work: Path) -> Iterator[FakeAnswer]:
    for number in range(STEPS):
        calls = (_call("read_note", name=mark_step(number)),)
        yield FakeAnswer(tool_calls=calls * 2 if number % 5 == 3 else calls)


_TOOLS: dict[str, Callable[[Path], Iterator[FakeAnswer]]] = {
    "qwen": _list_qwen,
    "claude": _list_claude,
    "codex": _list_codex,
    "llm": _list_llm,
}
_OWN = {"qwen": "list_agents", "claude": "TaskCreate", "codex": "exec_command", "llm": "read_note"}
"""A tool that each program offers in its own requests alone."""
