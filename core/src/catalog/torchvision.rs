//! Networks of torchvision other than ResNets, trained on ImageNet.
//!
//! Of each network the weights that its publisher found best. Names of files carry the first digits
//! of their SHA-256, and torchvision checks these when it downloads; more of the sums and the exact
//! sizes are not published.

use super::{CatalogEntry, Published, Weights};
use crate::assets::Dataset;
use crate::preprocess::{Filter, Recipe};

const MOBILENET_V2: &str =
    "Sandler et al. 2018, MobileNetV2: Inverted residuals and linear bottlenecks";
const MOBILENET_V3: &str = "Howard et al. 2019, Searching for MobileNetV3";
const EFFICIENTNET: &str = "Tan and Le 2019, EfficientNet: Rethinking model scaling";
const DENSENET: &str = "Huang et al. 2017, Densely connected convolutional networks";
const REGNET: &str = "Radosavovic et al. 2020, Designing network design spaces";
const CONVNEXT: &str = "Liu et al. 2022, A ConvNet for the 2020s";
const VGG: &str = "Simonyan and Zisserman 2015, Very deep convolutional networks";
const SQUEEZENET: &str = "Iandola et al. 2016, SqueezeNet";
const SHUFFLENET: &str = "Ma et al. 2018, ShuffleNet V2: Practical guidelines";

macro_rules! torchvision {
    ($id:literal, $network:literal, $paper:ident, $top1:literal, $name:literal, $digits:literal, $resize:literal, $crop:literal, $filter:ident) => {
        CatalogEntry {
            id: $id,
            title: concat!($network, ", ImageNet"),
            network: $network,
            dataset: Dataset::Imagenet1000,
            paper: $paper,
            accuracy: Some(concat!($top1, " % top-1 on ImageNet (torchvision's figure)")),
            licence: "BSD-3-Clause",
            file: concat!($name, "-", $digits, ".pth"),
            weights: Weights::Published(Published {
                url: concat!("https://download.pytorch.org/models/", $name, "-", $digits, ".pth"),
                size: None,
                sha256: Some($digits),
            }),
            recipe: Recipe::imagenet($resize, $crop, Filter::$filter),
            hierarchy: None,
            supervised: false,
        }
    };
}

#[rustfmt::skip]
pub static TORCHVISION: [CatalogEntry; 40] = [
    torchvision!("mobilenet-v2", "MobileNetV2", MOBILENET_V2, "72.15", "mobilenet_v2", "7ebf99e0", 232, 224, Bilinear),
    torchvision!("mobilenet-v3-small", "MobileNetV3-Small", MOBILENET_V3, "67.67", "mobilenet_v3_small", "047dcff4", 256, 224, Bilinear),
    torchvision!("mobilenet-v3-large", "MobileNetV3-Large", MOBILENET_V3, "75.27", "mobilenet_v3_large", "5c1a4163", 232, 224, Bilinear),
    torchvision!("efficientnet-b0", "EfficientNet-B0", EFFICIENTNET, "77.69", "efficientnet_b0_rwightman", "7f5810bc", 256, 224, Bicubic),
    torchvision!("efficientnet-b1", "EfficientNet-B1", EFFICIENTNET, "79.84", "efficientnet_b1", "c27df63c", 255, 240, Bilinear),
    torchvision!("efficientnet-b2", "EfficientNet-B2", EFFICIENTNET, "80.61", "efficientnet_b2_rwightman", "c35c1473", 288, 288, Bicubic),
    torchvision!("efficientnet-b3", "EfficientNet-B3", EFFICIENTNET, "82.01", "efficientnet_b3_rwightman", "b3899882", 320, 300, Bicubic),
    torchvision!("efficientnet-b4", "EfficientNet-B4", EFFICIENTNET, "83.38", "efficientnet_b4_rwightman", "23ab8bcd", 384, 380, Bicubic),
    torchvision!("densenet121", "DenseNet-121", DENSENET, "74.43", "densenet121", "a639ec97", 256, 224, Bilinear),
    torchvision!("densenet161", "DenseNet-161", DENSENET, "77.14", "densenet161", "8d451a50", 256, 224, Bilinear),
    torchvision!("densenet169", "DenseNet-169", DENSENET, "75.60", "densenet169", "b2777c0a", 256, 224, Bilinear),
    torchvision!("densenet201", "DenseNet-201", DENSENET, "76.90", "densenet201", "c1103571", 256, 224, Bilinear),
    torchvision!("regnet-x-400mf", "RegNetX-400MF", REGNET, "74.86", "regnet_x_400mf", "62229a5f", 232, 224, Bilinear),
    torchvision!("regnet-x-800mf", "RegNetX-800MF", REGNET, "77.52", "regnet_x_800mf", "94a99ebd", 232, 224, Bilinear),
    torchvision!("regnet-x-1-6gf", "RegNetX-1.6GF", REGNET, "79.67", "regnet_x_1_6gf", "a12f2b72", 232, 224, Bilinear),
    torchvision!("regnet-x-3-2gf", "RegNetX-3.2GF", REGNET, "81.20", "regnet_x_3_2gf", "7071aa85", 232, 224, Bilinear),
    torchvision!("regnet-x-8gf", "RegNetX-8GF", REGNET, "81.68", "regnet_x_8gf", "2b70d774", 232, 224, Bilinear),
    torchvision!("regnet-y-400mf", "RegNetY-400MF", REGNET, "75.80", "regnet_y_400mf", "e6988f5f", 232, 224, Bilinear),
    torchvision!("regnet-y-800mf", "RegNetY-800MF", REGNET, "78.83", "regnet_y_800mf", "58fc7688", 232, 224, Bilinear),
    torchvision!("regnet-y-1-6gf", "RegNetY-1.6GF", REGNET, "80.88", "regnet_y_1_6gf", "0d7bc02a", 232, 224, Bilinear),
    torchvision!("regnet-y-3-2gf", "RegNetY-3.2GF", REGNET, "81.98", "regnet_y_3_2gf", "9180c971", 232, 224, Bilinear),
    torchvision!("regnet-y-8gf", "RegNetY-8GF", REGNET, "82.83", "regnet_y_8gf", "dc2b1b54", 232, 224, Bilinear),
    torchvision!("convnext-tiny", "ConvNeXt-Tiny", CONVNEXT, "82.52", "convnext_tiny", "983f1562", 236, 224, Bilinear),
    torchvision!("convnext-small", "ConvNeXt-Small", CONVNEXT, "83.62", "convnext_small", "0c510722", 230, 224, Bilinear),
    torchvision!("convnext-base", "ConvNeXt-Base", CONVNEXT, "84.06", "convnext_base", "6075fbad", 232, 224, Bilinear),
    torchvision!("convnext-large", "ConvNeXt-Large", CONVNEXT, "84.41", "convnext_large", "ea097f82", 232, 224, Bilinear),
    torchvision!("vgg11", "VGG-11", VGG, "69.02", "vgg11", "8a719046", 256, 224, Bilinear),
    torchvision!("vgg13", "VGG-13", VGG, "69.93", "vgg13", "19584684", 256, 224, Bilinear),
    torchvision!("vgg16", "VGG-16", VGG, "71.59", "vgg16", "397923af", 256, 224, Bilinear),
    torchvision!("vgg19", "VGG-19", VGG, "72.38", "vgg19", "dcbb9e9d", 256, 224, Bilinear),
    torchvision!("vgg11-bn", "VGG-11 with batch norm", VGG, "70.37", "vgg11_bn", "6002323d", 256, 224, Bilinear),
    torchvision!("vgg13-bn", "VGG-13 with batch norm", VGG, "71.59", "vgg13_bn", "abd245e5", 256, 224, Bilinear),
    torchvision!("vgg16-bn", "VGG-16 with batch norm", VGG, "73.36", "vgg16_bn", "6c64b313", 256, 224, Bilinear),
    torchvision!("vgg19-bn", "VGG-19 with batch norm", VGG, "74.22", "vgg19_bn", "c79401a0", 256, 224, Bilinear),
    torchvision!("squeezenet1-0", "SqueezeNet 1.0", SQUEEZENET, "58.09", "squeezenet1_0", "b66bff10", 256, 224, Bilinear),
    torchvision!("squeezenet1-1", "SqueezeNet 1.1", SQUEEZENET, "58.18", "squeezenet1_1", "b8a52dc0", 256, 224, Bilinear),
    torchvision!("shufflenet-v2-x0-5", "ShuffleNetV2 0.5", SHUFFLENET, "60.55", "shufflenetv2_x0.5", "f707e7126e", 256, 224, Bilinear),
    torchvision!("shufflenet-v2-x1-0", "ShuffleNetV2 1.0", SHUFFLENET, "69.36", "shufflenetv2_x1", "5666bf0f80", 256, 224, Bilinear),
    torchvision!("shufflenet-v2-x1-5", "ShuffleNetV2 1.5", SHUFFLENET, "73.00", "shufflenetv2_x1_5", "3c479a10", 232, 224, Bilinear),
    torchvision!("shufflenet-v2-x2-0", "ShuffleNetV2 2.0", SHUFFLENET, "76.23", "shufflenetv2_x2_0", "8be3c8ee", 232, 224, Bilinear),
];
