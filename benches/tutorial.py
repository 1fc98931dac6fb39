"""The tutorial that glasstree grew out of, as a plain script: what `glasstree explain` is timed against.

    python benches/tutorial.py PHOTO --resnet18 resnet18.pth --wrn28-10 wrn28_10.pth [--out FOLDER]

Needs: pip install torch torchvision pillow numpy

The steps are those of "How to visualize and explain image classifiers" (Alvin Wan, 2020): classify a
photo with ResNet18; draw the class activation map of its prediction; let a neural-backed decision
tree (Wan et al. 2021) on a WideResNet-28-10 trained for CIFAR-10 explain the photo step by step.

The original imports nbdt, pytorchcv and matplotlib; here their few needed lines are written out, so
this script starts faster than the original. That is meant: the comparison should not be flattering.
The map is drawn upright; the original's is mirrored about the diagonal.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torchvision import transforms

ASSETS = Path(__file__).resolve().parents[1] / "assets"

# ------------------------------------------------------------------------------------ networks


class Layer(nn.Module):
    """Normalisation and convolution of a pre-activation block."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


class Unit(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Module()
        self.body.conv1 = Layer(inputs, outputs, stride)
        self.body.conv2 = Layer(outputs, outputs, 1)
        self.identity_conv = None
        if inputs != outputs or stride != 1:
            self.identity_conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        active = F.relu(self.body.conv1.bn(x))
        skip = x if self.identity_conv is None else self.identity_conv(active)
        y = self.body.conv1.conv(active)
        return self.body.conv2.conv(F.relu(self.body.conv2.bn(y))) + skip


class WideResNet28x10(nn.Module):
    """Zagoruyko & Komodakis 2016, with pytorchcv's names of the weights."""

    def __init__(self, classes: int = 10):
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("init_block", nn.Conv2d(3, 16, 3, 1, 1, bias=False))
        channels = 16
        for stage, width in enumerate((160, 320, 640), start=1):
            units = nn.Sequential()
            for unit in range(1, 5):
                stride = 2 if stage > 1 and unit == 1 else 1
                units.add_module(f"unit{unit}", Unit(channels, width, stride))
                channels = width
            self.features.add_module(f"stage{stage}", units)
        last = nn.Sequential()
        last.add_module("bn", nn.BatchNorm2d(channels))
        last.add_module("activ", nn.ReLU(inplace=True))
        self.features.add_module("post_activ", last)
        self.output = nn.Linear(channels, classes)

    def forward(self, x):
        return self.output(self.features(x).mean((2, 3)))


def load(model: nn.Module, file: Path) -> nn.Module:
    """The model with the weights of a plain or nbdt-style checkpoint, ready for inference."""
    content = torch.load(file, map_location="cpu", weights_only=True)
    weights = content.get("net", content)
    model.load_state_dict({key.removeprefix("module."): value for key, value in weights.items()})
    return model.eval()


# ---------------------------------------------------------------------------------------- tree


class Tree:
    """An nbdt hierarchy: per inner node its children and, per child, the classes below."""

    def __init__(self, dataset: str, graph: str):
        wnids = (ASSETS / "wnids" / f"{dataset}.txt").read_text().split()
        content = json.loads((ASSETS / "hierarchies" / dataset / f"{graph}.json").read_text())
        self.leaf = {wnid: index for index, wnid in enumerate(wnids)}
        self.name = {node["id"]: node.get("label") or "(generated)" for node in content["nodes"]}
        self.children: dict[str, list[str]] = {}
        for link in content["links"]:
            self.children.setdefault(link["source"], []).append(link["target"])
        below = {link["target"] for link in content["links"]}
        (self.root,) = (node for node in self.children if node not in below)
        self.classes = {node: [self._below(child) for child in children]
                        for node, children in self.children.items()}  # fmt: skip

    def _below(self, node: str) -> list[int]:
        """Class indices of the leaves under a node, without recursion."""
        found, stack = [], [node]
        while stack:
            node = stack.pop()
            if node in self.children:
                stack += self.children[node]
            else:
                found.append(self.leaf[node])
        return found

    def branch(self, node: str, logits: torch.Tensor) -> torch.Tensor:
        """Probabilities of a node's children: softmax of the mean logits of their leaves."""
        means = torch.stack([logits[classes].mean() for classes in self.classes[node]])
        return F.softmax(means, dim=0)

    def hard(self, logits: torch.Tensor) -> tuple[int, list[tuple[str, float]]]:
        """The class at the end of the most probable branches, and the steps to it."""
        node, steps = self.root, []
        while node in self.children:
            probabilities = self.branch(node, logits)
            best = int(probabilities.argmax())
            node = self.children[node][best]
            steps.append((node, float(probabilities[best])))
        return self.leaf[node], steps

    def soft(self, logits: torch.Tensor) -> torch.Tensor:
        """Per class the product of the probabilities on the way from the root."""
        result = torch.ones_like(logits)
        for node in self.children:
            for classes, probability in zip(self.classes[node], self.branch(node, logits)):
                result[classes] *= probability
        return result


# ------------------------------------------------------------------------------------- the steps


def preprocess(size: int, mean: tuple, std: tuple) -> transforms.Compose:
    return transforms.Compose([
        transforms.Resize(size),
        transforms.CenterCrop(size),
        transforms.ToTensor(),
        transforms.Normalize(mean, std),
    ])  # fmt: skip


def jet(values: np.ndarray) -> np.ndarray:
    """The colour map of that name, [h, w] in 0..1 to [h, w, 3] in 0..255."""
    stops = (
        ((0, 0.35, 0.66, 0.89, 1), (0, 0, 1, 1, 0.5)),
        ((0, 0.125, 0.375, 0.64, 0.91, 1), (0, 0, 1, 1, 0, 0)),
        ((0, 0.11, 0.34, 0.65, 1), (0.5, 1, 1, 0, 0)),
    )
    return (np.stack([np.interp(values, *s) for s in stops], axis=-1) * 255).astype(np.uint8)


def classify_and_map(photo: Image.Image, weights: Path, out: Path) -> None:
    net = load(torchvision.models.resnet18(weights=None), weights)
    kept = []
    net.layer4[1].conv2.register_forward_hook(lambda _net, _in, output: kept.append(output[0]))
    x = preprocess(224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))(photo)[None]
    prediction = int(net(x)[0].argmax())
    labels = (ASSETS / "labels" / "Imagenet1000.txt").read_text().splitlines()
    print(f"Prediction: {labels[prediction]}")

    cam = torch.einsum("c,chw->hw", net.fc.weight[prediction], kept[0]).numpy()
    cam = (cam - cam.min()) / max(cam.max() - cam.min(), 1e-12)
    heatmap = Image.fromarray(jet(cam)).resize((224, 224), Image.Resampling.BICUBIC)
    heatmap.save(out / "heatmap.jpg")
    print(f" * Wrote heatmap to {out / 'heatmap.jpg'}")

    crop = transforms.Compose([transforms.Resize(224), transforms.CenterCrop(224)])(photo)
    Image.blend(crop, heatmap, 0.5).save(out / "combined.jpg")
    print(f" * Wrote heatmap on image to {out / 'combined.jpg'}")


def explain_by_tree(photo: Image.Image, weights: Path) -> None:
    net = load(WideResNet28x10(), weights)
    x = preprocess(32, (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))(photo)[None]
    tree = Tree("CIFAR10", "graph-induced-wrn28_10_cifar10")
    _, steps = tree.hard(net(x)[0])
    decisions = ", ".join(f"{tree.name[node]} ({probability:.2%})" for node, probability in steps)
    print(f"Prediction: {tree.name[steps[-1][0]]} // Decisions: {decisions}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Explain a photo: class activation map and tree.")
    parser.add_argument("photo", type=Path)
    parser.add_argument("--resnet18", type=Path, required=True, help=".pth, ImageNet-1k")
    parser.add_argument("--wrn28-10", type=Path, required=True, help=".pth, CIFAR-10")
    parser.add_argument("--out", type=Path, default=Path("."), help="folder of the two pictures")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    photo = Image.open(args.photo).convert("RGB")
    classify_and_map(photo, args.resnet18, args.out)
    explain_by_tree(photo, args.wrn28_10)


if __name__ == "__main__":
    main()
