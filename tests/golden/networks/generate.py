"""Writes the reference figures of this folder: what PyTorch computes for each network.

    pip install torch==2.15.0 torchvision==0.29.2 timm==1.0.31 numpy safetensors \
        efficientnet_lite_pytorch==0.1.0
    python tests/golden/networks/generate.py [--only NAME] [FOLDER]

Weights and inputs are not stored here. They are numbers of one generator (`uniform` below), fixed by
a name and a seed, so any implementation can make them again:

* the weight called K in the state dict, by `synthetic_weight(K, shape, seed)`;
* the input, `2 * uniform("input", seed, n) - 1` in C order as [1, 3, height, width].

One JSON file per network and seed:

    network, seed, classes, input_shape
    weights         null (synthetic), or the trained file of the folder weights/ that was used
    tensors         (newer cases) {name: shape} of the state dict
    logits          [classes], computed in float64
    features        the map that is average-pooled: probes of it, computed in float64; null where
                    there is none, or more than a linear layer follows it
    conv2           (torchvision's BasicBlock networks) the same for the output of the last block's
                    second convolution, before its batch normalisation
    float32_error   {logits, features}: how far PyTorch's own float32 result is from float64 (maximum
                    over all elements): the scale for a tolerance

Probes of a map [C, H, W]: its shape, its largest absolute value, the mean of every channel, the first
64 elements (C order) and 32 elements at the flat indices `probe_index`.

nbdt_photos.json and nbdt_photos.safetensors are not written by this script: README.md.
"""

import argparse
import json
import math
import re
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
import torch
import torchvision
from safetensors.numpy import load_file
from torch import nn
from torch.nn import functional as F

SEEDS = (1, 2)
WEIGHTS = Path(__file__).parents[3] / "weights"

# ------------------------------------------------------------------------------------- generator


def fnv1a64(text: str) -> int:
    state = 0xCBF29CE484222325
    for byte in text.encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    return state


def uniform(name: str, seed: int, n: int) -> np.ndarray:
    """n float32 in [0, 1): the top 24 bits of SplitMix64 outputs 1..n, state fnv1a64(name) ^ seed."""
    state = np.uint64(fnv1a64(name) ^ seed)
    with np.errstate(over="ignore"):
        z = state + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return ((z >> np.uint64(40)).astype(np.float64) / 2**24).astype(np.float32)


def synthetic_weight(key: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """The value of state-dict entry `key`: float32, one multiplication, one addition."""
    v = np.float32(2) * uniform(key, seed, math.prod(shape)) - np.float32(1)
    kind = key.rsplit(".", 1)[-1]
    if kind == "num_batches_tracked":
        return np.array(1000, dtype=np.int64)
    if kind == "running_mean":
        t = np.float32(0.1) * v
    elif kind == "running_var":
        t = np.float32(1.0) + np.float32(0.3) * v
    elif kind == "bias":
        t = np.float32(0.1) * v
    elif kind in ("layer_scale", "gamma"):  # ConvNeXt's factors of channels
        t = np.float32(0.6) + np.float32(0.2) * v
    elif kind == "weight" and len(shape) == 4:  # convolution [out, in / groups, height, width]
        t = np.float32(math.sqrt(6.0 / math.prod(shape[1:]))) * v
    elif kind == "weight" and len(shape) == 2:  # linear [out, in]
        t = np.float32(math.sqrt(3.0 / shape[1])) * v
    elif kind == "weight" and len(shape) == 1:  # normalisation
        t = np.float32(0.6) + np.float32(0.2) * v
    else:
        raise KeyError(key)
    return t.astype(np.float32).reshape(shape)


# -------------------------------------------------------------------------------------- networks
# Modules whose state dicts have the names that pytorchcv and nbdt (kuangliu's CIFAR networks) use.


class PreActivation(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


class WideUnit(nn.Module):
    """The skip takes the pre-activated input if it has a convolution, else the raw input."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Module()
        self.body.conv1 = PreActivation(inputs, outputs, stride)
        self.body.conv2 = PreActivation(outputs, outputs, 1)
        self.identity_conv = None
        if inputs != outputs or stride != 1:
            self.identity_conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        first, second = self.body.conv1, self.body.conv2
        active = F.relu(first.bn(x))
        skip = x if self.identity_conv is None else self.identity_conv(active)
        return second.conv(F.relu(second.bn(first.conv(active)))) + skip


class WideResNet(nn.Module):
    """Zagoruyko & Komodakis 2016: depth = 6 * units + 4, widths 16, 32, 64 times `widen`."""

    def __init__(self, units: int, widen: int, classes: int):
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("init_block", nn.Conv2d(3, 16, 3, 1, 1, bias=False))
        width = 16
        for stage in (1, 2, 3):
            blocks = nn.Sequential()
            for unit in range(1, units + 1):
                stride = 2 if stage > 1 and unit == 1 else 1
                blocks.add_module(f"unit{unit}", WideUnit(width, 2 ** (stage + 3) * widen, stride))
                width = 2 ** (stage + 3) * widen
            self.features.add_module(f"stage{stage}", blocks)
        last = nn.Sequential()
        last.add_module("bn", nn.BatchNorm2d(width))
        last.add_module("activ", nn.ReLU())
        self.features.add_module("post_activ", last)
        self.output = nn.Linear(width, classes)

    def forward(self, x):
        features = self.features(x)
        return self.output(features.mean((2, 3))), features


class CifarBlock(nn.Module):
    """He et al. 2015. `kernels` (3, 3) is the basic block, (1, 3, 1) the bottleneck."""

    def __init__(self, inputs: int, width: int, stride: int, kernels: tuple[int, ...]):
        super().__init__()
        self.count = len(kernels)
        outputs = width * (4 if self.count == 3 else 1)
        strided = 0 if self.count == 2 else 1  # the 3x3 convolution has the stride
        channels = inputs
        for i, kernel in enumerate(kernels):
            out = outputs if i == self.count - 1 else width
            step = stride if i == strided else 1
            conv = nn.Conv2d(channels, out, kernel, step, kernel // 2, bias=False)
            self.add_module(f"conv{i + 1}", conv)
            self.add_module(f"bn{i + 1}", nn.BatchNorm2d(out))
            channels = out
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.count:
                y = F.relu(y)
        return F.relu(y + self.shortcut(x))


class CifarResNet(nn.Module):
    """ResNet for small pictures: a 3x3 first convolution with stride 1, no max-pooling."""

    def __init__(self, blocks: tuple[int, ...], kernels: tuple[int, ...], classes: int):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for stage, count in enumerate(blocks):
            width = 64 * 2**stage
            layer = []
            for i in range(count):
                stride = 2 if stage > 0 and i == 0 else 1
                layer.append(CifarBlock(channels, width, stride, kernels))
                channels = width * (4 if len(kernels) == 3 else 1)
            self.add_module(f"layer{stage + 1}", nn.Sequential(*layer))
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        features = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.linear(features.mean((2, 3))), features


class Torchvision(nn.Module):
    """A torchvision ResNet that also returns the features and, for BasicBlock, conv2's output."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net
        self.conv2 = None
        net.layer4.register_forward_hook(self.keep("features"))
        if not hasattr(net.layer4[-1], "conv3"):
            net.layer4[-1].conv2.register_forward_hook(self.keep("conv2"))

    def keep(self, name):
        # A clone, because torchvision's normalisation and ReLU may work in place.
        return lambda _module, _input, output: setattr(self, name, output.clone())

    def forward(self, x):
        return self.net(x), self.features

    def state_dict(self, *args, **kwargs):
        return self.net.state_dict(*args, **kwargs)

    def load_state_dict(self, values):
        return self.net.load_state_dict(values)


class EfficientNetLite(Torchvision):
    def __init__(self, variant: int, classes: int):
        from efficientnet_lite_pytorch import EfficientNet

        nn.Module.__init__(self)
        self.net = EfficientNet.from_name(f"efficientnet-lite{variant}", num_classes=classes)
        self.conv2 = None
        self.net._avg_pooling.register_forward_pre_hook(
            lambda _module, inputs: setattr(self, "features", inputs[0].clone())
        )


class Pooled(Torchvision):
    """Any network whose features go into a module of that name to be averaged, or come out of one;
    without either, one whose features are not averaged."""

    def __init__(self, net: nn.Module, pooling: str | None = None, features: str | None = None):
        nn.Module.__init__(self)
        self.net = net
        self.conv2 = None
        self.features = None
        if features is not None:
            net.get_submodule(features).register_forward_hook(self.keep("features"))
        elif pooling is not None:
            net.get_submodule(pooling).register_forward_pre_hook(
                lambda _module, inputs: setattr(self, "features", inputs[0].clone())
            )


class DenseNet(Pooled):
    """torchvision applies the last ReLU outside of `features`."""

    def keep(self, name):
        return lambda _module, _input, output: setattr(self, name, F.relu(output))


class OldDenseNet(DenseNet):
    """With the names in torchvision's files of 2017, whose layers are called `norm.1` and `conv.1`."""

    def state_dict(self, *args, **kwargs):
        return {re.sub(r"(norm|conv)([12])", r"\1.\2", key) if ".denselayer" in key else key: value
                for key, value in self.net.state_dict().items()}

    def load_state_dict(self, values):
        return self.net.load_state_dict(
            {re.sub(r"(norm|conv)\.([12])", r"\1\2", key): value for key, value in values.items()}
        )


def pooled_net(name: str, kind: type = Pooled, **where: str):
    def of_torchvision(classes: int) -> Pooled:
        net = getattr(torchvision.models, name)(weights=None, num_classes=classes)
        return kind(net, **(where or {"features": "features"}))

    return of_torchvision


def whole_net(name: str):
    def of_torchvision(classes: int) -> Pooled:
        return Pooled(getattr(torchvision.models, name)(weights=None, num_classes=classes))

    return of_torchvision


def timm_net(name: str, features: str | None = None, is_pooled: bool = True):
    def of_timm(classes: int) -> Pooled:
        import timm

        net = timm.create_model(name, num_classes=classes)
        return Pooled(net, "global_pool" if is_pooled else None, features)

    return of_timm


def small_vgg(has_norm: bool, is_pooled: bool = False):
    """A VGG-11 with a tenth of the channels: its own would take hundreds of megabytes."""

    def of_torchvision(classes: int) -> Pooled:
        from torchvision.models.vgg import VGG, make_layers

        widths = [8, "M", 12, "M", 16, 16, "M", 24, 24, "M", 24, 24, "M"]
        net = VGG(make_layers(widths, batch_norm=has_norm), num_classes=classes, init_weights=False)
        if is_pooled:
            net.avgpool = nn.AdaptiveAvgPool2d(1)
            net.classifier = nn.Linear(24, classes)
            return Pooled(net, "avgpool")
        net.classifier = nn.Sequential(
            nn.Linear(24 * 49, 40), nn.ReLU(), nn.Dropout(), nn.Linear(40, 32), nn.ReLU(),
            nn.Dropout(), nn.Linear(32, classes),
        )
        return Pooled(net)

    return of_torchvision


def small_convnext(classes: int) -> Pooled:
    from torchvision.models.convnext import CNBlockConfig, ConvNeXt

    widths, depths = (16, 32, 48, 64), (1, 1, 2, 1)
    stages = [
        CNBlockConfig(width, after, depth)
        for width, after, depth in zip(widths, (*widths[1:], None), depths)
    ]
    return Pooled(ConvNeXt(stages, num_classes=classes), features="features")


def torchvision_net(name: str):
    return lambda n: Torchvision(getattr(torchvision.models, name)(weights=None, num_classes=n))


def efficientnet(variant: int):
    return lambda n: EfficientNetLite(variant, n)


def wide(units: int, widen: int):
    return lambda n: WideResNet(units, widen, n)


def cifar(blocks: tuple[int, ...], kernels: tuple[int, ...] = (3, 3)):
    return lambda n: CifarResNet(blocks, kernels, n)


class Case(NamedTuple):
    network: str
    side: int  # of the square input, in pixels
    classes: int
    build: Callable[[int], nn.Module]  # from the number of classes
    has_tensors: bool = False  # whether names and shapes of the tensors are written down
    weights: str | None = None  # a file of the folder weights/ instead of synthetic weights


TORCHVISION = ("resnet18", "resnet34", "resnet50", "resnet101", "wide_resnet50_2", "resnext50_32x4d")
CASES = {name: Case(name, 224, 1000, torchvision_net(name)) for name in TORCHVISION} | {
    "resnet18-37classes": Case("resnet18", 224, 37, torchvision_net("resnet18")),
    "efficientnet-lite0": Case("efficientnet-lite0", 224, 1000, efficientnet(0)),
    "efficientnet-lite1": Case("efficientnet-lite1", 240, 1000, efficientnet(1)),
    "efficientnet-lite2": Case("efficientnet-lite2", 260, 1000, efficientnet(2)),
    "wrn16_1": Case("wrn16_1", 32, 10, wide(2, 1)),
    "wrn16_2": Case("wrn16_2", 32, 10, wide(2, 2)),
    "wrn16_4": Case("wrn16_4", 32, 10, wide(2, 4)),
    "wrn28_10": Case("wrn28_10", 32, 10, wide(4, 10)),
    "wrn28_10-tiny": Case("wrn28_10", 64, 200, wide(4, 10)),
    "cifar_resnet10": Case("cifar_resnet10", 32, 10, cifar((1, 1, 1, 1))),
    "cifar_resnet18": Case("cifar_resnet18", 32, 10, cifar((2, 2, 2, 2))),
    "cifar_resnet34": Case("cifar_resnet34", 32, 10, cifar((3, 4, 6, 3))),
    "cifar_resnet50": Case("cifar_resnet50", 32, 10, cifar((3, 4, 6, 3), (1, 3, 1))),
    # Trained weights reach what synthetic ones do not: the upper limit of ReLU6, tiny variances.
    "efficientnet-lite0-trained": Case(
        "efficientnet-lite0", 224, 1000, efficientnet(0), weights="efficientnet-lite0.f16.safetensors"
    ),
    "wrn16_2-trained": Case(
        "wrn16_2", 32, 10, wide(2, 2), weights="wrn16-2-cifar10.f16.safetensors"
    ),
    # Pictures smaller than usual, since the same layers run.
    "mobilenet_v2": Case("mobilenet_v2", 96, 10, pooled_net("mobilenet_v2"), True),
    "efficientnet_b0": Case("efficientnet_b0", 96, 10, pooled_net("efficientnet_b0"), True),
    "efficientnet_b2": Case("efficientnet_b2", 96, 10, pooled_net("efficientnet_b2"), True),
    "timm-efficientnet_b0": Case("efficientnet_b0", 96, 10, timm_net("efficientnet_b0"), True),
    "timm-mobilenetv2_100": Case("mobilenetv2_100", 96, 10, timm_net("mobilenetv2_100"), True),
    "timm-tf_efficientnet_b0": Case(
        "tf_efficientnet_b0", 72, 10, timm_net("tf_efficientnet_b0"), True
    ),
    "timm-efficientnet_lite0": Case(
        "efficientnet_lite0", 64, 10, timm_net("efficientnet_lite0"), True
    ),
    # 72 is odd after three halvings, so that padding and rounding matter.
    "mobilenet_v3_small": Case("mobilenet_v3_small", 72, 10, whole_net("mobilenet_v3_small"), True),
    "mobilenet_v3_large": Case("mobilenet_v3_large", 72, 10, whole_net("mobilenet_v3_large"), True),
    "timm-mobilenetv3_small_100": Case(
        "mobilenetv3_small_100", 72, 10, timm_net("mobilenetv3_small_100", is_pooled=False), True
    ),
    "timm-tf_mobilenetv3_large_100": Case(
        "tf_mobilenetv3_large_100", 72, 10, timm_net("tf_mobilenetv3_large_100", is_pooled=False), True
    ),
    "densenet121": Case("densenet121", 72, 10, pooled_net("densenet121", DenseNet), True),
    "densenet121-2017": Case("densenet121", 64, 10, pooled_net("densenet121", OldDenseNet), True),
    "regnet_x_400mf": Case("regnet_x_400mf", 72, 10, pooled_net("regnet_x_400mf", pooling="avgpool"), True),
    "regnet_y_400mf": Case("regnet_y_400mf", 72, 10, pooled_net("regnet_y_400mf", pooling="avgpool"), True),
    "timm-regnety_002": Case("regnety_002", 72, 10, timm_net("regnety_002", features="final_conv"), True),
    "vgg": Case("vgg", 72, 10, small_vgg(False), True),
    "vgg-large-picture": Case("vgg", 280, 10, small_vgg(False), True),
    "vgg_bn": Case("vgg_bn", 72, 10, small_vgg(True), True),
    "vgg_bn-pooled": Case("vgg_bn", 72, 10, small_vgg(True, is_pooled=True), True),
    "convnext": Case("convnext", 72, 10, small_convnext, True),
    "timm-convnext_atto": Case(
        "convnext_atto", 72, 10, timm_net("convnext_atto", features="norm_pre"), True
    ),
    "squeezenet1_0": Case(
        "squeezenet1_0", 72, 10, pooled_net("squeezenet1_0", features="classifier.2"), True
    ),
    "squeezenet1_1": Case(
        "squeezenet1_1", 75, 10, pooled_net("squeezenet1_1", features="classifier.2"), True
    ),
    "shufflenet_v2_x0_5": Case(
        "shufflenet_v2_x0_5", 72, 10, pooled_net("shufflenet_v2_x0_5", features="conv5"), True
    ),
}

# --------------------------------------------------------------------------------------- figures


def rounded(values) -> list[float]:
    """Nine significant digits: more than float32 holds."""
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype=np.float64).ravel()]


def probes(features: np.ndarray, seed: int) -> dict:
    flat = features.ravel()
    index = (uniform("probes", seed, 32).astype(np.float64) * flat.size).astype(np.int64)
    return {
        "shape": list(features.shape),
        "max_abs": float(f"{np.abs(flat).max():.9g}"),
        "channel_means": rounded(features.mean((1, 2))),
        "first": rounded(flat[:64]),
        "probe_index": index.tolist(),
        "probe_value": rounded(flat[index]),
    }


def figures(case: Case, seed: int) -> dict:
    model = case.build(case.classes).eval()
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    weights = {key: synthetic_weight(key, shape, seed) for key, shape in shapes.items()}
    if case.weights is not None:
        weights |= load_file(WEIGHTS / case.weights)
    model.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    shape = (1, 3, case.side, case.side)
    values = np.float32(2) * uniform("input", seed, math.prod(shape)) - np.float32(1)
    x = torch.from_numpy(values.reshape(shape))

    def run(model, x):
        logits, features = model(x)
        conv2 = getattr(model, "conv2", None)
        return [t[0].double().numpy() if t is not None else None for t in (logits, features, conv2)]

    single = run(model, x)
    logits, features, conv2 = run(model.double(), x.double())
    has_features = features is not None
    result = {
        "network": case.network,
        "weights": case.weights,
        "seed": seed,
        "classes": case.classes,
        "input_shape": list(shape),
        "float32_error": {
            "logits": float(f"{np.abs(single[0] - logits).max():.2g}"),
            "features": float(f"{np.abs(single[1] - features).max():.2g}") if has_features else None,
        },
        "logits": rounded(logits),
        "features": probes(features, seed) if has_features else None,
    }
    if case.has_tensors:
        result["tensors"] = {
            key: list(shape) for key, shape in shapes.items() if "num_batches" not in key
        }
    if conv2 is not None:
        result["conv2"] = probes(conv2, seed)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the reference figures of the networks.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent)
    parser.add_argument("--only", choices=CASES, help="one case instead of all")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    for stem, case in CASES.items():
        if args.only not in (None, stem):
            continue
        for seed in SEEDS:
            result = figures(case, seed)
            text = json.dumps(result, separators=(",", ":"))
            (args.folder / f"{stem}.seed{seed}.json").write_text(text + "\n")
            largest = np.abs(result["logits"]).max()
            spread = np.std(result["logits"])
            print(
                f"{stem} seed {seed}: |logit| up to {largest:.3g}, spread {spread:.3g}, "
                f"features up to {(result['features'] or {}).get('max_abs', 0):.3g}, "
                f"float32 error {result['float32_error']}",
                flush=True,
            )


if __name__ == "__main__":
    main()
