"""Accuracy of a weights file in PyTorch, to compare with `glasstree eval`.

    python training/evaluate.py weights/wrn16-2-cifar10.f16.safetensors --data cifar10
    python training/evaluate.py runs/tiny/result.pth --data tiny-imagenet-200 --hierarchy tree.json

The network is recognised: a WideResNet is measured on CIFAR10, a ResNet18 on Tiny ImageNet.
"""

import argparse
from pathlib import Path

import torch
from torchvision.models import resnet18

import resnet18_tinyimagenet as tiny
import wrn_cifar10 as cifar
from common import accuracy, load_weights, read_weights
from tree import Tree
from wide_resnet import WideResNet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the unpacked data set")
    parser.add_argument("--hierarchy", type=Path, help="default: that of the WideResNet, or none")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()

    tensors = read_weights(args.weights)
    if "features.init_block.weight" in tensors:
        units = len([name for name in tensors if name.startswith("features.stage1.")
                     and name.endswith("conv1.conv.weight")])
        width = tensors["features.stage1.unit1.body.conv1.conv.weight"].shape[0] // 16
        net = WideResNet(6 * units + 4, width, len(cifar.WNIDS))
        pictures, unchanged = cifar.load_split(args.data, "test"), cifar.unchanged
        tree = Tree(args.hierarchy or cifar.HIERARCHY, cifar.WNIDS)
    else:
        pictures, unchanged = tiny.load_split(args.data, "val"), tiny.unchanged
        net = resnet18(num_classes=len(pictures.classes))
        tree = args.hierarchy and Tree(
            args.hierarchy, tiny.leaf_ids(args.hierarchy, pictures.classes)
        )
    load_weights(net, args.weights)
    device = torch.device(args.device)
    net = net.to(device, memory_format=torch.channels_last)
    tree = tree and tree.to(device)
    print(accuracy(net, tree, pictures.to(device), unchanged, "f32"))


if __name__ == "__main__":
    main()
