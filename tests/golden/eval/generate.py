"""Reference for what `eval` counts of a tree, written in NumPy from the definitions.

P(node) is the sum of the softmax over its leaves. The answer at a certainty t is the end of the walk
from the root that goes to the likeliest child as long as that has P >= t. The risk of a picture is the
largest P of a node that its class is not below; a threshold for answers that are right with a
probability of a is the ceil((n + 1) a)-th smallest risk of n pictures, but at least 1/2. Calibration has
15 bins. The height of a node is the number of steps to its farthest leaf.

    python tests/golden/eval/generate.py > tests/golden/eval/cases.json
"""

import json
import math

import numpy as np

THRESHOLDS = [0, 0.25, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99]
ACCURACIES = [0.5, 0.8, 0.9, 0.95, 0.999]
BINS = 15


def random_tree(rng, leaves):
    """Parents by node; leaves are 0 … leaves - 1, the root is the last node."""
    parent, open_nodes, count = {}, list(range(leaves)), leaves
    while len(open_nodes) > 1:
        for _ in range(min(len(open_nodes), int(rng.integers(2, 5)))):
            parent[int(open_nodes.pop(int(rng.integers(len(open_nodes)))))] = count
        open_nodes.append(count)
        count += 1
    return parent, count - 1


def case(seed, leaves, pictures):
    rng = np.random.default_rng(seed)
    parent, root = random_tree(rng, leaves)

    def path(node):
        """From the root to the node."""
        return (path(parent[node]) if node in parent else []) + [node]

    children = {n: sorted(c for c in parent if parent[c] == n) for n in range(leaves, root + 1)}
    below = {n: [leaf for leaf in range(leaves) if n in path(leaf)] for n in range(root + 1)}
    height = {n: max(len(path(leaf)) - len(path(n)) for leaf in below[n]) for n in below}

    truths = rng.integers(leaves, size=pictures)
    logits = rng.normal(0, 2, (pictures, leaves))
    logits[np.arange(pictures), truths] += 3
    logits = logits.astype(np.float32)
    points = [[0, 0, 0, 0] for _ in THRESHOLDS]
    bins = [[0, 0, 0.0] for _ in range(BINS)]
    risks, heights = [], {}
    deepest = max(len(path(leaf)) for leaf in range(leaves)) - 1
    levels, folded = [0] * deepest, np.zeros((len(children[root]),) * 2, int)
    for truth, z in zip(truths, logits.astype(np.float64)):
        p = np.exp(z - z.max())
        p /= p.sum()
        prob = {n: p[below[n]].sum() for n in below}
        true_path, said = path(truth), int(z.argmax())
        for point, threshold in zip(points, THRESHOLDS):
            node = root
            while node in children:
                best = max(children[node], key=prob.get)
                if prob[best] < threshold:
                    break
                node = best
            point[0] += node in true_path
            point[1] += node < leaves
            point[2] += len(path(node)) - 1
            point[3] += len(below[node])
        risks.append(max([prob[n] for n in prob if n not in true_path], default=0.0))
        at = min(int(p.max() * BINS), BINS - 1)
        bins[at] = [bins[at][0] + int(said == truth), bins[at][1] + 1, bins[at][2] + p.max()]
        common = [a for a, b in zip(true_path, path(said)) if a == b]
        heights[height[common[-1]]] = heights.get(height[common[-1]], 0) + 1
        for depth in range(1, deepest + 1):
            a, b = (way[min(depth, len(way) - 1)] for way in (true_path, path(said)))
            levels[depth - 1] += int(a == b)
        folded[tuple(children[root].index(path(leaf)[1]) for leaf in (truth, said))] += 1
    order, promises = np.sort(risks), []
    for accuracy in ACCURACIES:
        place = math.ceil((pictures + 1) * accuracy)
        promises.append(max(0.5, order[place - 1]) if place <= pictures else None)
    error = sum(abs(total - right) for right, _, total in bins) / pictures
    return {
        "parents": [parent.get(node) for node in range(root + 1)],
        "classes": leaves,
        "truths": truths.tolist(),
        "logits": [[float(f"{x:.9g}") for x in row] for row in logits],
        "points": points,
        "promises": [[accuracy, promise] for accuracy, promise in zip(ACCURACIES, promises)],
        "bins": bins,
        "error": error,
        "heights": sorted(heights.items()),
        "levels": levels,
        "branches": children[root],
        "folded": folded.tolist(),
    }


print(json.dumps([case(1, 5, 60), case(2, 12, 80), case(3, 30, 50)]))
