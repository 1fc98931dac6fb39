//! Models that are part of the program.

use super::{CatalogEntry, Weights};
use crate::assets::Dataset;
use crate::preprocess::Recipe;

pub static BUNDLED: [CatalogEntry; 2] = [
    CatalogEntry {
        id: "efficientnet-lite0",
        title: "EfficientNet-Lite0, ImageNet",
        network: "EfficientNet-Lite0",
        dataset: Dataset::Imagenet1000,
        paper: "Tan and Le 2019, EfficientNet",
        accuracy: Some("75.1% top-1 on ImageNet (its publisher's figure)"),
        licence: "Apache-2.0",
        file: "efficientnet-lite0.f16.safetensors",
        weights: Weights::Bundled(include_bytes!(
            "../../../weights/efficientnet-lite0.f16.safetensors"
        )),
        recipe: Recipe::efficientnet_lite0(),
        hierarchy: None,
        supervised: false,
    },
    CatalogEntry {
        id: "wrn16-2-cifar10",
        title: "WideResNet-16-2, CIFAR10, tree-supervised",
        network: "WideResNet-16-2 (CIFAR)",
        dataset: Dataset::Cifar10,
        paper: "Zagoruyko and Komodakis 2016, Wide residual networks; Wan et al. 2021, NBDT",
        accuracy: Some(
            "89.6% top-1, hard tree 88.8%, soft tree 89.1% on the CIFAR10 test pictures as JPEG",
        ),
        licence: "MIT OR Apache-2.0",
        file: "wrn16-2-cifar10.f16.safetensors",
        weights: Weights::Bundled(include_bytes!(
            "../../../weights/wrn16-2-cifar10.f16.safetensors"
        )),
        recipe: Recipe::cifar(),
        hierarchy: Some("induced-wrn28_10_cifar10"),
        supervised: true,
    },
];
