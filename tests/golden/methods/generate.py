"""Writes the reference figures of this folder: maps of other methods, by PyTorch, pytorch-grad-cam,
Captum and NumPy.

    pip install torch==2.15.0 grad-cam==1.5.7 captum==0.9.0 numpy scipy safetensors \
        torchvision==0.29.2 efficientnet_lite_pytorch==0.1.0
    python tests/golden/methods/generate.py

The network is the bundled WideResNet-16-2 (`weights/`), the input the first picture of
`tests/golden/networks/nbdt_photos.safetensors`; the target is the logit of class 3 ("cat").
Everything is computed in float64 and stored as float32 in `wrn16_2.safetensors`:

    input                   [3, 32, 32]
    logits                  [10]
    occlusion               [32, 32]  Captum's Occlusion, patches of 9, stride 4, baseline 0
    rise_cells              [64, 7, 7]  random masks before they are enlarged
    rise_shifts             [64, 2]  x, y
    rise_masks              [2, 32, 32]  the first two, enlarged and cut
    rise_scores             [64]  the softmax of class 3 for the input times each mask
    rise_map, rise_error    [32, 32]  mean of score x mask / 0.5, and its standard error
    gradcam, gradcam_plus_plus, layercam, hirescam
                            [32, 32]  pytorch-grad-cam on the last feature map, as its pictures are
    dense2, dense4          [16, 16], [32, 32]  the class activation map with the last stride, or
                            the last two, left out and what follows dilated
    dense2_logits, dense4_logits  [10]
    missing                 [32, 32]  1 where a pixel is missing
    imputed                 [3, 32, 32]  ROAD's imputation of pytorch-grad-cam, without noise
"""

import sys
from pathlib import Path

import numpy as np
import torch
from captum.attr import Occlusion
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.numpy import load_file, save_file
from torch import nn

GOLDEN = Path(__file__).parents[1]
sys.path.insert(0, str(GOLDEN / "networks"))
import generate as networks  # noqa: E402

CLASS = 3


class Logits(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)[0]


def network() -> nn.Module:
    case = networks.CASES["wrn16_2-trained"]
    model = case.build(case.classes).eval()
    weights = load_file(networks.WEIGHTS / case.weights)
    shapes = model.state_dict()
    values = {key: weights.get(key, shapes[key].numpy()) for key in shapes}
    model.load_state_dict({key: torch.from_numpy(np.asarray(v)) for key, v in values.items()})
    return model.double()


def without_strides(model: nn.Module, stages: tuple[int, ...]) -> nn.Module:
    """The strides of these stages left out; what follows is dilated."""
    dilation = 1
    for stage in (2, 3):
        for index, unit in enumerate(getattr(model.features, f"stage{stage}")):
            before = dilation
            if index == 0 and stage in stages:
                dilation *= 2
            for conv in (m for m in unit.modules() if isinstance(m, nn.Conv2d)):
                was_strided = conv.stride == (2, 2)
                if was_strided and stage in stages:
                    conv.stride = (1, 1)
                if conv.kernel_size == (3, 3):
                    step = before if was_strided else dilation
                    conv.dilation = conv.padding = (step, step)
    return model


def bilinear(cells: np.ndarray, size: int) -> np.ndarray:
    """Half-pixel centres, clamped at the edges."""

    def matrix(n: int) -> np.ndarray:
        position = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
        first = np.floor(position).astype(int)
        second = np.minimum(first + 1, n - 1)
        weights = np.zeros((size, n))
        weights[np.arange(size), first] += 1 - (position - first)
        weights[np.arange(size), second] += position - first
        return weights

    return matrix(cells.shape[0]) @ cells @ matrix(cells.shape[1]).T


def rise(model: nn.Module, x: torch.Tensor) -> dict[str, np.ndarray]:
    """Petsiuk et al. 2018, algorithm of section 3.2, with masks enlarged to one cell more."""
    random = np.random.default_rng(1)
    count, cells, side = 64, 7, x.shape[-1]
    cell = -(-side // cells)
    grids = (random.random((count, cells, cells)) < 0.5).astype(np.float64)
    shifts = random.integers(0, cell, (count, 2))
    masks = np.stack(
        [
            bilinear(grid, (cells + 1) * cell)[dy : dy + side, dx : dx + side]
            for grid, (dx, dy) in zip(grids, shifts)
        ]
    )
    inputs = x * torch.from_numpy(masks)[:, None]
    scores = model(inputs).softmax(1)[:, CLASS].numpy()
    values = scores[:, None, None] * masks / 0.5
    return {
        "rise_cells": grids,
        "rise_shifts": shifts,
        "rise_masks": masks[:2],
        "rise_scores": scores,
        "rise_map": values.mean(0),
        "rise_error": values.std(0, ddof=1) / np.sqrt(count),
    }


def main() -> None:
    torch.manual_seed(1)
    inputs = load_file(GOLDEN / "networks" / "nbdt_photos.safetensors")
    x = torch.from_numpy(inputs[sorted(inputs)[0]].reshape(-1)[: 3 * 32 * 32]).double()
    x = x.reshape(1, 3, 32, 32)
    model = network()
    logits = Logits(model)
    figures = {"input": x.numpy(), "logits": logits(x).detach().numpy()}

    attribution = Occlusion(logits).attribute(
        x, target=CLASS, sliding_window_shapes=(3, 9, 9), strides=(3, 4, 4), baselines=0
    )
    figures["occlusion"] = attribution[0, 0].detach().numpy()
    with torch.no_grad():
        figures |= rise(logits, x)

    methods = {
        "gradcam": GradCAM,
        "gradcam_plus_plus": GradCAMPlusPlus,
        "hirescam": HiResCAM,
        "layercam": LayerCAM,
    }
    for name, method in methods.items():
        with method(model=logits, target_layers=[model.features.post_activ]) as cam:
            figures[name] = cam(input_tensor=x, targets=[ClassifierOutputTarget(CLASS)])[0]

    for name, stages in (("dense2", (3,)), ("dense4", (2, 3))):
        with torch.no_grad():
            dense, features = without_strides(network(), stages)(x)
            row = model.output.weight[CLASS]
            figures[name] = torch.einsum("k,kyx->yx", row, features[0]).numpy()
            figures[f"{name}_logits"] = dense.numpy()

    random = np.random.default_rng(2)
    missing = bilinear(random.random((6, 6)), 32) > 0.5
    keep = torch.from_numpy((~missing).astype(np.float64))
    imputed = NoisyLinearImputer(noise=0)(x[0].float(), keep)
    figures |= {"missing": missing, "imputed": imputed.numpy()}

    arrays = {
        name: np.ascontiguousarray(np.asarray(value, dtype=np.float32).squeeze())
        for name, value in figures.items()
    }
    save_file(arrays, Path(__file__).parent / "wrn16_2.safetensors")


if __name__ == "__main__":
    main()
