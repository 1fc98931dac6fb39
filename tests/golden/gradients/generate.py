"""Writes the reference figures of this folder: gradients by PyTorch's autograd.

    pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31 numpy safetensors \
        efficientnet_lite_pytorch==0.1.0
    python tests/golden/gradients/generate.py

Networks, weights and inputs are those of seed 1 of `tests/golden/networks`. `gradients.json` has for
each case a list of sites, each with

    stage       null for the input, else how many strides before the last feature map
    values      probes of what is there; missing for the input
    gradient    probes of the gradient of the logit of class 1

computed in float64. Probes of an array [C, H, W]: its shape, its largest absolute value, 32 elements
at flat indices, and its products with 4 arrays of numbers from -1 to 1 (`uniform("direction I")`).
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

GOLDEN = Path(__file__).parents[1]
sys.path.insert(0, str(GOLDEN / "networks"))
import generate as networks  # noqa: E402

CLASS = 1
# Each stage with the module whose input, or whose output, is the map.
RESNET = {0: ("layer4", "out"), 1: ("layer3", "out"), 2: ("layer2", "out"), 3: ("layer1", "out")}
STAGES = {
    "resnet18": RESNET | {4: ("maxpool", "in")},
    "resnet50": RESNET,
    "cifar_resnet10": RESNET,
    "wrn16_2-trained": {
        1: ("features.stage3.unit1.body.conv1.conv", "in"),
        2: ("features.stage2.unit1.body.conv1.conv", "in"),
    },
    "efficientnet-lite0-trained": {
        stage: (f"_blocks.{block}._depthwise_conv", "in")
        for stage, block in ((1, 11), (2, 5), (3, 3), (4, 1))
    },
    "densenet121": {1: ("features.transition3.pool", "in")},
    "mobilenet_v3_small": {0: ("features", "out")},
    "vgg": {0: ("features", "out")},
    # Between the last block of that size and the strided convolution lies a norm.
    "convnext": {1: ("features.6.1", "in")},
}

# One network of each family and kind of block.
CASES = (
    "resnet18", "resnet50", "resnext50_32x4d", "cifar_resnet10", "wrn16_2-trained",
    "efficientnet-lite0-trained", "mobilenet_v2", "efficientnet_b0", "timm-tf_efficientnet_b0",
    "mobilenet_v3_small", "densenet121", "regnet_x_400mf", "regnet_y_400mf", "vgg", "vgg_bn-pooled",
    "convnext", "timm-convnext_atto", "squeezenet1_0", "squeezenet1_1", "shufflenet_v2_x0_5",
)


def probes(values: torch.Tensor) -> dict:
    array = values[0].detach().numpy()
    flat = array.ravel()
    index = (networks.uniform("probes", 1, 32).astype(np.float64) * flat.size).astype(np.int64)
    directions = [
        2.0 * networks.uniform(f"direction {i}", 1, flat.size).astype(np.float64) - 1.0
        for i in range(4)
    ]
    return {
        "shape": list(array.shape),
        "max_abs": float(f"{np.abs(flat).max():.9g}"),
        "norm": float(f"{np.linalg.norm(flat):.9g}"),
        "probe_index": index.tolist(),
        "probe_value": networks.rounded(flat[index]),
        "products": networks.rounded([direction @ flat for direction in directions]),
    }


def sites(name: str, case: networks.Case) -> list[dict]:
    model = case.build(case.classes).eval()
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    weights = {key: networks.synthetic_weight(key, shape, 1) for key, shape in shapes.items()}
    if case.weights is not None:
        weights |= load_file(networks.WEIGHTS / case.weights)
    model.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    shape = (1, 3, case.side, case.side)
    values = np.float32(2) * networks.uniform("input", 1, math.prod(shape)) - np.float32(1)
    x = torch.from_numpy(values.reshape(shape)).double().requires_grad_(True)
    model = model.double()
    kept = {}

    def keep(stage):
        def hook(_module, inputs, output=None):
            tensor = inputs[0] if output is None else output
            tensor.retain_grad()
            kept[stage] = tensor

        return hook

    root = getattr(model, "net", model)
    for stage, (path, side) in STAGES.get(name, {}).items():
        module = root.get_submodule(path)
        if side == "in":
            module.register_forward_pre_hook(keep(stage))
        else:
            module.register_forward_hook(keep(stage))
    model(x)[0][0, CLASS].backward()
    result = [{"stage": None, "gradient": probes(x.grad)}]
    for stage, tensor in kept.items():
        result.append({"stage": stage, "values": probes(tensor), "gradient": probes(tensor.grad)})
    return result


def main() -> None:
    lines = []
    for name in CASES:
        found = sites(name, networks.CASES[name])
        lines.append(f"{json.dumps(name)}:{json.dumps(found, separators=(',', ':'))}")
        print(name, [(site["stage"], site["gradient"]["max_abs"]) for site in found], flush=True)
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (Path(__file__).parent / "gradients.json").write_text(text)


if __name__ == "__main__":
    main()
