"""The command that `plan_server` prints for vLLM is one that vLLM itself understands."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from glyph_memory.readers.launch import plan_server
from lib.results import ROOT
from lib.servers import ENVIRONMENT

READ = """
import json, sys
from vllm.entrypoints.launchers.cli_args import make_arg_parser
from vllm.reasoning import ReasoningParserManager
from vllm.utils.argparse_utils import FlexibleArgumentParser
read = make_arg_parser(FlexibleArgumentParser()).parse_args(sys.argv[1:])
known = read.reasoning_parser in ["", *ReasoningParserManager.list_registered()]
print(json.dumps([read.max_model_len, read.enable_prompt_tokens_details, read.enable_prefix_caching, known]))
"""


@pytest.mark.skipif("SERVERS" not in os.environ, reason="asks real servers: make servers")
@pytest.mark.parametrize("model", ["zai-org/Glyph", "Qwen/Qwen3-VL-8B-Instruct"])
def test_vllm_understands_every_flag(model: str) -> None:
    """Read by vLLM's own parser: an unknown flag, value or reasoning parser would end it."""
    command, program, served, *flags = plan_server(
        model, devices=("0", "1"), gpu_memory_gib=48, pages_folder="/srv/pages"
    ).arguments
    assert (command, program, served) == ("vllm", "serve", model)
    done = subprocess.run(
        [ENVIRONMENT / "bin" / "python", "-c", READ, "--model", model, *flags],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tools" / "servers" / "shim"), "HF_HUB_OFFLINE": "1"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    window, tells, caches, known = json.loads(done.stdout.splitlines()[-1])
    assert window >= 32_768
    assert (tells, caches, known) == (True, True, True)
