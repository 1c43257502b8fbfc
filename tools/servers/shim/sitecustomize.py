"""Let torchvision's wheel load on a torch without CUDA; Python runs this first where `PYTHONPATH` names the folder.

The wheel describes two operators that only its CUDA half declares. Declared here, they are never called: pages need
torchvision's presence, not its detection.
"""

from __future__ import annotations

from contextlib import suppress

with suppress(ImportError):
    import torch

    _library = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _library.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
