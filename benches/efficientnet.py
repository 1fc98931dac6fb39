"""EfficientNet-Lite0 (Tan and Le 2019; Lite: without squeeze-and-excitation, ReLU6), to be timed.

Padding is PyTorch's, not TensorFlow's; that changes no number of multiplications.
"""

from torch import nn

# kernel, stride, expansion, channels, repetitions
STAGES = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
]


def pad(kernel: int) -> int:
    return kernel // 2


class Block(nn.Module):
    """Expansion, one filter per channel, projection; named as in the published weights."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        width = inputs * expansion
        self.relu = nn.ReLU6()
        self.expands = expansion > 1
        self.adds = stride == 1 and inputs == outputs
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, width, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(width)
        self._depthwise_conv = nn.Conv2d(
            width, width, kernel, stride, pad(kernel), groups=width, bias=False
        )
        self._bn1 = nn.BatchNorm2d(width)
        self._project_conv = nn.Conv2d(width, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.relu(self._bn0(self._expand_conv(x))) if self.expands else x
        y = self.relu(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    def __init__(self, classes: int = 1000):
        super().__init__()
        self.relu = nn.ReLU6()
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, 1, bias=False)
        self._bn0 = nn.BatchNorm2d(32)
        blocks, inputs = [], 32
        for kernel, stride, expansion, outputs, count in STAGES:
            for i in range(count):
                blocks.append(Block(inputs, outputs, kernel, 1 if i else stride, expansion))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(inputs, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280)
        self._fc = nn.Linear(1280, classes)

    def forward(self, x):
        x = self.relu(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        x = self.relu(self._bn1(self._conv_head(x)))
        return self._fc(x.mean((2, 3)))
