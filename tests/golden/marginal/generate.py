"""Reference for the marginal rule, written in NumPy from the definitions.

P(node) is the sum of the softmax over its leaves, P(child | node) = P(child) / P(node). The map of
a decision is the gradient of its log-odds with respect to the features, times the features, here
by the chain rule through the softmax; the constant that is left is the entropy within the branch
minus the entropy within its siblings.

    python tests/golden/marginal/generate.py > tests/golden/marginal/cases.json
"""

import json

import numpy as np

HEIGHT, WIDTH, CHANNELS = 3, 2, 4


def random_tree(rng, leaves):
    """Children by node; leaves are 0 … leaves - 1, the root is the last node."""
    children, open_nodes, count = {}, list(range(leaves)), leaves
    while len(open_nodes) > 1:
        take = min(len(open_nodes), int(rng.integers(2, 5)))
        picked = [open_nodes.pop(int(rng.integers(len(open_nodes)))) for _ in range(take)]
        children[count] = [int(node) for node in picked]
        open_nodes.append(count)
        count += 1
    return children, count - 1


def leaves_of(children, node):
    if node not in children:
        return [node]
    return [leaf for child in children[node] for leaf in leaves_of(children, child)]


def entropy(p):
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def case(seed, leaves, scale):
    rng = np.random.default_rng(seed)
    children, root = random_tree(rng, leaves)
    weight = rng.normal(0, scale, (leaves, CHANNELS)).astype(np.float32)
    bias = rng.normal(0, 1, leaves).astype(np.float32)
    features = rng.gamma(1.0, 1.0, (CHANNELS, HEIGHT, WIDTH)).astype(np.float32)
    w, b, f = (a.astype(np.float64) for a in (weight, bias, features))
    logits = w @ f.mean((1, 2)) + b
    p = np.exp(logits - logits.max())
    p /= p.sum()
    inside = {node: leaves_of(children, node) for node in range(root + 1)}
    prob = [float(p[inside[node]].sum()) for node in range(root + 1)]

    node, path = root, []
    while node in children:
        node = max(children[node], key=lambda child: prob[child])
        path.append(node)

    decisions = []
    for parent, kids in children.items():
        for node in kids:
            rest = [leaf for leaf in inside[parent] if leaf not in inside[node]]
            own = inside[node]
            q, r = p[own] / p[own].sum(), p[rest] / p[rest].sum()
            row = q @ w[own] - r @ w[rest]
            decisions.append({
                "node": node,
                "branch": prob[node] / prob[parent],
                "log_odds": float(np.log(p[own].sum()) - np.log(p[rest].sum())),
                "entropy": entropy(q) - entropy(r),
                "bias": float(q @ b[own] - r @ b[rest]),
                "map": np.tensordot(row, f, 1).ravel().tolist(),
            })
    return {
        "children": [[int(parent), kids] for parent, kids in children.items()],
        "weight": weight.ravel().tolist(),
        "bias": bias.tolist(),
        "features": features.ravel().tolist(),
        "logits": logits.tolist(),
        "probabilities": prob,
        "path": path,
        "likeliest": int(logits.argmax()),
        "decisions": decisions,
    }


cases = [case(1, 2, 1.0), case(2, 7, 0.5), case(3, 12, 1.5), case(4, 20, 4.0)]
size = {"channels": CHANNELS, "height": HEIGHT, "width": WIDTH}
print(json.dumps({"size": size, "cases": cases}, separators=(",", ":")))
