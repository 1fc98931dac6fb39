"""WideResNet-D-K for 32x32 pictures, with pytorchcv's tensor names, which glasstree knows."""

import torch
from torch import nn
from torch.nn import functional as F


class PreConv(nn.Module):
    """Normalise, rectify, convolve 3x3; `forward` also returns what was convolved."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.bn = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)

    def forward(self, x):
        activated = F.relu(self.bn(x))
        return self.conv(activated), activated


class Unit(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Module()
        self.body.conv1 = PreConv(inputs, outputs, stride)
        self.body.conv2 = PreConv(outputs, outputs, 1)
        if inputs != outputs or stride != 1:
            self.identity_conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        else:
            self.identity_conv = None

    def forward(self, x):
        y, activated = self.body.conv1(x)
        identity = x if self.identity_conv is None else self.identity_conv(activated)
        y, _ = self.body.conv2(y)
        return y + identity


class PostActivation(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(self.bn(x))


class WideResNet(nn.Module):
    """`depth` = 6 n + 4 layers, 16 × `width` channels in the first of three stages."""

    def __init__(self, depth: int, width: int, classes: int):
        super().__init__()
        if depth < 10 or (depth - 4) % 6:
            raise ValueError(f"A WideResNet's depth is 6 n + 4 (10, 16, 22, 28 …), not {depth}")
        self.features = nn.Sequential()
        self.features.init_block = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        channels = 16
        for stage in range(3):
            units = nn.Sequential()
            for unit in range((depth - 4) // 6):
                outputs = 16 * width << stage
                stride = 2 if stage > 0 and unit == 0 else 1
                units.add_module(f"unit{unit + 1}", Unit(channels, outputs, stride))
                channels = outputs
            self.features.add_module(f"stage{stage + 1}", units)
        self.features.post_activ = PostActivation(channels)
        self.output = nn.Linear(channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        return self.output(self.features(x).mean((2, 3)))
