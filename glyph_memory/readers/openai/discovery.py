"""Find out what a server serves: ask its list of models, and what that kind of server tells elsewhere.

`/v1/models` says it of vLLM, SGLang, OpenRouter and others; llama.cpp, Ollama, LM Studio, TGI and LiteLLM say more at
addresses of their own. A generator that yields requests and is handed answers, as in `exchange`; it opens none itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from glyph_memory.errors import ReaderError
from glyph_memory.readers.openai.endpoint import Endpoint
from glyph_memory.readers.openai.exchange import HttpAnswer, Outcome, Send, Step
from glyph_memory.readers.openai.failures import make_error
from glyph_memory.readers.openai.json_values import (
    parse_json,
    read_count,
    read_flag,
    read_mapping,
    read_name,
    read_text,
)
from glyph_memory.readers.openai.served import ServedModel

Fields = Mapping[str, object]
_NAMES = ("id", "model_name", "key", "name", "model")
"""Where lists of models have a model's name."""
_OLLAMA_WINDOW_TOKENS = 4096
"""What Ollama serves unless it is told otherwise; what is longer it cuts without a word."""


def ask_what_is_served(endpoint: Endpoint, model: str | None) -> Generator[Step, Outcome, ServedModel]:
    """Ask what a server serves: its list of models, then what that kind of server tells elsewhere.

    Args:
        endpoint: The server.
        model: The model's name there; the first that it lists unless given.

    Raises:
        ReaderError: Nobody is there, or the key is refused.
    """
    answer = cast("HttpAnswer", (yield Send(path="/models")))
    if answer.status in {401, 403} or answer.status >= 500:
        raise make_error(answer.status, answer.headers, answer.body, endpoint=endpoint)
    card = _pick(_read(answer), model)
    found = _read_card(card, model)
    profile = found.profile
    if profile is not None and not profile.image_uuids:  # a vendor's own, whose window is known
        return replace(found, base_url=endpoint.base_url)
    for look in _LOOKS:
        if found.server in look.servers or (found.server is None and found.window_tokens is None):
            body = None if look.asks is None else json.dumps(look.asks(found)).encode()
            try:
                answer = cast("HttpAnswer", (yield Send(path=look.path, body=body, is_root=True)))
            except ReaderError:
                continue
            if told := _read(answer):
                found = look.reads(found, told)
    if found.server == "ollama" and found.window_tokens is None:
        found = replace(found, window_tokens=_OLLAMA_WINDOW_TOKENS)
    return replace(found, base_url=endpoint.base_url)


def list_models(endpoint: Endpoint) -> Generator[Step, Outcome, list[str]]:
    """Ask for the names of all models that a server lists; an empty list where it lists none.

    Raises:
        ReaderError: Nobody is there, or the key is refused.
    """
    answer = cast("HttpAnswer", (yield Send(path="/models")))
    if answer.status in {401, 403} or answer.status >= 500:
        raise make_error(answer.status, answer.headers, answer.body, endpoint=endpoint)
    listed = _read(answer)
    rows = listed.get("data") or listed.get("models")
    named = (
        next(filter(None, (read_name(row.get(name)) for name in _NAMES)), None)
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    )
    return [name for name in named if name is not None]


def _read(answer: HttpAnswer) -> Fields:
    """Return an answer's JSON object; an empty one where it is none."""
    found = parse_json(answer.body) if answer.status == 200 else None
    return {"data": found} if isinstance(found, list) else read_mapping(found)


# What is told in a list of models.

_OWNERS = {"vllm": "vllm", "sglang": "sglang", "llamacpp": "llama.cpp", "library": "ollama"}
_OWNERS |= {"organization_owner": "lmstudio", "lmdeploy": "lmdeploy"}


def _read_card(card: Fields, model: str | None) -> ServedModel:
    meta, top, tells = _sub(card, "meta"), _sub(card, "top_provider"), _sub(card, "architecture")
    modes = tells.get("input_modalities")
    return ServedModel(
        model=model or _text(card, "id"),
        window_tokens=_number(card, "max_model_len", "loaded_context_length")
        or _number(top, "context_length")
        or _number(card, "context_length", "context_window", "max_context_length")
        or _number(meta, "n_ctx"),
        takes_images="image" in modes
        if isinstance(modes, list)
        else _flag(_sub(card, "capabilities"), "vision"),
        server=_OWNERS.get(_text(card, "owned_by") or ""),
        weights=_text(card, "root") if _text(card, "root") != _text(card, "id") else None,
    )


def _pick(listed: Fields, model: str | None) -> Fields:
    """Return the card of a model in a list; the first where no model is named, or only one is there."""
    rows = listed.get("data") or listed.get("models")
    cards = [cast("Fields", row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    own = [card for card in cards if model is not None and model in [card.get(name) for name in _NAMES]]
    return next(iter(own or (cards if model is None or len(cards) == 1 else [])), {})


# What servers tell elsewhere.


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """An address where a kind of server tells more."""

    servers: Sequence[str]
    path: str
    reads: Callable[[ServedModel, Fields], ServedModel]
    asks: Callable[[ServedModel], Fields] | None = None


def _read_llamacpp(found: ServedModel, told: Fields) -> ServedModel:
    window = _number(_sub(told, "default_generation_settings"), "n_ctx")
    if window is None:
        return found
    path = _text(told, "model_path")
    sees = _flag(_sub(told, "modalities"), "vision")
    return replace(
        found, server="llama.cpp", window_tokens=window, takes_images=sees, weights=path or found.weights
    )


def _read_sglang_model(found: ServedModel, told: Fields) -> ServedModel:
    path, sees = _text(told, "model_path"), _flag(told, "has_image_understanding")
    return found if path is None else replace(found, server="sglang", weights=path, takes_images=sees)


def _read_sglang(found: ServedModel, told: Fields) -> ServedModel:
    windows = [_number(told, "context_length"), _number(told, "max_total_num_tokens"), found.window_tokens]
    known = [window for window in windows if window is not None]
    if not known or "model_path" not in told:
        return found
    images = _number(_sub(told, "limit_mm_data_per_request"), "image")
    return replace(found, server="sglang", window_tokens=min(known), max_images=images or found.max_images)


def _read_lmstudio(found: ServedModel, told: Fields) -> ServedModel:
    card = _pick(told, found.model)
    window = _number(card, "loaded_context_length", "max_context_length")
    if window is None:
        return found
    sees = None if (kind := _text(card, "type")) is None else kind == "vlm"
    return replace(found, server="lmstudio", window_tokens=window, takes_images=sees)


def _read_ollama(found: ServedModel, told: Fields) -> ServedModel:
    info, can = _sub(told, "model_info"), told.get("capabilities")
    if not info and "modelfile" not in told:
        return found
    sees = "vision" in can if isinstance(can, list) else None
    dial = re.search(r"\bnum_ctx\s+(\d{1,9})", read_text(told.get("parameters")))
    longest = next((_number(info, name) for name in info if name.endswith(".context_length")), None)
    typed = int(dial[1]) if dial else 0
    window = min(typed, longest or typed) or None
    return replace(found, server="ollama", window_tokens=window, takes_images=sees)


def _read_ollama_loaded(found: ServedModel, told: Fields) -> ServedModel:
    window = _number(_pick({"data": told.get("models")}, found.model), "context_length")
    return replace(found, window_tokens=window or found.window_tokens)


def _read_tgi(found: ServedModel, told: Fields) -> ServedModel:
    window = _number(told, "max_total_tokens")
    weights = _text(told, "model_id")
    return found if window is None else replace(found, server="tgi", window_tokens=window, weights=weights)


def _read_litellm(found: ServedModel, told: Fields) -> ServedModel:
    card = _pick(told, found.model)
    info, to = _sub(card, "model_info"), _text(_sub(card, "litellm_params"), "model")
    window = _number(info, "max_input_tokens", "max_tokens")
    if not info:
        return found
    return replace(
        found, server="litellm", window_tokens=window, takes_images=_flag(info, "supports_vision"), weights=to
    )


_LOOKS = (
    _Look(servers=("llama.cpp",), path="/props", reads=_read_llamacpp),
    _Look(servers=("sglang",), path="/get_model_info", reads=_read_sglang_model),
    _Look(servers=("sglang",), path="/get_server_info", reads=_read_sglang),
    _Look(
        servers=("ollama",), path="/api/show", reads=_read_ollama, asks=lambda found: {"model": found.model}
    ),
    _Look(servers=("ollama",), path="/api/ps", reads=_read_ollama_loaded),
    _Look(servers=("lmstudio",), path="/api/v0/models", reads=_read_lmstudio),
    _Look(servers=("tgi",), path="/info", reads=_read_tgi),
    _Look(servers=("litellm",), path="/model/info", reads=_read_litellm),
)


def _sub(fields: Fields, name: str) -> Fields:
    return read_mapping(fields.get(name))


def _text(fields: Fields, name: str) -> str | None:
    return read_name(fields.get(name))


def _flag(fields: Fields, name: str) -> bool | None:
    return read_flag(fields.get(name))


def _number(fields: Fields, *names: str) -> int | None:
    """Return the first of some fields that is a number of tokens."""
    values = (read_count(fields.get(name)) for name in names)
    return next(filter(None, values), None)
