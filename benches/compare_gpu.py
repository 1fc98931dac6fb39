"""Times glasstree on a GPU against PyTorch with CUDA: same GPU, same weights, in turns.

    pip install torch torchvision pillow numpy
    cargo build --release
    python benches/compare_gpu.py [--rounds 5] [--program target/release/glasstree]

A forward pass begins with pixels in main memory and ends with logits and the last feature map there, for both: that is
what an explanation needs. PyTorch is timed three ways: in 32 bits, with TF32 products (its default for convolutions), and
in 32 bits as replays of a CUDA graph, which leaves out the launching of its kernels one by one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from compare import HERE, NETWORKS, Times, inputs, measure, short, summary
from tutorial import load


def body(name: str, model: torch.nn.Module):
    """The layers up to the last feature map, and those from there to the logits."""
    if name == "resnet18":
        children = list(model.children())
        return torch.nn.Sequential(*children[:-2]), model.fc
    if name == "wrn28_10":
        return model.features, model.output
    raise ValueError(name)


def write_weights(folder: Path) -> dict[str, Path]:
    torch.manual_seed(0)
    files = {}
    for name in ("resnet18", "wrn28_10"):
        files[name] = folder / f"{name}.pth"
        torch.save(NETWORKS[name][0]().eval().state_dict(), files[name])
    return files


def graphed(layers, head, x):
    """The forward pass recorded once on `x`; a function that plays it again."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            head(layers(x).mean((2, 3)))
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        features = layers(x)
        logits = head(features.mean((2, 3)))

    def run(host):
        x.copy_(host)
        graph.replay()
        return features.cpu(), logits.cpu()

    return run


def time_pytorch(files: dict[str, Path], times: int, tf32: bool, graph: bool):
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    results = {}
    for name, file in files.items():
        build, side = NETWORKS[name]
        model = load(build(), file).cuda()
        layers, head = body(name, model)
        for batch in (1, 16):
            host = torch.from_numpy(inputs(batch, side))

            def forward(host=host, layers=layers, head=head):
                features = layers(host.cuda())
                return features.cpu(), head(features.mean((2, 3))).cpu()

            action = forward
            if graph:
                play = graphed(layers, head, host.cuda())
                action = lambda play=play, host=host: play(host)  # noqa: E731
            action()
            results[f"{name} forward b{batch}"] = measure(action, times)
    return results


def time_glasstree(program: Path, files: dict[str, Path], times: int):
    command = [str(program), "bench", "--json", "--device", "gpu", "--rounds", str(times)]
    for name, file in files.items():
        command += [f"--{name.replace('_', '-')}", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"Failed ({result.returncode}): {' '.join(command)}\n{result.stderr}")
    report = json.loads(result.stdout)
    first = {r["name"]: r["ms_first"] for r in report["results"]}
    times = {r["name"]: Times(r["ms_min"], r["ms_median"], None) for r in report["results"]}
    return report["device"], times, first


def main() -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=Path, default=target / "release" / "glasstree")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every program")
    parser.add_argument("--times", type=int, default=30, help="calls per measurement and turn")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    kinds = {"PyTorch": (False, False), "PyTorch, TF32": (True, False), "PyTorch, graph": (False, True)}
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        files = write_weights(Path(folder))
        for _ in range(args.rounds):
            device, ours, first = time_glasstree(args.program, files, args.times)
            ours = {name: time for name, time in ours.items() if "forward" in name or "load" in name}
            result = {"glasstree": ours}
            for kind, (tf32, graph) in kinds.items():
                result[kind] = time_pytorch(files, args.times, tf32, graph)
            rounds.append(result)
    print(f"glasstree on {device}; PyTorch {torch.__version__} on {torch.cuda.get_device_name()}")
    print(f"{args.rounds} rounds of {args.times}; milliseconds, smallest (median)\n")
    print("| | glasstree | first time | " + " | ".join(kinds) + " | to PyTorch |")
    print("|---|" + "---:|" * (len(kinds) + 3))
    for name in rounds[0]["glasstree"]:
        times = [summary(rounds, program, name) for program in ("glasstree", *kinds)]
        cells = [f"{short(t[0])} ({short(t[1])})" if t else "–" for t in times]
        ratio = short(times[0][1] / times[1][1]) if times[1] else "–"
        print(f"| {name} | {cells[0]} | {short(first[name])} | {' | '.join(cells[1:])} | {ratio} |")


if __name__ == "__main__":
    main()
