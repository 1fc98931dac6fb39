"""Compares tree.py with figures that nbdt's own code gave, and with a plain reimplementation.

    python training/test_tree_loss.py
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from common import ASSETS
from tree import Tree
from tree_head import Decisions

GOLDEN = ASSETS.parent / "tests/golden/nbdt"

# Cross entropy + weight × SoftTreeSupLoss, computed by nbdt (its last version, of 2021) for the first
# 38 rows of GOLDEN/<data set>.logits.safetensors, with class (7 i + 3) mod n as the target of row i.
LOSSES = {
    ("CIFAR10", "induced-wrn28_10_cifar10", 1.0): 7.436532974243164,
    ("CIFAR10", "induced-wrn28_10_cifar10", 0.5): 6.284759521484375,
    ("CIFAR10", "induced-wrn28_10_cifar10", 10.0): 28.16845703125,
    ("CIFAR10", "induced-ResNet10", 1.0): 7.4164910316467285,
    ("CIFAR10", "wordnet", 1.0): 7.436928749084473,
    ("CIFAR100", "induced-wrn28_10_cifar100", 1.0): 12.979108810424805,
    ("CIFAR100", "wordnet", 1.0): 12.991202354431152,
    ("CIFAR100", "wordnet", 10.0): 54.49325180053711,
}


def plain_log_probabilities(hierarchy: Path, wnids: list[str], logits: list[float]) -> list[float]:
    """For one picture, without matrices: down from the root, decision by decision."""
    below: dict[str, list[str]] = {}
    for edge in json.loads(hierarchy.read_text())["links"]:
        below.setdefault(edge["source"], []).append(edge["target"])

    def leaves(node: str) -> list[int]:
        if node not in below:
            return [wnids.index(node)]
        return [leaf for child in below[node] for leaf in leaves(child)]

    found = [0.0] * len(wnids)

    def descend(node: str, log_probability: float) -> None:
        if node not in below:
            found[wnids.index(node)] = log_probability
            return
        means = [sum(logits[i] for i in leaves(c)) / len(leaves(c)) for c in below[node]]
        for child, decision in zip(below[node], torch.tensor(means).log_softmax(0).tolist()):
            descend(child, log_probability + decision)

    (root,) = set(below) - {child for children in below.values() for child in children}
    descend(root, 0.0)
    return found


def main() -> None:
    for (dataset, name, weight), expected in LOSSES.items():
        hierarchy = ASSETS / f"hierarchies/{dataset}/graph-{name}.json"
        wnids = (ASSETS / f"wnids/{dataset}.txt").read_text().split()
        tree = Tree(hierarchy, wnids)
        (logits,) = load_file(GOLDEN / f"{dataset}.logits.safetensors").values()
        logits = logits[:38].clone().requires_grad_()
        target = torch.tensor([(7 * i + 3) % len(wnids) for i in range(38)])

        supervision = tree.loss(logits, target, "nbdt")
        loss = (F.cross_entropy(logits, target) + weight * supervision).item()
        # Both sides add up in float32, in another order.
        assert abs(loss - expected) < 2e-6 * expected, f"{dataset} {name}: {loss}, not {expected}"

        log_probabilities = tree.log_probabilities(logits)
        for row, found in zip(logits[::9], log_probabilities[::9]):
            plain = torch.tensor(plain_log_probabilities(hierarchy, wnids, row.tolist()))
            torch.testing.assert_close(found.detach(), plain, rtol=1e-5, atol=1e-5)
        nll = tree.loss(logits, target, "nll")
        torch.testing.assert_close(nll, F.nll_loss(log_probabilities, target))
        soft = torch.stack([logits.roll(i, 1).softmax(1) for i in (3, 9)]).mean(0).detach()
        quick = Decisions(tree).loss(logits, soft)
        torch.testing.assert_close(quick, tree.loss(logits, soft, "nll"), rtol=1e-5, atol=1e-5)
        (gradient,) = torch.autograd.grad(supervision + nll + quick, logits)
        assert gradient.isfinite().all()
        print(f"{dataset} {name}, weight {weight}: {loss:.6f}, as nbdt")

    for file in sorted(GOLDEN.glob("CIFAR*.graph-*.json")):
        golden = json.loads(file.read_text())
        dataset, name = file.stem.split(".")
        wnids = (ASSETS / f"wnids/{dataset}.txt").read_text().split()
        shipped = {"graph-induced": f"graph-induced-wrn28_10_{dataset.lower()}"}.get(name, name)
        tree = Tree(ASSETS / f"hierarchies/{dataset}/{shipped}.json", wnids)
        (logits,) = load_file(GOLDEN / f"{dataset}.logits.safetensors").values()
        hard = tree.hard(logits).tolist()
        # Where two children are as good as equal, rounding decides.
        clear = [s["margin"] >= 1e-5 for s in golden["samples"]]
        expected = [s["hard"] for s in golden["samples"]]
        assert sum(clear) > 40
        assert all(a == b for a, b, sure in zip(hard, expected, clear) if sure), file.name
        print(f"{dataset} {name}: {sum(clear)} hard decisions, as nbdt")


if __name__ == "__main__":
    main()
