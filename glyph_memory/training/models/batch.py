"""Put encoded samples side by side: `collate_samples`. Knows tensors alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch

IGNORED = -100
"""The label of a token that no loss is taken of."""
_FILL = {"labels": IGNORED, "attention_mask": 0, "mm_token_type_ids": 0, "token_type_ids": 0}


def collate_samples(
    samples: Sequence[dict[str, torch.Tensor]], *, pad_token_id: int
) -> dict[str, torch.Tensor]:
    """Return a batch: rows of tokens are filled up at the right, images follow each other.

    Example:
        >>> one = {"input_ids": torch.tensor([5, 6]), "labels": torch.tensor([-100, 6])}
        >>> two = {"input_ids": torch.tensor([7]), "labels": torch.tensor([7])}
        >>> collate_samples([one, two], pad_token_id=0)["input_ids"].tolist()
        [[5, 6], [7, 0]]
    """
    names = dict.fromkeys(name for sample in samples for name in sample)
    batch = {}
    for name in names:
        given = [sample[name] for sample in samples if name in sample]
        if name == "input_ids" or name in _FILL:
            fill = _FILL.get(name, pad_token_id)
            batch[name] = torch.nn.utils.rnn.pad_sequence(given, batch_first=True, padding_value=fill)
        else:
            batch[name] = torch.cat(given)
    return batch
