"""Trains a WideResNet on CIFAR10 with tree supervision.

    python training/wrn_cifar10.py --data cifar10 --out runs/wrn28-10 --minutes 25
"""

from pathlib import Path

import torch

from common import (
    ASSETS,
    Pictures,
    arguments,
    class_folders,
    load_pictures,
    load_weights,
    normalise,
    prepare,
    random_crops,
    train,
)
from tree import Tree
from wide_resnet import WideResNet

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)


HIERARCHY = ASSETS / "hierarchies/CIFAR10/graph-induced-wrn28_10_cifar10.json"
WNIDS = (ASSETS / "wnids/CIFAR10.txt").read_text().split()


def load_split(data: Path, split: str) -> Pictures:
    """`split` is "train" or "test"."""
    return load_pictures(class_folders(data / split), data / f"{split}.pt")


def unchanged(images: torch.Tensor) -> torch.Tensor:
    """Pictures as the network takes them for a prediction."""
    return normalise(images, MEAN, STD)


def main() -> None:
    parser = arguments(
        __doc__.splitlines()[0],
        minutes=25,
        batch=128,
        lr=0.1,
        weight_decay=5e-4,
        tree_weight=1.0,
        tree_loss="nbdt",
    )
    parser.add_argument("--depth", type=int, default=28)
    parser.add_argument("--width", type=int, default=10)
    parser.add_argument("--hierarchy", type=Path, default=HIERARCHY)
    parser.add_argument(
        "--small-crops",
        action="store_true",
        help="24, then 28 pixels in the first two thirds: more epochs on a slow device",
    )
    args = parser.parse_args()
    device = prepare(args)

    training, test = (load_split(args.data, split).to(device) for split in ("train", "test"))
    tree = Tree(args.hierarchy, WNIDS).to(device)
    net = WideResNet(args.depth, args.width, len(WNIDS))
    if args.start:
        load_weights(net, args.start)
    net = net.to(device, memory_format=torch.channels_last)

    def augment(images, labels, progress):
        size = 32
        if args.small_crops and progress < 0.66:
            size = 24 if progress < 0.45 else 28
        padding = 4 if size == 32 else 2
        return normalise(random_crops(images, size, padding), MEAN, STD), labels

    train(net, tree, training, test, augment, unchanged, args)


if __name__ == "__main__":
    main()
