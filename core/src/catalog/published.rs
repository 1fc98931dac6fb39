//! Models on servers of their publishers: torchvision's ResNets, nbdt's releases, pytorchcv's
//! WideResNet.
//!
//! Sizes and sums are those of files that people have fetched and written down; what is not known
//! for sure is `None`. The older files of torchvision (2017) hold the same weights as the newer
//! ones of the same network; tutorials of the time name them.

use super::{CatalogEntry, Published, Weights};
use crate::assets::Dataset;
use crate::preprocess::Recipe;

const RESNET: &str = "He et al. 2016, Deep residual learning for image recognition";
const WIDE_RESNET: &str = "Zagoruyko and Komodakis 2016, Wide residual networks";
const NBDT: &str = "Wan et al. 2021, NBDT: Neural-backed decision trees";

/// A ResNet of torchvision, trained on ImageNet.
macro_rules! torchvision {
    ($id:literal, $title:literal, $network:literal, $top1:literal, $file:literal, $size:expr, $sha256:literal) => {
        torchvision!($id, $title, $network, $top1, $file, $size, $sha256, torchvision_imagenet)
    };
    ($id:literal, $title:literal, $network:literal, $top1:literal, $file:literal, $size:expr, $sha256:literal, $recipe:ident) => {
        CatalogEntry {
            id: $id,
            title: $title,
            network: $network,
            dataset: Dataset::Imagenet1000,
            paper: RESNET,
            accuracy: Some(concat!($top1, "% top-1 on ImageNet (torchvision's figure)")),
            licence: "BSD-3-Clause",
            file: $file,
            weights: Weights::Published(Published {
                url: concat!("https://download.pytorch.org/models/", $file),
                size: $size,
                sha256: Some($sha256),
            }),
            recipe: Recipe::$recipe(),
            hierarchy: None,
            supervised: false,
        }
    };
}

/// A release of nbdt: trained with the soft tree supervision loss on its hierarchy.
macro_rules! nbdt {
    ($id:literal, $title:literal, $network:literal, $dataset:ident, $recipe:ident, $accuracy:expr, $file:literal, $hierarchy:literal) => {
        CatalogEntry {
            id: $id,
            title: $title,
            network: $network,
            dataset: Dataset::$dataset,
            paper: NBDT,
            accuracy: $accuracy,
            licence: "MIT",
            file: $file,
            weights: Weights::Published(Published {
                url: concat!(
                    "https://github.com/alvinwan/neural-backed-decision-trees/releases/download/0.0.1/",
                    $file
                ),
                size: None,
                sha256: None,
            }),
            recipe: Recipe::$recipe(),
            hierarchy: Some($hierarchy),
            supervised: true,
        }
    };
}

#[rustfmt::skip]
pub static PUBLISHED: [CatalogEntry; 17] = [
    torchvision!(
        "resnet18", "ResNet-18, ImageNet", "ResNet-18", "69.76", "resnet18-f37072fd.pth",
        Some(46_830_571), "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"
    ),
    torchvision!(
        "resnet34", "ResNet-34, ImageNet", "ResNet-34", "73.31", "resnet34-b627a593.pth",
        Some(87_319_819), "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f"
    ),
    torchvision!(
        "resnet50", "ResNet-50, ImageNet", "ResNet-50", "76.13", "resnet50-0676ba61.pth",
        Some(102_530_333), "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"
    ),
    torchvision!(
        "resnet50-v2", "ResNet-50, ImageNet, newer recipe", "ResNet-50", "80.86", "resnet50-11ad3fa6.pth",
        Some(102_540_417), "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca", torchvision_imagenet_v2
    ),
    torchvision!(
        "resnet101", "ResNet-101, ImageNet", "ResNet-101", "77.37", "resnet101-63fe2227.pth",
        None, "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a"
    ),
    torchvision!(
        "resnet152", "ResNet-152, ImageNet", "ResNet-152", "78.31", "resnet152-394f9c45.pth",
        None, "394f9c45966e3651a89bbb78a48410a6755854ce4a5ab64927cf1c7247f85e58"
    ),
    torchvision!(
        "resnet18-2017", "ResNet-18, ImageNet, file of 2017", "ResNet-18", "69.76", "resnet18-5c106cde.pth",
        Some(46_827_520), "5c106cde386e87d4033832f2996f5493238eda96ccf559d1d62760c4de0613f8"
    ),
    torchvision!(
        "resnet34-2017", "ResNet-34, ImageNet, file of 2017", "ResNet-34", "73.31", "resnet34-333f7ec4.pth",
        Some(87_306_240), "333f7ec4c6338da2cbed37f1fc0445f9624f1355633fa1d7eab79a91084c6cef"
    ),
    torchvision!(
        "resnet50-2017", "ResNet-50, ImageNet, file of 2017", "ResNet-50", "76.13", "resnet50-19c8e357.pth",
        Some(102_502_400), "19c8e3572231adff6824a2da93fd67b5986919a2e65f8b6007eab4edee220097"
    ),
    nbdt!(
        "nbdt-cifar10-wrn28-10", "WideResNet-28-10, CIFAR10, with tree", "WideResNet-28-10 (CIFAR)", Cifar10, cifar,
        Some("97.55% by the tree on CIFAR10 (nbdt's figure, for such a model)"),
        "ckpt-CIFAR10-wrn28_10_cifar10-induced-wrn28_10_cifar10-SoftTreeSupLoss.pth", "induced-wrn28_10_cifar10"
    ),
    nbdt!(
        "nbdt-cifar10-wrn28-10-wordnet", "WideResNet-28-10, CIFAR10, WordNet's tree", "WideResNet-28-10 (CIFAR)", Cifar10, cifar,
        None, "ckpt-CIFAR10-wrn28_10_cifar10-wordnet-SoftTreeSupLoss.pth", "wordnet"
    ),
    nbdt!(
        "nbdt-cifar10-resnet18", "ResNet-18, CIFAR10, with tree", "ResNet-18 (CIFAR)", Cifar10, cifar,
        None, "ckpt-CIFAR10-ResNet18-induced-ResNet18-SoftTreeSupLoss.pth", "induced-ResNet18"
    ),
    nbdt!(
        "nbdt-cifar100-wrn28-10", "WideResNet-28-10, CIFAR100, with tree", "WideResNet-28-10 (CIFAR)", Cifar100, cifar,
        Some("82.97% by the tree on CIFAR100 (nbdt's figure, for such a model)"),
        "ckpt-CIFAR100-wrn28_10_cifar100-induced-wrn28_10_cifar100-SoftTreeSupLoss.pth", "induced-wrn28_10_cifar100"
    ),
    nbdt!(
        "nbdt-cifar100-resnet18", "ResNet-18, CIFAR100, with tree", "ResNet-18 (CIFAR)", Cifar100, cifar,
        None, "ckpt-CIFAR100-ResNet18-induced-ResNet18-SoftTreeSupLoss.pth", "induced-ResNet18"
    ),
    nbdt!(
        "nbdt-tinyimagenet-wrn28-10", "WideResNet-28-10, TinyImageNet, with tree", "WideResNet-28-10 (CIFAR)", TinyImagenet200, tiny_imagenet,
        Some("67.72% by the tree on TinyImageNet (nbdt's figure, for such a model)"),
        "ckpt-TinyImagenet200-wrn28_10-induced-wrn28_10-SoftTreeSupLoss-tsw10.0.pth", "induced-wrn28_10"
    ),
    nbdt!(
        "nbdt-tinyimagenet-resnet18", "ResNet-18, TinyImageNet, with tree", "ResNet-18 (CIFAR)", TinyImagenet200, tiny_imagenet,
        None, "ckpt-TinyImagenet200-ResNet18-induced-ResNet18-SoftTreeSupLoss-tsw10.0.pth", "induced-ResNet18"
    ),
    CatalogEntry {
        id: "wrn28-10-cifar10",
        title: "WideResNet-28-10, CIFAR10",
        network: "WideResNet-28-10 (CIFAR)",
        dataset: Dataset::Cifar10,
        paper: WIDE_RESNET,
        accuracy: Some("97.61% top-1 on CIFAR10 (pytorchcv's figure)"),
        licence: "MIT",
        file: "wrn28_10_cifar10-0239-fe97dcd6.pth.zip",
        weights: Weights::Published(Published {
            url: "https://github.com/osmr/imgclsmob/releases/download/v0.0.166/wrn28_10_cifar10-0239-fe97dcd6.pth.zip",
            size: None,
            // The digits in its name are of another sum (SHA-1), and of the file inside the archive.
            sha256: None,
        }),
        recipe: Recipe::cifar(),
        // Induced by nbdt from these very weights.
        hierarchy: Some("induced-wrn28_10_cifar10"),
        supervised: false,
    },
];
