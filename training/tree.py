"""The decisions of a neural-backed decision tree, for a whole batch at once, and nbdt's loss on them.

Everything follows Wan et al. 2021 and agrees with the package nbdt: the logit of a node is the mean
of the logits of the classes below it, and a decision is a softmax over the children of a node.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


class Tree(nn.Module):
    """A hierarchy as three constant tables; nodes are numbered without the root.

    `mean` [nodes, classes]: logits of classes to logits of nodes.
    `below` [inner nodes, most children]: the nodes below each inner node, filled up with `nodes`.
    `path` [classes, nodes]: 1 where a node is on the way from the root to a class.
    """

    def __init__(self, hierarchy: Path, wnids: list[str]):
        super().__init__()
        graph = json.loads(Path(hierarchy).read_text())
        edges: dict[str, list[str]] = {}
        for edge in graph.get("links") or graph["edges"]:
            edges.setdefault(edge["source"], []).append(edge["target"])
        targets = [target for children in edges.values() for target in children]
        if len(set(targets)) != len(targets):
            raise ValueError(f"{hierarchy}: a node has two parents; this is no tree")
        roots = [node for node in edges if node not in set(targets)]
        if len(roots) != 1:
            raise ValueError(f"{hierarchy}: {len(roots)} roots; a tree has one")
        if {node for node in targets if node not in edges} != set(wnids):
            raise ValueError(f"{hierarchy}: its leaves are not the {len(wnids)} classes")

        number = {node: i for i, node in enumerate(targets)}
        class_of = {wnid: i for i, wnid in enumerate(wnids)}
        path = torch.zeros(len(wnids), len(targets))
        parent = {child: node for node, children in edges.items() for child in children}
        for wnid in wnids:
            node = wnid
            while node != roots[0]:
                path[class_of[wnid], number[node]] = 1
                node = parent[node]
        inner = [roots[0]] + [node for node in edges if node != roots[0]]
        below = torch.full((len(inner), max(map(len, edges.values()))), len(targets))
        for i, node in enumerate(inner):
            for j, child in enumerate(edges[node]):
                below[i, j] = number[child]

        self.register_buffer("mean", path.T / path.sum(0)[:, None], persistent=False)
        self.register_buffer("path", path, persistent=False)
        self.register_buffer("below", below, persistent=False)
        # What follows a node: the row of `below` of an inner node, or -1 - class of a leaf.
        row = {node: i for i, node in enumerate(inner)}
        follows = [row.get(node, -1 - class_of.get(node, 0)) for node in targets]
        self.register_buffer("follows", torch.tensor(follows), persistent=False)

    def decisions(self, logits: torch.Tensor) -> torch.Tensor:
        """Log-probabilities of the children of every inner node: [batch, inner nodes, children]."""
        nodes = logits.float() @ self.mean.T
        nodes = F.pad(nodes, (0, 1), value=-torch.inf)
        return nodes[:, self.below].log_softmax(2)

    def log_probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Log-probability of every class: the sum of the decisions on its path [batch, classes]."""
        with torch.autocast(logits.device.type, enabled=False):
            decisions = self.decisions(logits)
            # Back from [inner, children] to nodes; the filling was -inf and is left out.
            place = self.below.flatten().argsort()[: self.path.shape[1]]
            return decisions.flatten(1)[:, place] @ self.path.T

    @torch.no_grad()
    def hard(self, logits: torch.Tensor) -> torch.Tensor:
        """The class at which one arrives by taking the likelier child every time [batch]."""
        with torch.autocast(logits.device.type, enabled=False):
            chosen = self.below[torch.arange(len(self.below)), self.decisions(logits).argmax(2)]
        at = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
        while (at >= 0).any():
            follows = self.follows[chosen.gather(1, at.clamp(min=0)[:, None])[:, 0]]
            at = torch.where(at >= 0, follows, at)
        return -1 - at

    def loss(self, logits: torch.Tensor, target: torch.Tensor, kind: str) -> torch.Tensor:
        """Tree supervision; `target` holds class numbers or a distribution over the classes.

        "nbdt": cross entropy of the soft tree's *probabilities*, taken for logits, as nbdt's
        SoftTreeSupLoss computes it. It never falls below ln(1 + (classes - 1) / e).
        "nll": the negative logarithm of the probability that the soft tree gives to the class.
        """
        log_probabilities = self.log_probabilities(logits)
        if kind == "nbdt":
            return F.cross_entropy(log_probabilities.exp(), target)
        # A sum over classes of probabilities is 1, so log_softmax changes nothing here.
        return F.cross_entropy(log_probabilities, target)
