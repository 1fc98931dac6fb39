"""Times RISE and occlusion against PyTorch: pictures a second that go through the network.

    cargo build --release
    pip install torch torchvision numpy
    python benches/probing.py [--rounds N] [--masks N]

Both sides get the same ResNet-18 with made-up weights, one picture and all cores, and run in turns.
PyTorch multiplies the input with masks in batches of 16, as the reference code of RISE does, and
copies a patch into it for occlusion. What is compared is the whole of making inputs and running
them; PyTorch does not make the map, glasstree does.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import torch
import torchvision

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "assets/photos/chelsea.png"
BATCH = 16


def pytorch(model, inputs, count: int) -> tuple[float, float]:
    """Pictures a second, by the clock and by the processor's time."""
    started, worked = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        for first in range(0, count, BATCH):
            model(inputs(min(BATCH, count - first)))
    return count / (time.perf_counter() - started), count / (time.process_time() - worked)


def glasstree(program: str, weights: str, method: str, masks: int) -> tuple[float, float, int]:
    """The same, and how many pictures; the processor's time has loading the network in it."""
    command = [program, "cam", str(PHOTO), "--model", weights, "--method", method, "--json"]
    command += ["--device", "cpu", "--masks", str(masks), "--stride", "16", "--npy", os.devnull]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["method"]
    worked = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return said["runs"] / said["seconds"], said["runs"] / worked, said["runs"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--masks", type=int, default=192)
    parser.add_argument("--program", default=str(ROOT / "target/release/glasstree"))
    args = parser.parse_args()
    torch.manual_seed(1)
    model = torchvision.models.resnet18(weights=None).eval()
    x = torch.rand(1, 3, 224, 224)

    def masked(count: int):
        cells = (torch.rand(count, 1, 7, 7) < 0.5).float()
        return x * torch.nn.functional.interpolate(cells, 256, mode="bilinear")[..., 9:233, 13:237]

    def occluded(count: int):
        inputs = x.repeat(count, 1, 1, 1)
        for i in range(count):
            inputs[i, :, 8 * i : 8 * i + 32, 64:96] = 0
        return inputs

    with tempfile.TemporaryDirectory() as folder:
        weights = f"{folder}/resnet18.pth"
        torch.save(model.state_dict(), weights)
        for method, inputs in (("rise", masked), ("occlusion", occluded)):
            ours, theirs = [], []
            for _ in range(args.rounds):
                *rates, runs = glasstree(args.program, weights, method, args.masks)
                ours.append(rates)
                theirs.append(pytorch(model, inputs, runs))
            for what, own, other in zip(("second", "second of the processor"), zip(*ours), zip(*theirs)):
                middle, other_middle = statistics.median(own), statistics.median(other)
                print(
                    f"{method}: glasstree {max(own):.1f} ({middle:.1f}), "
                    f"PyTorch {max(other):.1f} ({other_middle:.1f}) pictures a {what}, best (median); "
                    f"ratio {max(own) / max(other):.2f} ({middle / other_middle:.2f})"
                )


if __name__ == "__main__":
    main()
