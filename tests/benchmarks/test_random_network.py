"""The network that is timed computes what transformers' own does: cut prompts, cached ones, pages."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lib.flops import TINY
from lib.page_feed import Feed, count_prompt_tokens, make_styles
from lib.prompts import Prompt, encode_pages, make_page_prompt, make_text_prompt
from lib.random_network import Network, build_network

_CLOSE = 1e-4


@pytest.fixture(scope="module")
def network() -> Network:
    """A small one, with weights so far apart that its scores differ."""
    built = build_network(TINY, device="cpu", dtype=torch.float32)
    dice = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in built.model.parameters():
            if weights.ndim > 1:
                weights.normal_(0, 0.1, generator=dice)
    return built


@pytest.fixture(scope="module")
def plain(network: Network) -> Any:
    """The same weights in a network as transformers makes it, with its own attention."""
    from transformers import Glm4vForConditionalGeneration

    from lib.random_network import make_config

    make: Any = Glm4vForConditionalGeneration  # its method has no types
    model = make._from_config(make_config(TINY), attn_implementation="sdpa").eval()
    model.load_state_dict(network.model.state_dict())
    return model


def _read(network: Network, prompt: Prompt, **options: Any) -> torch.Tensor:
    with torch.inference_mode():
        cache = network.make_cache(prompt.tokens)
        return network.read(prompt.embedded, prompt.positions, cache, **options)


def test_text_is_read_as_transformers_reads_it(network: Network, plain: Any) -> None:
    """At once and in chunks; the scores are no constant."""
    ids = list(range(3, 120))
    with torch.inference_mode():
        prompt = make_text_prompt(network, ids)
        expected = plain(input_ids=torch.tensor([ids]), logits_to_keep=1).logits
    assert expected.std() > 0.1
    for chunk in (None, 50, 7):
        assert (_read(network, prompt, chunk_tokens=chunk) - expected).abs().max() < _CLOSE


def test_a_question_behind_a_cached_prompt_gives_what_all_gives(network: Network) -> None:
    """The last query sees all that is cached: attention is aligned to the lower right."""
    with torch.inference_mode():
        prompt = make_text_prompt(network, range(3, 90))
        cache = network.make_cache(prompt.tokens)
        network.read(prompt.embedded[:, :60], prompt.positions[:, :, :60], cache)
        behind = network.read(prompt.embedded[:, 60:], prompt.positions[:, :, 60:], cache, start=60)
        step = network.read(prompt.embedded[:, -1:], prompt.positions[:, :, -1:], cache, start=86)
    assert (behind - _read(network, prompt)).abs().max() < _CLOSE
    assert (step - _read(network, prompt)).abs().max() < _CLOSE


def test_pages_are_read_as_transformers_reads_them(network: Network, plain: Any) -> None:
    """Real pages of two sizes, encoded in groups: same features, same places, same scores."""
    pages = Feed().make_serially("A line of text on a page.\n" * 90, make_styles()["default"]).pixels
    assert len({page.grid for page in pages}) == 2
    config, question = plain.config, list(range(3, 20))
    ids, types = list[int](), list[int]()
    for page in pages:
        ids += [
            config.image_start_token_id,
            *[config.image_token_id] * page.tokens,
            config.image_end_token_id,
        ]
        types += [0, *[1] * page.tokens, 0]
    with torch.inference_mode():
        features = encode_pages(network, pages, at_once=1)
        prompt = make_page_prompt(network, features, [page.grid for page in pages], question)
        expected = plain(
            input_ids=torch.tensor([[*ids, *question]]),
            mm_token_type_ids=torch.tensor([[*types, *[0] * len(question)]]),
            pixel_values=torch.cat([torch.from_numpy(page.patches) for page in pages]),
            image_grid_thw=torch.tensor([page.grid for page in pages]),
            logits_to_keep=1,
        ).logits
    assert prompt.tokens == len(ids) + len(question) == count_prompt_tokens(pages) + len(question)
    assert (_read(network, prompt) - expected).abs().max() < _CLOSE
    shifted = Prompt(embedded=prompt.embedded, positions=prompt.positions * 2)
    assert (_read(network, shifted) - expected).abs().max() > 10 * _CLOSE


def test_sequences_of_a_batch_do_not_meet(network: Network) -> None:
    """The same token behind the same keys has the same scores in every row."""
    with torch.inference_mode():
        cache: Any = network.make_cache(21, batch=3, fill=True)
        for layer in cache.layers:
            for one in (layer.keys, layer.values):
                one[1] = one[0]
        embedded = network.embed(torch.full((3, 1), 7))
        scores = network.read(embedded, torch.full((3, 3, 1), 20), cache, start=20)[:, -1]
    assert (scores[0] - scores[1]).abs().max() < _CLOSE
    assert (scores[0] - scores[2]).abs().max() > _CLOSE
