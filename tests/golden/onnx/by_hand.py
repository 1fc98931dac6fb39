"""Writes small ONNX files as other programs than PyTorch write them, node by node, and what onnxruntime
computes with them.

    pip install onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
    python tests/golden/onnx/by_hand.py [--out FOLDER]

Files and figures go to by_hand/ beside this script, or to FOLDER. The figures in its cases.json are those
of generate.py, and

    bytes   whether the network wants pixels of 0 to 255: 127.5 * (input + 1)

Networks for one colour get 0.299 red + 0.587 green + 0.114 blue. Figures of quantised networks are those
of the reference implementation in the onnx package, since onnxruntime's depend on the machine: without
the instructions for it (VNNI), sums of two products of bytes overflow in 16 bits.
"""

import argparse
import importlib.util
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

FOLDER = Path(__file__).parent
CLASSES = 12
FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16

spec = importlib.util.spec_from_file_location("networks", FOLDER.parent / "networks/generate.py")
try:
    networks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(networks)
    uniform = networks.uniform
except ImportError:
    # That script needs PyTorch; this function does not.
    source = (FOLDER.parent / "networks/generate.py").read_text()
    source = "import numpy as np\n" + source[source.index("def fnv1a64") : source.index("def synthetic_weight")]
    scope = {}
    exec(source, scope)
    uniform = scope["uniform"]


class Net:
    """A network that is being written; every method returns the name of a value."""

    def __init__(self, name, opset, shape, kind=FLOAT, weights=FLOAT, as_inputs=False):
        self.name, self.opset, self.kind, self.weights = name, opset, kind, weights
        self.nodes, self.tensors, self.outputs, self.infos = [], [], [], []
        self.inputs = [helper.make_tensor_value_info("input", kind, shape)]
        self.as_inputs = as_inputs
        self.count = 0

    def node(self, op, *inputs, domain="", outputs=1, **attributes):
        self.count += 1
        names = [f"{op.lower()}_{self.count}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def array(self, values, kind=None):
        self.count += 1
        name = f"tensor_{self.count}"
        array = np.asarray(values)
        if kind is not None:
            array = array.astype(helper.tensor_dtype_to_np_dtype(kind))
        self.tensors.append(numpy_helper.from_array(array.copy(), name))
        return name

    def ints(self, *values):
        return self.array(np.array(values, np.int64))

    def weight(self, *shape, scale=None, shift=0.0, kind=None):
        """Uniform numbers whose seed is the network's name and how many there were before."""
        fan = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        scale = (3.0 / fan) ** 0.5 if scale is None else scale
        self.count += 1
        values = 2 * uniform(f"{self.name}.{self.count}", 1, int(np.prod(shape))) - 1
        return self.array((values * scale + shift).reshape(shape), kind or self.weights)

    def conv(self, x, cin, cout, side=3, stride=1, **attributes):
        if "pads" not in attributes and "auto_pad" not in attributes:
            attributes["pads"] = [side // 2] * 4
        attributes = {"kernel_shape": [side, side], "strides": [stride, stride]} | attributes
        group = attributes.get("group", 1)
        w, b = self.weight(cout, cin // group, side, side), self.weight(cout, scale=0.1)
        return self.node("Conv", x, w, b, **attributes)

    def norm(self, x, count, **attributes):
        numbers = [
            self.weight(count, scale=0.3, shift=1.0), self.weight(count, scale=0.2),
            self.weight(count, scale=0.2), self.weight(count, scale=0.3, shift=0.8),
        ]  # fmt: skip
        return self.node("BatchNormalization", x, *numbers, **attributes)

    def gemm(self, x, cin, cout=CLASSES, **attributes):
        shape = (cout, cin) if attributes.get("transB") else (cin, cout)
        return self.node("Gemm", x, self.weight(*shape, scale=(3 / cin) ** 0.5), self.weight(cout, scale=0.2), **attributes)

    def matmul(self, x, cin, cout=CLASSES):
        product = self.node("MatMul", x, self.weight(cin, cout, scale=(3 / cin) ** 0.5))
        return self.node("Add", product, self.weight(cout, scale=0.2))

    def body(self, x, cin=3, cout=16):
        """[N, cin, H, W] → [N, cout, H/4, W/4]"""
        x = self.node("Relu", self.conv(x, cin, 8, stride=2))
        return self.node("Relu", self.conv(x, 8, cout, stride=2))

    def out(self, name, shape, kind=None):
        self.outputs.append(helper.make_tensor_value_info(name, kind or self.kind, shape))

    def model(self, domains=()):
        inputs = list(self.inputs)
        if self.as_inputs:
            infos = [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in self.tensors]
            inputs += infos
        graph = helper.make_graph(self.nodes, self.name, inputs, self.outputs, self.tensors)
        opsets = [helper.make_opsetid("", self.opset)] + [helper.make_opsetid(d, 1) for d in domains]
        # The newest that all of these readers take.
        model = helper.make_model(graph, opset_imports=opsets, ir_version=3 if self.as_inputs else 8)
        model.producer_name = "by_hand.py"
        return model


CASES = {}


def case(side, maps, channels=3, probabilities=False, is_bytes=False, last=False, index=0):
    def add(build):
        CASES[build.__name__] = (build, dict(
            side=side, maps=maps, channels=channels, probabilities=probabilities, bytes=is_bytes,
            last=last, index=index,
        ))  # fmt: skip
        return build

    return add


@case(32, "exact", probabilities=True, last=True)
def keras(name):
    """tf2onnx: [N, H, W, C] turned over, padding SAME, ReduceMean that keeps axes, Squeeze, softmax."""
    net = Net(name, 13, ["unk__1", 32, 32, 3])
    x = net.node("Transpose", "input", perm=[0, 3, 1, 2])
    x = net.conv(x, 3, 8, stride=2, auto_pad="SAME_UPPER")
    x = net.node("Clip", x, net.array(np.float32(0)), net.array(np.float32(6)))
    x = net.node("Relu", net.conv(x, 8, 16, stride=2, auto_pad="SAME_UPPER"))
    x = net.node("ReduceMean", x, axes=[2, 3], keepdims=1)
    x = net.node("Squeeze", x, net.ints(2, 3))
    net.out(net.node("Softmax", net.matmul(x, 16)), ["unk__1", CLASSES])
    return net


@case(32, "exact", probabilities=True, is_bytes=True, last=True)
def keras_turned_back(name):
    """Turned back before the mean, so that it runs over axes 1 and 2; pixels of 0 to 255 are scaled within."""
    net = Net(name, 15, [1, 32, 32, 3])
    x = net.node("Mul", "input", net.array(np.float32(1 / 127.5)))
    x = net.node("Sub", x, net.array(np.float32([1.0])))
    x = net.body(net.node("Transpose", x, perm=[0, 3, 1, 2]))
    x = net.node("Transpose", x, perm=[0, 2, 3, 1])
    x = net.node("ReduceMean", x, axes=[1, 2], keepdims=0)
    net.out(net.node("Softmax", net.matmul(x, 16), axis=-1), [1, CLASSES])
    return net


@case(28, None, channels=1)
def scikit(name):
    """A linear classifier of all pixels; first the label, then what the label comes from."""
    net = Net(name, 12, [None, 1, 28, 28])
    scores = net.gemm(net.node("Flatten", "input"), 784)
    net.out(net.node("ArgMax", scores, axis=1, keepdims=0), [None], TensorProto.INT64)
    net.out(scores, [None, CLASSES])
    return net


@case(32, "exact")
def half(name):
    net = Net(name, 13, ["N", 3, 32, 32], HALF, HALF)
    x = net.node("GlobalAveragePool", net.body("input"))
    net.out(net.gemm(net.node("Flatten", x), 16, transB=1), ["N", CLASSES])
    return net


@case(32, "exact")
def half_within(name):
    """Floats outside, halves inside, as onnxconverter-common and onnxruntime's optimiser write them."""
    net = Net(name, 17, ["N", 3, 32, 32], FLOAT, HALF)
    x = net.body(net.node("Cast", "input", to=HALF))
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    x = net.gemm(x, 16, transB=1)
    net.out(net.node("Cast", x, to=FLOAT), ["N", CLASSES])
    return net


@case(32, "exact")
def opset_7(name):
    """Weights among the inputs, an old batch norm, dropout, AveragePool over the whole map."""
    net = Net(name, 7, [1, 3, 32, 32], as_inputs=True)
    x = net.norm(net.conv("input", 3, 8, stride=2), 8, epsilon=1e-4, momentum=0.9)
    x = net.node("LeakyRelu", x, alpha=0.1)
    x = net.node("MaxPool", net.conv(x, 8, 16), kernel_shape=[2, 2], strides=[2, 2])
    x = net.node("AveragePool", x, kernel_shape=[8, 8])
    x = net.node("Reshape", net.node("Dropout", x, ratio=0.5), net.ints(1, 16))
    net.out(net.gemm(x, 16, transB=1), [1, CLASSES])
    return net


@case(32, "exact")
def opset_8_averaged_scores(name):
    """SqueezeNet 1.0 of the model zoo: the last filters' maps are averaged; Softmax of four axes."""
    net = Net(name, 8, [1, 3, 32, 32])
    x = net.conv(net.body("input"), 16, CLASSES, 1, pads=[0] * 4)
    net.out(net.node("GlobalAveragePool", x), [1, CLASSES, 1, 1])
    return net


@case(28, None, channels=1)
def opset_9_reshaped_weight(name):
    """MNIST of the model zoo (CNTK): padding SAME, biases as [C, 1, 1], a weight that is reshaped first."""
    net = Net(name, 9, [1, 1, 28, 28])
    x = net.node("Conv", "input", net.weight(8, 1, 5, 5), kernel_shape=[5, 5], auto_pad="SAME_UPPER")
    x = net.node("Relu", net.node("Add", x, net.weight(8, 1, 1, scale=0.2)))
    x = net.node("MaxPool", x, kernel_shape=[4, 4], strides=[4, 4], auto_pad="NOTSET")
    x = net.node("Reshape", x, net.ints(1, 392))
    w = net.node("Reshape", net.weight(8, 7, 7, CLASSES, scale=0.1), net.ints(392, CLASSES))
    net.out(net.node("Add", net.node("MatMul", x, w), net.weight(1, CLASSES, scale=0.2)), [1, CLASSES])
    return net


@case(32, "exact")
def opset_10_convolved(name):
    """DenseNet of the model zoo (Caffe2): a filter of one place instead of a linear layer; Clip with attributes."""
    net = Net(name, 10, [1, 3, 32, 32], as_inputs=True)
    x = net.node("Clip", net.conv("input", 3, 16, stride=4), min=0.0, max=6.0)
    x = net.node("Mul", x, net.node("Unsqueeze", net.weight(16, scale=0.3, shift=1.0), axes=[1, 2]))
    x = net.node("GlobalAveragePool", x)
    net.out(net.conv(x, 16, CLASSES, 1, pads=[0] * 4), [1, CLASSES, 1, 1])
    return net


@case(32, "exact", index=1)
def features_first(name):
    """The pooled features are the first output, the scores the second."""
    net = Net(name, 13, ["N", 3, 32, 32])
    x = net.node("Flatten", net.node("GlobalAveragePool", net.body("input")))
    net.out(x, ["N", 16])
    net.out(net.gemm(x, 16, transB=1), ["N", CLASSES])
    return net


@case(32, "exact")
def scores_first(name):
    """The scores, then a second set of them from earlier layers, as GoogLeNet has in training."""
    net = Net(name, 13, [1, 3, 32, 32])
    early = net.node("Relu", net.conv("input", 3, 8, stride=2))
    late = net.node("Relu", net.conv(early, 8, 16, stride=2))
    for x, count in ((late, 16), (early, 8)):
        x = net.node("Flatten", net.node("GlobalAveragePool", x))
        net.out(net.gemm(x, count, transB=1), [1, CLASSES])
    return net


@case(32, "exact")
def batch_of_four(name):
    net = Net(name, 14, [4, 3, 32, 32])
    x = net.node("ReduceMean", net.body("input"), axes=[-1, -2], keepdims=0)
    net.out(net.gemm(x, 16, transB=1), [4, CLASSES])
    return net


@case(28, "exact", channels=1, last=True, is_bytes=True, probabilities=True)
def grey_last(name):
    """A Keras network for digits: one colour, which comes last, and sizes of the pictures alone are given."""
    net = Net(name, 18, ["N", 28, 28, 1])
    x = net.node("Div", "input", net.array(np.float32(255)))
    x = net.body(net.node("Reshape", x, net.ints(-1, 1, 28, 28)), 1)
    x = net.node("GlobalAveragePool", x)
    net.out(net.node("Softmax", net.matmul(net.node("Squeeze", x, net.ints(3, 2)), 16)), ["N", CLASSES])
    return net


@case(32, "exact", channels=1)
def grey_unsaid(name):
    """No size is given at all; the filters take one colour."""
    net = Net(name, 17, ["N", "C", "H", "W"])
    x = net.node("GlobalAveragePool", net.body("input", 1))
    net.out(net.gemm(net.node("Flatten", x), 16, transB=1), ["N", CLASSES])
    return net


@case(299, "exact")
def large(name):
    net = Net(name, 11, ["N", 3, 299, 299])
    x = net.conv("input", 3, 16, 8, stride=8, pads=[0] * 4)
    x = net.node("GlobalAveragePool", net.node("Elu", x, alpha=1.0))
    net.out(net.gemm(net.node("Flatten", x), 16, transB=1), ["N", CLASSES])
    return net


@case(40, "exact", last=True)
def any_size_last(name):
    net = Net(name, 16, ["N", "H", "W", 3])
    x = net.body(net.node("Transpose", "input", perm=[0, 3, 1, 2]))
    x = net.node("ReduceMean", x, axes=[2, 3], keepdims=1)
    net.out(net.gemm(net.node("Reshape", x, net.ints(-1, 16)), 16), ["N", CLASSES])
    return net


@case(32, None)
def global_max(name):
    net = Net(name, 13, ["N", 3, 32, 32])
    x = net.node("GlobalMaxPool", net.body("input"))
    net.out(net.gemm(net.node("Flatten", x), 16, transB=1), ["N", CLASSES])
    return net


@case(32, "exact")
def axes_as_input(name):
    """Opset 18: the axes are an input; the shape to reshape to is computed."""
    net = Net(name, 18, ["N", 3, 32, 32])
    x = net.node("ReduceMean", net.body("input"), net.ints(2, 3), keepdims=1)
    count = net.node("Gather", net.node("Shape", x), net.array(np.int64(0)), axis=0)
    shape = net.node("Concat", net.node("Unsqueeze", count, net.ints(0)), net.ints(-1), axis=0)
    net.out(net.gemm(net.node("Reshape", x, shape), 16, transB=1), ["N", CLASSES])
    return net


@case(32, "exact")
def mean_by_mean(name):
    """`x.mean(3).mean(2)` of older networks for phones."""
    net = Net(name, 11, ["N", 3, 32, 32])
    x = net.node("ReduceMean", net.body("input"), axes=[3], keepdims=0)
    x = net.node("ReduceMean", x, axes=[2], keepdims=0)
    net.out(net.gemm(x, 16, transB=1), ["N", CLASSES])
    return net


@case(32, "exact")
def norm_after_pooling(name):
    net = Net(name, 15, ["N", 3, 32, 32])
    x = net.norm(net.node("GlobalAveragePool", net.body("input")), 16)
    net.out(net.gemm(net.node("Flatten", x), 16, transB=1), ["N", CLASSES])
    return net


@case(32, "exact")
def norm_of_features(name):
    """The same behind the flattening, as fast.ai and face recognition do, and dropout."""
    net = Net(name, 15, ["N", 3, 32, 32])
    x = net.node("Flatten", net.node("GlobalAveragePool", net.body("input")))
    x = net.node("Dropout", net.norm(x, 16))
    net.out(net.gemm(x, 16, transB=1), ["N", CLASSES])
    return net


@case(32, "exact")
def two_linear(name):
    """Two linear layers with nothing between them are one."""
    net = Net(name, 15, ["N", 3, 32, 32])
    x = net.node("Flatten", net.node("GlobalAveragePool", net.body("input")))
    x = net.node("Identity", net.matmul(x, 16, 8))
    net.out(net.gemm(x, 8, alpha=0.5, beta=2.0), ["N", CLASSES])
    return net


@case(32, None)
def two_layers(name):
    net = Net(name, 15, ["N", 3, 32, 32])
    x = net.node("Flatten", net.node("GlobalAveragePool", net.body("input")))
    x = net.node("Relu", net.gemm(x, 16, 24))
    net.out(net.gemm(x, 24, transB=1), ["N", CLASSES])
    return net


@case(32, "exact")
def scaled_logits(name):
    """Scores that are divided by a temperature, and a bias of its own."""
    net = Net(name, 13, ["N", 3, 32, 32])
    x = net.node("Flatten", net.node("GlobalAveragePool", net.body("input")))
    x = net.node("Div", net.matmul(x, 16), net.array(np.float32(0.25)))
    net.out(net.node("Add", x, net.weight(CLASSES, scale=0.2)), ["N", CLASSES])
    return net


@case(32, "exact")
def response_norm(name):
    """Local response normalisation: AlexNet, GoogLeNet and others of the model zoo."""
    net = Net(name, 9, [1, 3, 32, 32])
    x = net.node("LRN", net.body("input"), size=5, alpha=0.5, beta=0.75, bias=1.0)
    x = net.node("LRN", x, size=3, alpha=0.3, beta=0.5, bias=2.0)
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    net.out(net.gemm(x, 16, transB=1), [1, CLASSES])
    return net


@case(32, "exact")
def group_norm(name):
    net = Net(name, 21, [1, 3, 32, 32])
    x = net.body("input")
    scale, bias = net.weight(16, scale=0.3, shift=1.0), net.weight(16, scale=0.2)
    x = net.node("GroupNormalization", x, scale, bias, num_groups=4, epsilon=1e-3)
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    net.out(net.gemm(x, 16, transB=1), [1, CLASSES])
    return net


@case(32, "exact")
def odd_functions(name):
    """Functions that few networks use."""
    net = Net(name, 18, [1, 3, 32, 32])
    x = net.node("Selu", net.conv("input", 3, 8, stride=2))
    x = net.node("Celu", net.conv(x, 8, 8), alpha=0.7)
    x = net.node("ThresholdedRelu", net.conv(x, 8, 8), alpha=0.1)
    x = net.node("PRelu", net.conv(x, 8, 8), net.weight(8, 1, 1, scale=0.2))
    x = net.node("Mish", net.conv(x, 8, 16))
    x = net.node("HardSwish", net.node("HardSigmoid", x, alpha=0.3, beta=0.4))
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    net.out(net.gemm(x, 16, transB=1), [1, CLASSES])
    return net


@case(32, "exact", is_bytes=True, last=True)
def bytes_last(name):
    """Bytes go in; the network subtracts means and divides by deviations for each colour."""
    net = Net(name, 13, ["N", 32, 32, 3], TensorProto.UINT8)
    x = net.node("Cast", "input", to=FLOAT)
    x = net.node("Sub", x, net.array(np.float32([123.675, 116.28, 103.53])))
    x = net.node("Div", x, net.array(np.float32([58.4, 57.1, 57.4])))
    x = net.body(net.node("Transpose", x, perm=[0, 3, 1, 2]))
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    net.out(net.gemm(x, 16, transB=1), ["N", CLASSES], FLOAT)
    return net


@case(32, "exact")
def with_branch(name):
    """PyTorch's `squeeze()` of an unknown size: an If whose branches use values from outside."""
    net = Net(name, 13, ["N", 3, 32, 32])
    x = net.node("GlobalAveragePool", net.body("input"))
    size = net.node("Gather", net.node("Shape", x), net.array(np.int64(3)), axis=0)
    is_one = net.node("Equal", size, net.array(np.int64(1)))
    axes = net.ints(2, 3)

    def branch(op, *inputs):
        out = helper.make_tensor_value_info(f"{op}_out", FLOAT, None)
        return helper.make_graph([helper.make_node(op, list(inputs), [f"{op}_out"])], op, [], [out])

    x = net.node("If", is_one, then_branch=branch("Squeeze", x, axes), else_branch=branch("Identity", x))
    net.out(net.gemm(net.node("Reshape", x, net.ints(-1, 16)), 16, transB=1), ["N", CLASSES])
    return net


@case(32, None)
def token_of_many(name):
    """A transformer for small pictures: a class token before the patches, attention, layer norm in nine nodes."""
    net = Net(name, 12, [1, 3, 32, 32])
    x = net.conv("input", 3, 16, 8, stride=8, pads=[0] * 4)
    x = net.node("Transpose", net.node("Reshape", x, net.ints(1, 16, 16)), perm=[0, 2, 1])
    x = net.node("Concat", net.weight(1, 1, 16, scale=0.5), x, axis=1)
    x = net.node("Add", x, net.weight(1, 17, 16, scale=0.2))
    q, k, v = (net.node("MatMul", x, net.weight(16, 16, scale=0.4)) for _ in range(3))
    scores = net.node("MatMul", q, net.node("Transpose", k, perm=[0, 2, 1]))
    x = net.node("Add", x, net.node("MatMul", net.node("Softmax", scores, axis=2), v))
    centred = net.node("Sub", x, net.node("ReduceMean", x, axes=[2]))
    variance = net.node("ReduceMean", net.node("Pow", centred, net.array(np.float32(2))), axes=[2])
    root = net.node("Sqrt", net.node("Add", variance, net.array(np.float32(1e-6))))
    x = net.node("Add", net.node("Mul", net.node("Div", centred, root), net.weight(16, shift=1.0, scale=0.2)), net.weight(16, scale=0.1))
    x = net.node("Gather", x, net.array(np.int64(0)), axis=1)
    net.out(net.gemm(x, 16, transB=1), [1, CLASSES])
    return net


def quantised_weight(net, *shape):
    fan = int(np.prod(shape[1:]))
    net.count += 1
    values = 2 * uniform(f"{net.name}.{net.count}", 1, int(np.prod(shape))) - 1
    return net.array(np.round(values * 127).reshape(shape), TensorProto.INT8), net.array(np.float32((3 / fan) ** 0.5 / 127))


@case(32, None)
def quantised_dynamically(name):
    """onnxruntime's `quantize_dynamic`: scale and zero point from each picture, products of whole numbers."""
    net = Net(name, 13, [1, 3, 32, 32])
    x = "input"
    for cin, cout in ((3, 8), (8, 16)):
        q, scale, zero = net.node("DynamicQuantizeLinear", x, outputs=3)
        w, w_scale = quantised_weight(net, cout, cin, 3, 3)
        sums = net.node("ConvInteger", q, w, zero, net.array(np.int8(0)), pads=[1] * 4, strides=[2, 2], kernel_shape=[3, 3])
        x = net.node("Mul", net.node("Cast", sums, to=FLOAT), net.node("Mul", scale, w_scale))
        x = net.node("Relu", net.node("Add", x, net.weight(1, cout, 1, 1, scale=0.1)))
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    q, scale, zero = net.node("DynamicQuantizeLinear", x, outputs=3)
    w, w_scale = quantised_weight(net, 16, CLASSES)
    sums = net.node("MatMulInteger", q, w, zero, net.array(np.int8(0)))
    x = net.node("Mul", net.node("Cast", sums, to=FLOAT), net.node("Mul", scale, w_scale))
    net.out(net.node("Add", x, net.weight(CLASSES, scale=0.2)), [1, CLASSES])
    return net


def quantise(net, x, scale, zero, kind=TensorProto.UINT8):
    scale, zero = net.array(np.float32(scale)), net.array(zero, kind)
    return net.node("DequantizeLinear", net.node("QuantizeLinear", x, scale, zero), scale, zero)


@case(32, None)
def quantised_pairs(name):
    """onnxruntime's `quantize_static`: pairs of QuantizeLinear and DequantizeLinear, a scale per filter."""
    net = Net(name, 19, [1, 3, 32, 32])
    x = quantise(net, "input", 2 / 255, 128)
    for cin, cout, scale in ((3, 8, 0.012), (8, 16, 0.015)):
        w, _ = quantised_weight(net, cout, cin, 3, 3)
        scales = net.weight(cout, scale=0.2 / 127, shift=(3 / (9 * cin)) ** 0.5 / 127)
        w = net.node("DequantizeLinear", w, scales, net.array(np.zeros(cout), TensorProto.INT8), axis=0)
        b = net.weight(cout, scale=0.1)
        x = net.node("Relu", net.node("Conv", x, w, b, pads=[1] * 4, strides=[2, 2], kernel_shape=[3, 3]))
        x = quantise(net, x, scale, 0)
    x = quantise(net, net.node("GlobalAveragePool", x), 0.008, 0)
    w, w_scale = quantised_weight(net, CLASSES, 16)
    w = net.node("DequantizeLinear", w, w_scale, net.array(np.int8(0)))
    x = net.node("Gemm", net.node("Flatten", x), w, net.weight(CLASSES, scale=0.2), transB=1)
    net.out(quantise(net, x, 0.02, 100), [1, CLASSES])
    return net


@case(32, None)
def quantised_whole(name):
    """The older form: QLinearConv and QLinearMatMul."""
    net = Net(name, 19, [1, 3, 32, 32])
    u8 = lambda value: net.array(value, TensorProto.UINT8)  # noqa: E731
    scale, zero = net.array(np.float32(2 / 255)), u8(128)
    x = net.node("QuantizeLinear", "input", scale, zero)
    for cin, cout, next_scale in ((3, 8, 0.012), (8, 16, 0.015)):
        w, w_scale = quantised_weight(net, cout, cin, 3, 3)
        bias = net.array(np.arange(cout) * 50 - 200, TensorProto.INT32)
        next_scale, next_zero = net.array(np.float32(next_scale)), u8(3)
        x = net.node("QLinearConv", x, scale, zero, w, w_scale, net.array(np.int8(0)), next_scale, next_zero, bias, pads=[1] * 4, strides=[2, 2], kernel_shape=[3, 3])
        scale, zero = next_scale, next_zero
    x = net.node("Flatten", net.node("GlobalAveragePool", net.node("DequantizeLinear", x, scale, zero)))
    scale, zero = net.array(np.float32(0.01)), u8(0)
    w, w_scale = quantised_weight(net, 16, CLASSES)
    x = net.node("QLinearMatMul", net.node("QuantizeLinear", x, scale, zero), scale, zero, w, w_scale, net.array(np.int8(0)), net.array(np.float32(0.02)), u8(100))
    net.out(net.node("DequantizeLinear", x, net.array(np.float32(0.02)), u8(100)), [1, CLASSES])
    return net


def run(name, folder):
    build, about = CASES[name]
    model = build(name).model()
    onnx.checker.check_model(model)
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    side, channels = about["side"], about.pop("channels")
    count = 3 * side * side
    x = (np.float32(2) * uniform("input", 1, count) - np.float32(1)).reshape(1, 3, side, side)
    if about["bytes"]:
        x = (x + np.float32(1)) * np.float32(127.5)
    if channels == 1:
        x = sum(np.float32(share) * x[:, i : i + 1] for i, share in enumerate((0.299, 0.587, 0.114)))
    if about.pop("last"):
        x = x.transpose(0, 2, 3, 1)
    kind = model.graph.input[0].type.tensor_type.elem_type
    x = np.round(x).astype(np.uint8) if kind == TensorProto.UINT8 else x.astype(helper.tensor_dtype_to_np_dtype(kind))
    batch = model.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    x = np.concatenate([x] * max(batch, 1))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {"input": np.ascontiguousarray(x)})
    if name.startswith("quantised"):
        own, outputs = outputs[0], ReferenceEvaluator(model).run(None, {"input": x})
        print(f"  onnxruntime differs by {np.abs(own - outputs[0]).max():.3g} here")
    scores = [out for out in outputs if out.ndim in (2, 4)][about.pop("index")]
    logits = scores.reshape(len(x), -1)[0].astype(np.float64)
    print(f"{name}: {path.stat().st_size} bytes, spread {logits.std():.3g}")
    about["logits"] = [float(f"{value:.9g}") for value in logits]
    return about


def main():
    parser = argparse.ArgumentParser(description="Write small ONNX files and their figures.")
    parser.add_argument("--out", type=Path, default=FOLDER / "by_hand")
    folder = parser.parse_args().out
    folder.mkdir(exist_ok=True)
    cases = {name: run(name, folder) for name in CASES}
    (folder / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
