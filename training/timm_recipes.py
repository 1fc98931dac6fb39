"""Writes assets/timm_recipes.txt: how the weights that timm publishes want their pictures.

    pip install timm
    python training/timm_recipes.py

Only families that glasstree runs from weights are listed; an ONNX file of `export_onnx.py` says it itself.
Weights without a classifier are left out.
"""

import re
from pathlib import Path

import timm

FAMILIES = re.compile(
    r"(resnet(18|34|50|101|152)|resnext\w*|wide_resnet\w*|mobilenetv2_\d+|(tf_)?mobilenetv3_(small|large)_\d+"
    r"|(tf_)?efficientnet_(b|lite)\d|densenet\d+|regnet[xy]_\d+|vgg\d+(_bn)?"
    r"|convnext_(atto|femto|pico|nano|tiny|small|base|large|xlarge))\."
)
NORMALISATIONS = {
    (0.485, 0.456, 0.406): "imagenet",
    (0.5, 0.5, 0.5): "inception",
    (0.0, 0.0, 0.0): "unit",
    (0.48145466, 0.4578275, 0.40821073): "clip",
}
HEADER = f"""\
# How the weights of timm want their pictures, by the names that timm gives them: side of the crop in
# pixels, its share of the short side, filter, normalisation; then the names. Written by
# training/timm_recipes.py from timm {timm.__version__}; families that glasstree runs without ONNX only.
"""


def main() -> None:
    recipes: dict[tuple, list[str]] = {}
    for name in timm.list_pretrained():
        config = timm.get_pretrained_cfg(name)
        # Those of CLIP have a projection instead of classes.
        if not FAMILIES.match(name) or config.num_classes in (0, 640):
            continue
        normalisation = NORMALISATIONS[tuple(config.mean)]
        key = (config.input_size[1], config.crop_pct, config.interpolation, normalisation)
        recipes.setdefault(key, []).append(name)
    lines = [f"{' '.join(map(str, key))} : {' '.join(names)}" for key, names in sorted(recipes.items())]
    path = Path(__file__).parents[1] / "assets" / "timm_recipes.txt"
    path.write_text(HEADER + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
