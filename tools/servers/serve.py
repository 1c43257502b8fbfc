"""Run one of the real servers until its standard input ends; run by the servers' own Python, in a group of its own.

serve.py vllm ARGUMENTS …             vLLM's server, which `vllm serve` would start if the wheel were named vllm
serve.py transformers FOLDER PORT    `transformers serve`, which the folder of a Qwen2.5-VL needs torchvision for
serve.py llamacpp PORT WINDOW         llama.cpp's server with SmolLM2
"""

# What the servers' environment holds carries no types.
# mypy: allow-untyped-calls

from __future__ import annotations

import io
import os
import runpy
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import build_models
import numpy as np
import torch
from PIL import Image


def end_with_stdin() -> None:
    """End this whole process group when standard input does: whoever holds its other end is gone, however it ended.

    A signal would not do: vLLM does not end by one while it starts.
    """

    def wait() -> None:
        sys.stdin.buffer.read()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


def serve_vllm(arguments: Sequence[str]) -> None:
    """Serve a model, as the arguments say."""
    sys.argv = ["api_server", *arguments]
    runpy.run_module("vllm.entrypoints.openai.api_server", run_name="__main__", alter_sys=True)


def serve_transformers(folder: str, port: int) -> None:
    """Serve a folder on the CPU. Pillow decodes its pictures: torchvision's wheel does so only where CUDA is."""
    from transformers import image_utils  # noqa: PLC0415 - no other server has need of it
    from transformers.cli.transformers import main  # noqa: PLC0415 - as above

    image_utils.decode_image = decode_image

    sys.argv = ["transformers", "serve", folder, "--device", "cpu", "--dtype", "float32"]
    sys.argv += ["--host", "127.0.0.1", "--port", str(port)]
    main()


def decode_image(source: str | torch.Tensor, **_: object) -> torch.Tensor:
    """Return the red, green and blue of a file, by its path or its bytes, as torchvision's function does."""
    with Image.open(source if isinstance(source, str) else io.BytesIO(source.numpy().tobytes())) as picture:
        return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)


def serve_llamacpp(port: int, window_tokens: int) -> None:
    """Serve SmolLM2 with one thread: with more threads than free cores, llama.cpp's wait for each other."""
    import xllamacpp  # noqa: PLC0415 - vLLM's process has no need of it

    options = xllamacpp.CommonParams()
    options.model.path = str(Path(*build_models.find_gguf()))
    options.model_alias = {"smollm2"}
    options.port, options.n_ctx, options.n_parallel = port, window_tokens, 1
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(options)
    print(server.listening_address, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    end_with_stdin()
    if sys.argv[1] == "vllm":
        serve_vllm(sys.argv[2:])
    elif sys.argv[1] == "transformers":
        serve_transformers(sys.argv[2], int(sys.argv[3]))
    else:
        serve_llamacpp(int(sys.argv[2]), int(sys.argv[3]))
