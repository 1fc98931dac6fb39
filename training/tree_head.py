"""Trains the last layer of a network anew, so that nbdt's hard rule agrees with the network.

The network itself stays as it is: `glasstree features` has written what its last layer reads of every
picture. That layer is trained towards the network's own probabilities, not towards labels: by its
logits (so that the prediction stays the same) and by the decisions of a tree (so that the tree says the
same as the network).

    glasstree features train --npy train.npy
    glasstree features val/images --boxes val/val_annotations.txt --limit 4000 --npy held.npy
    glasstree induce --model efficientnet-lite0 --out tree.json
    python training/tree_head.py --features train.npy --held held.npy --hierarchy tree.json \\
        --weights weights/efficientnet-lite0.f16.safetensors --out head.safetensors
"""

import argparse
import csv
import math
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from common import ASSETS
from tree import Tree


class Pictures:
    """What `glasstree features` has written: pooled features, logits, and classes where known."""

    def __init__(self, path: Path):
        self.features = torch.from_numpy(np.load(path))
        self.logits = torch.from_numpy(np.load(path.with_suffix(".logits.npy")))
        with open(path.with_suffix(".csv"), newline="") as file:
            classes = [row["class"] for row in csv.DictReader(file)]
        self.classes = torch.tensor([int(text) if text else -1 for text in classes])


def find_head(weights: dict[str, torch.Tensor], pictures: Pictures) -> str:
    """The name of the linear layer, without `.weight`: the one that makes the logits of the features."""
    shape = (pictures.logits.shape[1], pictures.features.shape[1])
    features, logits = pictures.features[:16], pictures.logits[:16]
    for name in weights:
        head = name.removesuffix(".weight")
        if weights[name].shape == shape and f"{head}.bias" in weights:
            own = F.linear(features, weights[name].float(), weights[f"{head}.bias"].float())
            # Sums of a thousand products in another order.
            if torch.allclose(own, logits, rtol=1e-3, atol=1e-2):
                return head
    raise SystemExit("No linear layer of these weights makes these logits of these features")


class Decisions:
    """nll of `Tree.loss` for distributions, with tables that are nearly empty kept so: a hundred times
    less work for a thousand classes.

    The sum over the classes of the sums along their paths is the same as the sum over the nodes, each
    counted as often as the target comes there.
    """

    def __init__(self, tree: Tree):
        self.below = tree.below
        self.mean, self.inside = tree.mean.to_sparse(), tree.path.T.contiguous().to_sparse()

    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        nodes = F.pad(torch.sparse.mm(self.mean, logits.T).T, (0, 1), value=-torch.inf)
        reach = F.pad(torch.sparse.mm(self.inside, target.T).T, (0, 1))
        decisions = nodes[:, self.below].log_softmax(2)
        # What fills the table up is never reached, and minus infinity times 0 is no number.
        decisions = decisions.masked_fill(decisions == -torch.inf, 0)
        return -(reach[:, self.below] * decisions).sum() / len(logits)


@torch.no_grad()
def measure(tree: Tree, weight: torch.Tensor, bias: torch.Tensor, pictures: Pictures) -> dict[str, float]:
    """Shares of the pictures, in percent."""
    counts = dict.fromkeys(["plain", "plain_before", "hard", "same", "hard_is_network", "hard_is_own"], 0)
    known = 0
    batches = zip(*(t.split(512) for t in (pictures.features, pictures.logits, pictures.classes)))
    for features, before, truth in batches:
        logits = F.linear(features, weight, bias)
        plain, network, hard = logits.argmax(1), before.argmax(1), tree.hard(logits)
        known += (truth >= 0).sum().item()
        for key, agrees in [
            ("plain", plain == truth),
            ("plain_before", network == truth),
            ("hard", hard == truth),
            ("same", plain == network),
            ("hard_is_network", hard == network),
            ("hard_is_own", hard == plain),
        ]:
            counts[key] += agrees.sum().item()
    of = {"plain": known, "plain_before": known, "hard": known}
    return {key: 100 * n / max(of.get(key, len(pictures.logits)), 1) for key, n in counts.items()}


def report(figures: dict[str, float]) -> str:
    return (
        f"plain {figures['plain']:.2f} % (before {figures['plain_before']:.2f}), hard tree {figures['hard']:.2f} %; "
        f"same prediction as before {figures['same']:.1f} %; hard tree agrees with the network as it was on "
        f"{figures['hard_is_network']:.1f} %, as it is on {figures['hard_is_own']:.1f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=Path, required=True, help="of the pictures to train on")
    parser.add_argument("--held", type=Path, required=True, help="of pictures to measure on")
    parser.add_argument("--hierarchy", type=Path, required=True)
    parser.add_argument("--wnids", type=Path, default=ASSETS / "wnids/Imagenet1000.txt")
    parser.add_argument("--weights", type=Path, required=True, help=".safetensors of the network")
    parser.add_argument("--out", type=Path, required=True, help="the same with the new layer")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--tree-weight", type=float, default=1.0)
    parser.add_argument("--tree-loss", choices=["nbdt", "nll"], default="nll", help="see README.md")
    parser.add_argument(
        "--sharpen", type=float, default=1.0, help="the tree's target is softmax(SHARPEN x logits)"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    training, held = Pictures(args.features), Pictures(args.held)
    weights = load_file(args.weights)
    head = find_head(weights, training)
    tree = Tree(args.hierarchy, args.wnids.read_text().split())
    decisions = Decisions(tree)
    weight, bias = (weights[f"{head}.{part}"].float().requires_grad_() for part in ("weight", "bias"))
    optimizer = torch.optim.AdamW([weight, bias], lr=args.lr, weight_decay=args.weight_decay)
    steps = args.epochs * math.ceil(len(training.features) / args.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, total_steps=steps, pct_start=0.1)

    print(f"{len(training.features)} pictures to train on, {len(held.features)} held back")
    print("before:", report(measure(tree, weight, bias, held)), flush=True)
    for epoch in range(args.epochs):
        started, losses = time.monotonic(), [0.0, 0.0]
        for batch in torch.randperm(len(training.features)).split(args.batch):
            before = training.logits[batch]
            logits = F.linear(training.features[batch], weight, bias)
            plain = F.cross_entropy(logits, before.softmax(1))
            target = (args.sharpen * before).softmax(1)
            if args.tree_loss == "nll":
                decided = decisions.loss(logits, target)
            else:
                decided = tree.loss(logits, target, args.tree_loss)
            optimizer.zero_grad()
            (plain + args.tree_weight * decided).backward()
            optimizer.step()
            schedule.step()
            losses = [losses[0] + plain.item(), losses[1] + decided.item()]
        took, count = time.monotonic() - started, math.ceil(len(training.features) / args.batch)
        print(f"epoch {epoch + 1}: losses {losses[0] / count:.3f} {losses[1] / count:.3f}, {took:.0f} s", flush=True)
        if (epoch + 1) % 5 == 0 or epoch + 1 == args.epochs:
            print("  held back:", report(measure(tree, weight, bias, held)), flush=True)

    for part, values in (("weight", weight), ("bias", bias)):
        name = f"{head}.{part}"
        weights[name] = values.detach().to(weights[name].dtype).contiguous()
    save_file(weights, args.out, {"format": "pt"})
    print(f"Wrote {args.out}")


if __name__ == "__main__":
    main()
