"""Times glasstree against PyTorch and onnxruntime: same machine, same weights, same run.

    pip install torch torchvision pillow numpy onnx onnxruntime
    cargo build --release
    python benches/compare.py [--threads 2] [--rounds 5] [--program target/release/glasstree]

Speeds drift with whatever else a machine does, so the programs take turns (A B C A B C ...). A table
entry is the smallest time over all rounds and, in brackets, the median of the rounds' medians; the
ratios compare the medians. Where others use the machine, `--processor` compares what is left of their
doing: the smallest processor time, all threads together (Linux). Weights are random (speed does not depend on them), written as .pth files
to a temporary folder that every program reads. onnxruntime loads the same networks as .onnx files.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

# Kernels that a machine's administrator may have fixed for OpenBLAS; must go before numpy loads.
os.environ.pop("OPENBLAS_CORETYPE", None)

import numpy as np
import torch
import torchvision

from efficientnet import EfficientNetLite0
from tutorial import ASSETS, Tree, WideResNet28x10, load

HERE = Path(__file__).resolve().parent
PROGRAMS = ("glasstree", "PyTorch", "onnxruntime")
# network -> (constructor, input side in pixels)
NETWORKS = {
    "resnet18": (lambda: torchvision.models.resnet18(weights=None), 224),
    "wrn28_10": (WideResNet28x10, 32),
    "efficientnet_lite0": (EfficientNetLite0, 224),
}



class Times(NamedTuple):
    """Of one measurement in one round, in milliseconds."""

    least: float
    median: float
    # The least of all threads together.
    processor: float | None


# program -> name of the measurement -> times
Round = dict[str, dict[str, Times]]


def measure(action: Callable[[], object], times: int) -> Times:
    """Times of an action, after one unmeasured call."""
    action()
    samples, processor = [], []
    for _ in range(times):
        start, worked = time.perf_counter(), time.process_time()
        action()
        processor.append((time.process_time() - worked) * 1e3)
        samples.append((time.perf_counter() - start) * 1e3)
    return Times(min(samples), statistics.median(samples), min(processor))


# ------------------------------------------------------------------------------------- programs


def write_weights(folder: Path) -> dict[str, Path]:
    """A .pth and, beside it, an .onnx file per network."""
    torch.manual_seed(0)
    files = {}
    for name, (build, side) in NETWORKS.items():
        model = build().eval()
        files[name] = folder / f"{name}.pth"
        torch.save(model.state_dict(), files[name])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                torch.onnx.export(
                    model,
                    (torch.zeros(1, 3, side, side),),
                    str(files[name].with_suffix(".onnx")),
                    input_names=["x"],
                    dynamic_axes={"x": {0: "batch"}},
                    dynamo=False,
                )
        except Exception as error:  # the exporter's errors are of many kinds; none is fatal here
            print(f"onnxruntime is left out for {name}: {error}", file=sys.stderr)
    return files


def time_pytorch(files: dict[str, Path], times: int) -> dict[str, Times]:
    results = {}
    for name, (build, side) in NETWORKS.items():
        results[f"{name} load"] = measure(lambda: load(build(), files[name]), times)
        model = load(build(), files[name])
        for batch in (1, 16):
            x = torch.from_numpy(inputs(batch, side))
            results[f"{name} forward b{batch}"] = measure(lambda: model(x), times)
        if name == "resnet18":
            weight, features = model.fc.weight, torch.rand(512, 7, 7)
            cams = lambda: (weight @ features.flatten(1)).reshape(-1, 7, 7)  # noqa: E731
            results["cam all classes"] = measure(cams, times)
    tree = Tree("Imagenet1000", "graph-induced-efficientnet_b7b")
    logits = torch.randn(1000)
    results["tree 1000"] = measure(lambda: tree.soft(logits), times)
    return results


def time_onnxruntime(
    files: dict[str, Path], threads: int, times: int
) -> dict[str, Times]:
    try:
        import onnxruntime
    except ImportError:
        return {}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    results = {}
    for name, (_, side) in NETWORKS.items():
        file = str(files[name].with_suffix(".onnx"))
        if not os.path.exists(file):
            continue
        start = lambda: onnxruntime.InferenceSession(  # noqa: E731
            file, options, providers=["CPUExecutionProvider"]
        )
        results[f"{name} load"] = measure(start, times)
        session = start()
        for batch in (1, 16):
            feed = {"x": inputs(batch, side)}
            results[f"{name} forward b{batch}"] = measure(lambda: session.run(None, feed), times)
    return results


def inputs(batch: int, side: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(batch, 3, side, side)).astype(np.float32)


def time_glasstree(
    program: Path, files: dict[str, Path], threads: int, times: int
) -> tuple[str, dict[str, Times]]:
    """The name of its device and its times."""
    command = [str(program), "bench", "--json", "--threads", str(threads), "--rounds", str(times)]
    for name, file in files.items():
        command += [f"--{name.replace('_', '-')}", str(file)]
    report = json.loads(run(command, threads))
    return report["device"], {
        r["name"]: Times(r["ms_min"], r["ms_median"], r["ms_processor"]) for r in report["results"]
    }


def run(command: list[str], threads: int) -> str:
    """Standard output of a program; ends this script with its error output if it fails."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"Failed ({result.returncode}): {' '.join(command)}\n{result.stderr}")
    return result.stdout


def explain_commands(program: Path, photo: Path, files: dict[str, Path], out: Path):
    """The whole tutorial as one process, by glasstree and by Python."""
    resnet18, wrn28_10 = str(files["resnet18"]), str(files["wrn28_10"])
    ours = [program, "explain", photo, "--model", resnet18, "--tree-model", wrn28_10]
    python = [sys.executable, HERE / "tutorial.py", photo, "--resnet18", resnet18]
    python += ["--wrn28-10", wrn28_10]
    return {
        name: [str(part) for part in [*command, "--out", out]]
        for name, command in (("glasstree", ours), ("PyTorch", python))
    }


# ---------------------------------------------------------------------------------------- table


def summary(
    rounds: list[Round], program: str, name: str, processor: bool = False
) -> tuple[float, float] | None:
    """The smallest time and the one to compare."""
    found = [r[program][name] for r in rounds if name in r.get(program, {})]
    if processor:
        found = [times for times in found if times.processor is not None]
    if not found:
        return None
    if processor:
        least = min(times.processor for times in found)
        return least, least
    return min(t.least for t in found), statistics.median(t.median for t in found)


def short(value: float) -> str:
    """About three digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def print_table(rounds: list[Round], processor: bool) -> None:
    """A Markdown table: milliseconds, smallest (median), and glasstree's ratio to the others."""

    def cell(times: tuple[float, float] | None) -> str:
        if times is None:
            return "-"
        least, median = times
        return short(least) if processor else f"{short(least)} ({short(median)})"

    names = list(dict.fromkeys(name for r in rounds for times in r.values() for name in times))
    print("| milliseconds | " + " | ".join(PROGRAMS) + " | to PyTorch | to onnxruntime |")
    print("|---|" + "---:|" * 5)
    for name in names:
        times = [summary(rounds, program, name, processor) for program in PROGRAMS]
        cells = [cell(each) for each in times]
        for other in times[1:]:
            both = times[0] is not None and other is not None
            cells.append(short(times[0][1] / other[1]) if both else "-")
        print(f"| {name} | " + " | ".join(cells) + " |")


def main() -> None:
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
    parser = argparse.ArgumentParser(description="Time glasstree, PyTorch and onnxruntime.")
    parser.add_argument("--program", type=Path, default=target / "release" / "glasstree")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="turns of every program")
    parser.add_argument("--times", type=int, default=5, help="calls per measurement and turn")
    parser.add_argument("--photo", type=Path, default=ASSETS / "photos" / "chelsea.png")
    parser.add_argument("--processor", action="store_true", help="compare processor time")
    args = parser.parse_args()
    if not args.program.exists():
        sys.exit(f"There is no {args.program}. Run cargo build --release, or pass --program")

    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    rounds: list[Round] = []
    outputs: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = write_weights(Path(folder))
        commands = explain_commands(args.program, args.photo, files, Path(folder))
        for turn in range(args.rounds):
            print(f"round {turn + 1} of {args.rounds}", file=sys.stderr)
            device, ours = time_glasstree(args.program, files, args.threads, args.times)
            result = {
                "glasstree": ours,
                "PyTorch": time_pytorch(files, args.times),
                "onnxruntime": time_onnxruntime(files, args.threads, args.times),
            }
            for name, command in commands.items():
                start = time.perf_counter()
                outputs[name] = run(command, args.threads)
                elapsed = (time.perf_counter() - start) * 1e3
                result[name]["explain, whole process"] = Times(elapsed, elapsed, None)
            rounds.append(result)

    print(f"glasstree on {device}; PyTorch {torch.__version__}; {args.threads} threads")
    print(f"{args.rounds} rounds; {'processor time' if args.processor else 'smallest (median)'}\n")
    print_table(rounds, args.processor)
    print("\nWhat the whole processes said, to see that they did the same work:")
    for name, output in outputs.items():
        print(f"\n{name}:\n{output.rstrip()}")


if __name__ == "__main__":
    main()
