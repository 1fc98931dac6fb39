"""Trains torchvision's ResNet18 on Tiny ImageNet, whose 64×64 pixels are enlarged to 224×224.

    python training/resnet18_tinyimagenet.py --data tiny-imagenet-200 --out runs/tiny --minutes 28

With tree supervision, a second and shorter run on a tree that is induced from the first:

    glasstree induce --model runs/tiny/result.pth --out runs/tiny/tree.json
    python training/resnet18_tinyimagenet.py --data tiny-imagenet-200 --out runs/tiny-tree \\
        --start runs/tiny/result.pth --hierarchy runs/tiny/tree.json --lr 0.02 --minutes 8
"""

import json
from pathlib import Path

import torch
from torch.nn import functional as F
from torchvision.models import resnet18

from common import (
    ASSETS,
    Pictures,
    arguments,
    class_folders,
    jitter_colours,
    load_pictures,
    load_weights,
    mix,
    normalise,
    prepare,
    resized_crops,
    train,
)
from tree import Tree

# What glasstree prepares pictures with for torchvision's networks.
SIDE = 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def validation_files(folder: Path) -> list[tuple[Path, str]]:
    """The pictures of val/, whose classes stand in a table beside them."""
    rows = [line.split("\t") for line in (folder / "val_annotations.txt").read_text().splitlines()]
    return [(folder / "images" / row[0], row[1]) for row in rows]


def leaf_ids(hierarchy: Path, classes: list[str]) -> list[str]:
    """The leaf of each class: its own wnid, but nbdt's files have them in an order of their own."""
    nbdt = (ASSETS / "wnids/TinyImagenet200.txt").read_text().split()
    nodes = [node["id"] for node in json.loads(hierarchy.read_text())["nodes"]]
    leaves = [node for node in nodes if node in set(nbdt)]
    return nbdt if leaves == nbdt else classes


def load_split(data: Path, split: str) -> Pictures:
    """`split` is "train" or "val"."""
    files = class_folders(data / split) if split == "train" else validation_files(data / split)
    return load_pictures(files, data / f"{split}.pt")


def unchanged(images: torch.Tensor) -> torch.Tensor:
    """Pictures as the network takes them for a prediction."""
    images = F.interpolate(images.float(), size=(SIDE, SIDE), mode="bilinear")
    # Pillow, and with it glasstree, rounds to whole numbers here.
    return normalise(images.round(), MEAN, STD)


def main() -> None:
    parser = arguments(
        __doc__.splitlines()[0],
        minutes=28,
        batch=256,
        lr=0.2,
        weight_decay=2e-4,
        tree_weight=1.0,
        tree_loss="nll",
    )
    parser.add_argument("--hierarchy", type=Path, help="tree to supervise with; none: no tree")
    parser.add_argument("--smoothing", type=float, default=0.1, help="of labels")
    args = parser.parse_args()
    device = prepare(args)

    training, validation = (load_split(args.data, split).to(device) for split in ("train", "val"))
    classes = training.classes
    if validation.classes != classes:
        parser.error("train and val have different classes; is --data complete?")
    tree = None
    if args.hierarchy:
        tree = Tree(args.hierarchy, leaf_ids(args.hierarchy, classes)).to(device)
    net = resnet18(num_classes=len(classes))
    if args.start:
        load_weights(net, args.start)
    net = net.to(device, memory_format=torch.channels_last)

    def augment(images, labels, progress):
        # Small inputs first: three times faster, and the network grows into the full size.
        size = min(128 + 32 * int(4 * progress), SIDE)
        images = jitter_colours(resized_crops(images, size, smallest=0.25), 0.3)
        targets = F.one_hot(labels, len(classes)) * (1 - args.smoothing)
        targets = targets + args.smoothing / len(classes)
        return mix(normalise(images, MEAN, STD), targets)

    train(net, tree, training, validation, augment, unchanged, args)


if __name__ == "__main__":
    main()
