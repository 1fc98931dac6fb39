"""Writes a network as an ONNX file that glasstree opens, with the names of its classes and the way it
wants its pictures.

    pip install torch onnx onnxscript torchvision timm
    python training/export_onnx.py torchvision:convnext_tiny --weights DEFAULT --out convnext_tiny.onnx
    python training/export_onnx.py timm:mobilenetv3_small_100.lamb_in1k --pretrained --out small.onnx
    python training/export_onnx.py mine.py:make_network --state mine.pth --labels classes.txt \\
        --side 128 --mean 0.5 0.5 0.5 --std 0.5 0.5 0.5 --out mine.onnx

The last form calls the function `make_network()` of the file mine.py, which returns a `torch.nn.Module`
that takes [N, 3, side, side] and returns logits.

Three entries of the file's metadata are read by glasstree:

    glasstree.labels    JSON list of the classes' names
    glasstree.recipe    {"resize", "crop", "filter", "mean", "std"}
    glasstree.network   the name that torchvision or timm gives the network
"""

import argparse
import importlib.util
import json
import math
from pathlib import Path

import onnx
import torch
from torch import nn

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


def recipe(resize: int, crop: int, bicubic: bool, mean: list[float], std: list[float]) -> dict:
    name = "bicubic" if bicubic else "bilinear"
    return {"resize": resize, "crop": crop, "filter": name, "mean": list(mean), "std": list(std)}


def of_torchvision(name: str, weights: str | None):
    import torchvision

    found = None
    if weights is not None:
        found = torchvision.models.get_model_weights(name)[weights]
    network = torchvision.models.get_model(name, weights=found)
    if found is None:
        return network, None, None
    prepare = found.transforms()
    bicubic = prepare.interpolation.value == "bicubic"
    size, crop = prepare.resize_size[0], prepare.crop_size[0]
    labels = found.meta.get("categories")
    return network, labels, recipe(size, crop, bicubic, prepare.mean, prepare.std)


def of_timm(name: str, pretrained: bool):
    import timm

    network = timm.create_model(name, pretrained=pretrained)
    config = timm.data.resolve_model_data_config(network)
    side = config["input_size"][1]
    # As timm's own evaluation resizes.
    resize = math.floor(side / config["crop_pct"])
    bicubic = config["interpolation"] == "bicubic"
    labels = None
    try:
        info = timm.data.ImageNetInfo()
        if network.num_classes == info.num_classes():
            labels = [info.index_to_description(i) for i in range(network.num_classes)]
    except (AttributeError, KeyError):
        pass
    return network, labels, recipe(resize, side, bicubic, config["mean"], config["std"])


def of_file(path: str, function: str) -> nn.Module:
    spec = importlib.util.spec_from_file_location("network", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, function)()


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a network as an ONNX file for glasstree.")
    parser.add_argument("network", help="torchvision:NAME, timm:NAME or FILE.py:FUNCTION")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", help="torchvision's name of published weights, such as DEFAULT")
    parser.add_argument("--pretrained", action="store_true", help="timm's published weights")
    parser.add_argument("--state", help="a state dict (.pth) to load into the network")
    parser.add_argument("--labels", type=Path, help="names of the classes, one in each line")
    parser.add_argument("--side", type=int, help="of the pictures, in pixels")
    parser.add_argument("--resize", type=int, help="length of the short side before the crop")
    parser.add_argument("--mean", type=float, nargs=3)
    parser.add_argument("--std", type=float, nargs=3)
    parser.add_argument("--opset", type=int, default=18)
    args = parser.parse_args()

    kind, _, name = args.network.partition(":")
    if kind == "torchvision":
        network, labels, how = of_torchvision(name, args.weights)
    elif kind == "timm":
        network, labels, how = of_timm(name, args.pretrained)
    else:
        network, labels, how = of_file(kind, name), None, None
    if args.state:
        network.load_state_dict(torch.load(args.state, map_location="cpu", weights_only=True))
    if args.labels:
        labels = args.labels.read_text(encoding="utf-8").splitlines()
    # What is said here goes before what is known of the weights; what nobody says is left out.
    if how or args.mean or args.std or args.side:
        side = args.side or (how["crop"] if how else 224)
        how = how or recipe(round(side * 256 / 224), side, False, **IMAGENET)
        if args.side and args.side != how["crop"]:
            how |= {"crop": side, "resize": round(how["resize"] * side / how["crop"])}
        how |= {"resize": args.resize or how["resize"]}
        how |= {"mean": args.mean or how["mean"], "std": args.std or how["std"]}
    side = how["crop"] if how else 224

    picture = torch.randn(1, 3, side, side)
    names = {"input_names": ["input"], "output_names": ["logits"], "opset_version": args.opset}
    program = {"dynamo": True, "external_data": False, "verbose": False}
    torch.onnx.export(network.eval(), (picture,), args.out, **names, **program)
    model = onnx.load(args.out)
    classes = network(picture).shape[1]
    if labels is not None and len(labels) != classes:
        raise SystemExit(f"{len(labels)} labels for {classes} classes")
    entries = {"glasstree.network": name}
    if labels is not None:
        entries["glasstree.labels"] = json.dumps(labels, ensure_ascii=False)
    if how is not None:
        entries["glasstree.recipe"] = json.dumps(how)
    onnx.helper.set_model_props(model, entries)
    onnx.save(model, args.out)
    print(f"Wrote {args.out}: {classes} classes, pictures of {side}×{side}")


if __name__ == "__main__":
    main()
