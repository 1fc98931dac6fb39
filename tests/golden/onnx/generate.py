"""Writes the small ONNX files of this folder and what onnxruntime computes with them.

    pip install torch==2.15.0 torchvision==0.29.2 onnx==1.23.2 onnxscript onnxruntime==1.32.0 numpy
    python tests/golden/onnx/generate.py [--only NAME]

Each file is a network of torchvision's code with few channels, or one of our own, as PyTorch's two
exporters write it in various opsets. Weights are random; the statistics of batch normalisation are
those of random pictures, so that logits differ from picture to picture as those of trained networks.

cases.json holds for each file

    side, input    of the square pictures; `2 * uniform("input", 1, n) - 1` of ../networks/generate.py
                   in C order as [1, 3, side, side]
    logits         onnxruntime's (a softmax at the end left out)
    probabilities  whether the file itself ends in a softmax
    bytes          whether the network wants pixels of 0 to 255: 127.5 * (input + 1)
    maps           "exact", "frozen norm" or none: whether maps add up to the logits
"""

import argparse
import importlib.util
import json
import logging
import math
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from torch import nn
from torchvision import models as tv
from torchvision.models.mobilenetv3 import InvertedResidualConfig

FOLDER = Path(__file__).parent
CLASSES = 12

spec = importlib.util.spec_from_file_location("networks", FOLDER.parent / "networks/generate.py")
networks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(networks)


class ChannelsLast(nn.Module):
    """As Keras writes them: pixels of 0 to 255 as [N, H, W, 3], normalised within, softmax."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1),
            nn.ReLU6(),
            nn.Conv2d(8, 24, 3, 2, 1),
            nn.Hardswish(),
        )
        self.head = nn.Linear(24, CLASSES)

    def forward(self, x):
        x = (x / 127.5 - 1.0).permute(0, 3, 1, 2)
        return self.head(self.body(x).permute(0, 2, 3, 1).mean((1, 2))).softmax(1)


class AllConvolutional(nn.Module):
    """The map of each class is averaged; no linear layer (Lin et al. 2014; SqueezeNet)."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, CLASSES, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )

    def forward(self, x):
        return self.body(x)


class MeanOfTokens(nn.Module):
    """A transformer that averages its tokens and normalises the mean, as timm's `global_pool="avg"`."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 24, 8, 8)
        self.place = nn.Parameter(torch.randn(1, 16, 24) * 0.2)
        layer = nn.TransformerEncoderLayer(24, 4, 48, 0.0, "gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(24)
        self.head = nn.Linear(24, CLASSES)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.place
        return self.head(self.norm(self.body(x).mean(1)))


class MaxPooled(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.GELU())
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x):
        return self.head(self.body(x).amax((2, 3)))


def mobilenet_v3():
    rows = [
        InvertedResidualConfig(8, 3, 16, 8, True, "RE", 2, 1, 1),
        InvertedResidualConfig(8, 5, 24, 16, True, "HS", 2, 1, 1),
    ]
    return tv.MobileNetV3(rows, 32, num_classes=CLASSES)


def efficientnet():
    config = tv.efficientnet.MBConvConfig
    rows = [config(1, 3, 1, 32, 16, 1, 0.25, 1.0), config(4, 5, 2, 16, 24, 2, 0.25, 1.0)]
    return tv.EfficientNet(rows, 0.2, num_classes=CLASSES)


def convnext():
    config = tv.convnext.CNBlockConfig
    return tv.ConvNeXt([config(12, 24, 1), config(24, None, 1)], num_classes=CLASSES)


def regnet():
    params = tv.regnet.BlockParams.from_init_params(3, 8, 8.0, 2.0, 4, se_ratio=0.25)
    return tv.RegNet(params, num_classes=CLASSES, stem_width=8)


def resnet():
    # The widths of torchvision's blocks cannot be changed from outside; two small stages can.
    net = tv.resnet18(num_classes=CLASSES)
    net.conv1 = nn.Conv2d(3, 16, 7, 2, 3, bias=False)
    net.bn1 = nn.BatchNorm2d(16)
    net.inplanes = 16
    net.layer1 = net._make_layer(tv.resnet.BasicBlock, 16, 1)
    net.layer2 = net._make_layer(tv.resnet.Bottleneck, 8, 1, stride=2)
    net.layer3 = net.layer4 = nn.Identity()
    net.fc = nn.Linear(32, CLASSES)
    return net


def vgg():
    body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(8))
    net = tv.VGG(body, num_classes=CLASSES, init_weights=False)
    net.avgpool = nn.AdaptiveAvgPool2d(2)
    net.classifier = nn.Sequential(nn.Linear(32, 24), nn.ReLU(), nn.Linear(24, CLASSES))
    return net


EXACT, FROZEN = "exact", "frozen norm"
# Network, side, opset, what maps there are, which sizes are open.
CASES = {
    "resnet": (resnet, 64, 11, EXACT, "batch"),
    "mobilenet_v2": (lambda: tv.MobileNetV2(CLASSES, 0.1), 64, 12, EXACT, "batch"),
    "mobilenet_v3": (mobilenet_v3, 64, 14, None, ""),
    "densenet": (
        lambda: tv.DenseNet(4, (2, 2), 8, num_classes=CLASSES), 64, 13, EXACT, "batch, side",
    ),
    "efficientnet": (efficientnet, 64, 18, EXACT, ""),
    "regnet": (regnet, 64, 20, EXACT, ""),
    "convnext": (convnext, 64, 18, FROZEN, ""),
    "convnext_opset16": (convnext, 64, 16, FROZEN, "batch"),
    "shufflenet_v2": (
        lambda: tv.ShuffleNetV2([1, 1, 1], [8, 16, 16, 32, 48], CLASSES), 64, 15, EXACT, "",
    ),
    "swin": (
        lambda: tv.SwinTransformer([4, 4], 12, [2, 2], [2, 2], [4, 4], num_classes=CLASSES),
        32, 17, EXACT, "",
    ),
    "vit": (
        lambda: tv.VisionTransformer(32, 8, 2, 2, 24, 48, num_classes=CLASSES), 32, 17, None, "",
    ),
    "vit_mean": (MeanOfTokens, 32, 21, FROZEN, ""),
    "vgg": (vgg, 32, 11, None, ""),
    "all_convolutional": (AllConvolutional, 48, 13, EXACT, "batch"),
    "channels_last": (ChannelsLast, 48, 13, EXACT, "batch"),
    "max_pooled": (MaxPooled, 32, 18, None, ""),
}  # fmt: skip


def pictures(count: int, side: int) -> torch.Tensor:
    return torch.randn(count, 3, side, side) * torch.rand(count, 1, 1, 1) * 2 + torch.randn(count, 3, 1, 1)


def like_trained(net: nn.Module, side: int) -> nn.Module:
    """Random weights with the statistics that batch normalisation would have learnt."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=1.5 / math.sqrt(module.in_features))
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.2)
        elif isinstance(module, nn.LayerNorm):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    batch = pictures(8, side)
    net.train()(as_input(net, batch))
    return net.eval()


def as_input(net: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    if isinstance(net, ChannelsLast):
        return (batch + 1).mul(127.5).permute(0, 2, 3, 1).contiguous()
    return batch


def export(net: nn.Module, x: torch.Tensor, path: Path, opset: int, dynamic: str) -> None:
    names = {"input_names": ["input"], "output_names": ["output"], "opset_version": opset}
    if opset >= 18:
        torch.onnx.export(net, (x,), path, dynamo=True, external_data=False, verbose=False, **names)
    else:
        axes = {"input": {}, "output": {}}
        if "batch" in dynamic:
            axes = {"input": {0: "batch"}, "output": {0: "batch"}}
        if "side" in dynamic:
            axes["input"] |= {2: "height", 3: "width"}
        torch.onnx.export(net, (x,), path, dynamo=False, dynamic_axes=axes, **names)


def case(name: str) -> dict:
    build, side, opset, maps, dynamic = CASES[name]
    torch.manual_seed(1)
    net = like_trained(build(), side)
    count = 3 * side * side
    values = np.float32(2) * networks.uniform("input", 1, count) - np.float32(1)
    x = as_input(net, torch.from_numpy(values.reshape(1, 3, side, side)))
    path = FOLDER / f"{name}.onnx"
    export(net, x, path, opset, dynamic)
    model = onnx.load(path)
    # What it was made from is no part of it, and names our folders.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.ClearField("doc_string")
    del model.graph.metadata_props[:], model.metadata_props[:], model.graph.value_info[:]
    if name == "channels_last":
        labels = json.dumps([f"thing {i}" for i in range(CLASSES)])
        onnx.helper.set_model_props(model, {"glasstree.labels": labels})
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0].ravel()
    ends_in_softmax = isinstance(net, ChannelsLast)
    print(f"{name}: opset {opset}, {path.stat().st_size} bytes, spread {logits.std():.3g}")
    return {
        "side": side,
        "logits": [float(f"{value:.9g}") for value in logits],
        "probabilities": ends_in_softmax,
        "bytes": ends_in_softmax,
        "maps": maps,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the small ONNX files and their figures.")
    parser.add_argument("--only", choices=CASES)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    # A kernel of its own that the older exporter does not know.
    torch.backends.mha.set_fastpath_enabled(False)
    path = FOLDER / "cases.json"
    cases = json.loads(path.read_text()) if path.exists() else {}
    for name in CASES:
        if args.only in (None, name):
            with torch.no_grad():
                cases[name] = case(name)
    path.write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
