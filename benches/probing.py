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


def pytorch(model, inputs, count: int) -> float:
    started = time.perf_counter()
    with torch.inference_mode():
        for first in range(0, count, BATCH):
            model(inputs(min(BATCH, count - first)))
    return count / (time.perf_counter() - started)


def glasstree(program: str, weights: str, method: str, masks: int) -> tuple[float, int]:
    command = [program, "cam", str(PHOTO), "--model", weights, "--method", method, "--json"]
    command += ["--device", "cpu", "--masks", str(masks), "--stride", "16", "--npy", os.devnull]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["method"]
    return said["runs"] / said["seconds"], said["runs"]


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
                rate, runs = glasstree(args.program, weights, method, args.masks)
                ours.append(rate)
                theirs.append(pytorch(model, inputs, runs))
            best = max(ours) / max(theirs)
            median = statistics.median(ours) / statistics.median(theirs)
            print(
                f"{method}: glasstree {max(ours):.1f} ({statistics.median(ours):.1f}), "
                f"PyTorch {max(theirs):.1f} ({statistics.median(theirs):.1f}) pictures a second, "
                f"best (median); ratio {best:.2f} ({median:.2f})"
            )


if __name__ == "__main__":
    main()
