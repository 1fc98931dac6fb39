"""Writes `wrn16_2_gradients.safetensors`: maps from gradients, by pytorch-grad-cam, Captum and PyTorch.

    pip install torch==2.15.0 grad-cam==1.5.7 captum==0.9.0 numpy safetensors torchvision==0.29.2 \
        efficientnet_lite_pytorch==0.1.0
    python tests/golden/methods/gradients.py

Network, input and class are those of `generate.py`; computed in float64, stored as float32:

    gradcam_1, gradcam_plus_plus_1, hirescam_1, layercam_1
                [32, 32]  pytorch-grad-cam on the feature map before the last stride (16 x 16 cells,
                behind the norm and ReLU that both sides of the strided unit read), as its pictures are
    gradcam_2, ...
                the same before the last two strides (32 x 32 cells)
    integrated  [32, 32]  Captum's IntegratedGradients, 16 midpoints, baseline 0; colours added up
    noise       [4, 3, 32, 32]
    smooth      [32, 32]  the mean gradient at the input plus each noise; sizes of colours added up
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import torch
from captum.attr import IntegratedGradients
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.numpy import load_file, save_file
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
# Beside this file and in `tests/golden/networks` lies a script of one name; both are needed.
spec = importlib.util.spec_from_file_location("methods", HERE / "generate.py")
methods = importlib.util.module_from_spec(spec)
sys.path.remove(str(HERE))
spec.loader.exec_module(methods)


def with_site(unit: nn.Module) -> nn.Module:
    """A module whose output is what both sides of the unit read."""
    unit.active = nn.Identity()
    first, second = unit.body.conv1, unit.body.conv2

    def forward(x):
        active = unit.active(F.relu(first.bn(x)))
        return second.conv(F.relu(second.bn(first.conv(active)))) + unit.identity_conv(active)

    unit.forward = forward
    return unit.active


def main() -> None:
    inputs = load_file(methods.GOLDEN / "networks" / "nbdt_photos.safetensors")
    x = torch.from_numpy(inputs[sorted(inputs)[0]].reshape(-1)[: 3 * 32 * 32]).double()
    x = x.reshape(1, 3, 32, 32)
    model = methods.network()
    logits = methods.Logits(model)
    figures = {}

    sites = {1: with_site(model.features.stage3.unit1), 2: with_site(model.features.stage2.unit1)}
    kinds = {
        "gradcam": GradCAM,
        "gradcam_plus_plus": GradCAMPlusPlus,
        "hirescam": HiResCAM,
        "layercam": LayerCAM,
    }
    for stage, site in sites.items():
        for name, method in kinds.items():
            with method(model=logits, target_layers=[site]) as cam:
                picture = cam(input_tensor=x, targets=[ClassifierOutputTarget(methods.CLASS)])[0]
                figures[f"{name}_{stage}"] = picture

    attribution = IntegratedGradients(logits).attribute(
        x, target=methods.CLASS, baselines=0, n_steps=16, method="riemann_middle"
    )
    figures["integrated"] = attribution[0].sum(0).detach().numpy()

    noise = np.random.default_rng(1).normal(0, 0.5, (4, 3, 32, 32)).astype(np.float32)
    noisy = (x + torch.from_numpy(noise).double()).requires_grad_(True)
    logits(noisy)[:, methods.CLASS].sum().backward()
    figures["noise"] = noise
    figures["smooth"] = noisy.grad.mean(0).abs().sum(0).numpy()

    arrays = {
        name: np.ascontiguousarray(np.asarray(value, dtype=np.float32))
        for name, value in figures.items()
    }
    save_file(arrays, HERE / "wrn16_2_gradients.safetensors")


if __name__ == "__main__":
    main()
