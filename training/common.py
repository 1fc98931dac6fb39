"""What the training scripts share: data on the device, a schedule that keeps to a time, checkpoints."""

import argparse
import copy
import functools
import math
import os
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

ASSETS = Path(__file__).resolve().parent.parent / "assets"


# --- Data -------------------------------------------------------------------------------------


@dataclass
class Pictures:
    """Equally large pictures (u8 [n, 3, height, width]) and their classes (i64 [n])."""

    images: torch.Tensor
    labels: torch.Tensor
    classes: list[str]

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device) -> "Pictures":
        return Pictures(self.images.to(device), self.labels.to(device), self.classes)


def class_folders(folder: Path) -> list[tuple[Path, str]]:
    """All JPEG and PNG files below the folders of `folder`, with the name of their folder."""
    suffixes = {".jpg", ".jpeg", ".png"}
    return [
        (file, subfolder.name)
        for subfolder in sorted(folder.iterdir())
        if subfolder.is_dir()
        for file in sorted(subfolder.rglob("*"))
        if file.suffix.lower() in suffixes
    ]


def load_pictures(files: list[tuple[Path, str]], cache: Path) -> Pictures:
    """Decodes the files once; later runs read `cache`. Classes are numbered in sorted order."""
    if cache.exists():
        return Pictures(**torch.load(cache, weights_only=True))
    if not files:
        sys.exit(f"No pictures for {cache.stem}. Is --data the folder that holds train/ and test/?")
    print(f"Decoding {len(files)} pictures", flush=True)

    def decode(file: Path) -> torch.Tensor:
        with Image.open(file) as image:
            data = bytearray(image.convert("RGB").tobytes())
            return torch.frombuffer(data, dtype=torch.uint8).view(image.height, image.width, 3)

    with ThreadPoolExecutor() as pool:
        images = torch.stack(list(pool.map(decode, [file for file, _ in files])))
    classes = sorted({name for _, name in files})
    number = {name: i for i, name in enumerate(classes)}
    labels = torch.tensor([number[name] for _, name in files])
    pictures = Pictures(images.permute(0, 3, 1, 2).contiguous(), labels, classes)
    save(vars(pictures), cache)
    return pictures


def shuffled_batches(count: int, size: int, generator: torch.Generator, device: torch.device):
    """Numbers of pictures, in batches of `size`, in a new order each time; a short rest is left out."""
    order = torch.randperm(count, generator=generator).to(device)
    return order.split(size)[: max(count // size, 1)]


@functools.cache
def channels(values: tuple[float, float, float], device: torch.device) -> torch.Tensor:
    """A number for each of red, green and blue. Kept, for a GPU waits for what is sent to it."""
    return torch.tensor(values, device=device).view(1, 3, 1, 1)


def normalise(images: torch.Tensor, mean: tuple, std: tuple) -> torch.Tensor:
    """Pictures of 0…255 as a network takes them, channels last."""
    mean, std = channels(mean, images.device), channels(std, images.device)
    return ((images.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)


def random_crops(images: torch.Tensor, size: int, padding: int) -> torch.Tensor:
    """A random `size`×`size` piece of each picture with a black margin, every other one mirrored."""
    n, _, height, width = images.shape
    images = F.pad(images, (padding,) * 4)
    device = images.device
    top = torch.randint(height + 2 * padding - size + 1, (n, 1), device=device)
    left = torch.randint(width + 2 * padding - size + 1, (n, 1), device=device)
    columns = torch.arange(size, device=device).repeat(n, 1)
    mirrored = torch.rand(n, 1, device=device) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns) + left
    rows = torch.arange(size, device=device) + top
    picture = torch.arange(n, device=device)
    pieces = images[picture[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return pieces.permute(0, 3, 1, 2)


def resized_crops(images: torch.Tensor, size: int, smallest: float) -> torch.Tensor:
    """A random piece of each picture, at least `smallest` of its area, as `size`×`size` (0…255).

    Every other one is mirrored. Cutting, mirroring and enlarging are one interpolation.
    """
    n, device = len(images), images.device
    area = torch.empty(n, device=device).uniform_(smallest, 1)
    aspect = torch.empty(n, device=device).uniform_(-1, 1).mul(math.log(4 / 3) / 2).exp()
    # In halves of a side, as grid_sample counts: a picture goes from -1 to 1.
    width, height = (area.sqrt() * aspect).clamp(max=1), (area.sqrt() / aspect).clamp(max=1)
    x, y = ((1 - side) * (2 * torch.rand(n, device=device) - 1) for side in (width, height))
    mirror = torch.randint(2, (n,), device=device) * 2 - 1
    zero = torch.zeros(n, device=device)
    transform = torch.stack([width * mirror, zero, x, zero, height, y], 1).view(n, 2, 3)
    grid = F.affine_grid(transform, [n, 3, size, size], align_corners=False)
    return F.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)


def jitter_colours(images: torch.Tensor, strength: float) -> torch.Tensor:
    """Brightness, contrast and saturation of each picture (0…255) changed by up to `strength`."""
    brightness, contrast, saturation = (
        torch.empty(len(images), 1, 1, 1, device=images.device).uniform_(1 - strength, 1 + strength)
        for _ in range(3)
    )
    images = images * brightness
    mean = images.mean((1, 2, 3), keepdim=True)
    images = mean + contrast * (images - mean)
    grey = images.mean(1, keepdim=True)
    return (grey + saturation * (images - grey)).clamp(0, 255)


def mix(images: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixup (Zhang et al. 2018, alpha 0.2) or CutMix (Yun et al. 2019), one of them for a batch.

    `targets` are distributions over the classes.
    """
    other = images.roll(1, 0)
    if random.random() < 0.5:
        share = random.betavariate(0.2, 0.2)
        images = share * images + (1 - share) * other
    else:
        size = images.shape[-1]
        side = round(size * math.sqrt(1 - random.random()))
        top, left = random.randint(0, size - side), random.randint(0, size - side)
        images = images.clone(memory_format=torch.channels_last)
        window = (..., slice(top, top + side), slice(left, left + side))
        images[window] = other[window]
        share = 1 - side**2 / size**2
    return images, share * targets + (1 - share) * targets.roll(1, 0)


# --- Schedule ---------------------------------------------------------------------------------


class Budget:
    """Time that is left of `minutes`; what earlier parts of a resumed run took is counted."""

    def __init__(self, minutes: float, spent: float = 0.0):
        self.total = 60 * minutes
        self.start = time.monotonic() - spent

    @property
    def spent(self) -> float:
        """Seconds."""
        return time.monotonic() - self.start

    @property
    def progress(self) -> float:
        """From 0 to 1 at the end."""
        return min(self.spent / self.total, 1.0)


def learning_rate(progress: float, peak: float, warm_up: float = 0.03) -> float:
    """Up in a line to `peak`, then down in a line to nothing at the end."""
    if progress < warm_up:
        return peak * max(progress / warm_up, 0.01)
    return peak * (1 - progress) / (1 - warm_up)


class Average:
    """A running mean of a network's weights and statistics: often better than the last ones."""

    def __init__(self, net: nn.Module, decay: float = 0.999):
        self.net = copy.deepcopy(net).eval().requires_grad_(False)
        self.decay, self.steps = decay, 0
        # The counters in a state dict, which are whole numbers, matter to nobody.
        self.tensors = [
            [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
            for network in (self.net, net)
        ]

    @torch.no_grad()
    def update(self) -> None:
        """After every step."""
        self.steps += 1
        # A short memory at first, or the start would be remembered for a thousand steps.
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(*self.tensors, 1 - decay)


# --- Runs -------------------------------------------------------------------------------------


def arguments(description: str, **defaults) -> argparse.ArgumentParser:
    """The options that all scripts have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of the unpacked data set")
    add("--out", type=Path, required=True, help="folder for checkpoints and the result")
    add("--minutes", type=float, help="time for training; the schedule ends with it")
    add("--resume", action="store_true", help="go on from the checkpoint in --out")
    add("--start", type=Path, help="weights to begin with")
    add("--device", default="auto", help="auto, cuda, cuda:1, cpu …")
    add("--seed", type=int, default=0)
    add("--batch", type=int)
    add("--lr", type=float, help="peak learning rate")
    add("--weight-decay", type=float)
    add("--tree-weight", type=float, help="weight of tree supervision; 0: none")
    add("--tree-loss", choices=["nbdt", "nll"], help="see Tree.loss in tree.py")
    add("--precision", choices=["bf16", "f32"], default="bf16")
    add("--compile", action="store_true", help="torch.compile: worth its minute in a long run")
    add("--replicas", type=int, default=1, help="parts of a batch side by side (CPU, see README)")
    add("--report", type=float, default=2, help="minutes between two evaluations and checkpoints")
    add("--steps", type=int, help="stop after so many steps (to try the script)")
    parser.set_defaults(**defaults)
    return parser


def prepare(args: argparse.Namespace) -> torch.device:
    """Seeds, folders, and the device."""
    args.out.mkdir(parents=True, exist_ok=True)
    random.seed(args.seed)
    torch.manual_seed(args.seed)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    if args.device == "auto":
        args.device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(args.device)


def save(content: dict, path: Path) -> None:
    """Written beside its place first: there is never half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    torch.save(content, unfinished)
    os.replace(unfinished, path)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """A state dict in float32, of a `.safetensors` file or of a `.pth`, wrapped or not."""
    if path.suffix == ".safetensors":
        content = load_file(path)
    else:
        content = torch.load(path, map_location="cpu", weights_only=True)
        content = content.get("net") or content.get("state_dict") or content
    # The prefix is DataParallel's.
    return {
        name.removeprefix("module."): tensor.float()
        for name, tensor in content.items()
        if tensor.is_floating_point()
    }


def load_weights(net: nn.Module, path: Path) -> None:
    """Sets all of `net`; only the counters of batch norm, which do nothing, may be missing."""
    tensors = read_weights(path)
    for name, own in net.state_dict().items():
        counter = name.endswith("num_batches_tracked")
        if not counter and (name not in tensors or tensors[name].shape != own.shape):
            sys.exit(f"{path} is of another network: {name} of shape {[*own.shape]} is not in it")
    net.load_state_dict(tensors, strict=False)


@torch.no_grad()
def accuracy(net: nn.Module, tree, pictures: Pictures, prepare_batch, precision: str) -> dict:
    """Share of the pictures that network, hard tree and soft tree get right, in percent."""
    training = net.training
    net.eval()
    right = {"plain": 0, "hard": 0, "soft": 0} if tree is not None else {"plain": 0}
    device = pictures.images.device.type
    for images, labels in zip(pictures.images.split(500), pictures.labels.split(500)):
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            logits = net(prepare_batch(images))
        logits = logits.float()
        right["plain"] += (logits.argmax(1) == labels).sum().item()
        if tree is not None:
            right["hard"] += (tree.hard(logits) == labels).sum().item()
            right["soft"] += (tree.log_probabilities(logits).argmax(1) == labels).sum().item()
    net.train(training)
    return {name: round(100 * count / len(pictures), 2) for name, count in right.items()}


def replicas(net: nn.Module, count: int) -> list[nn.Module]:
    """`net` and `count` - 1 copies, for parts of a batch side by side on a CPU.

    Weights are shared, gradients and running statistics are not; those of `net` count.
    """
    copies = [copy.deepcopy(net) for _ in range(count - 1)]
    for other in copies:
        for mine, theirs in zip(other.parameters(), net.parameters()):
            mine.data = theirs.data
    return [net, *copies]


def gather_gradients(models: list[nn.Module]) -> None:
    """Adds the gradients of the copies to those of the first, and forgets them there."""
    mine, *others = [[p.grad for p in model.parameters()] for model in models]
    for theirs in others:
        torch._foreach_add_(mine, theirs)
    for model in models[1:]:
        model.zero_grad(set_to_none=True)


def train(net, tree, training, test, augment, prepare_batch, args) -> None:
    """The loop: `augment(images, labels, progress)` makes a batch and its targets for the network.

    Leaves `checkpoint.pt` (to go on from) and `result.pth` (weights for glasstree) in `args.out`.
    """
    device = training.images.device
    average = Average(net)
    decayed = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": args.weight_decay}, {"params": others}]
    optimizer = torch.optim.SGD(groups, lr=args.lr, momentum=0.9, nesterov=True)
    generator = torch.Generator().manual_seed(args.seed)
    step = epoch = 0
    spent = 0.0
    checkpoint = args.out / "checkpoint.pt"
    if args.resume and checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        net.load_state_dict(state["net"])
        average.net.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, epoch, spent = state["step"], state["epoch"], state["spent"]
        average.steps = step
        # Not the same pictures again in the same order.
        random.seed(args.seed + step)
        generator.manual_seed(args.seed + step)
        torch.manual_seed(args.seed + step)
        print(f"Going on after {spent / 60:.1f} minutes, {epoch} epochs, {step} steps", flush=True)
    elif args.resume:
        print(f"No {checkpoint} yet: starting anew", flush=True)
    first = step
    models = replicas(net, args.replicas)
    if args.compile:
        models = [torch.compile(model, dynamic=False) for model in models]
    pool = ThreadPoolExecutor(args.replicas)
    budget = Budget(args.minutes, spent)

    def backward(model: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=args.precision == "bf16"):
            logits = model(images)
        logits = logits.float()
        loss = F.cross_entropy(logits, targets)
        if tree is not None and args.tree_weight:
            loss = loss + args.tree_weight * tree.loss(logits, targets, args.tree_loss)
        # Parts of a batch give the mean of their gradients.
        (loss / len(models)).backward()
        return loss.detach() / len(models)

    def report(loss: float) -> None:
        state = {"net": net.state_dict(), "average": average.net.state_dict()}
        state |= {"optimizer": optimizer.state_dict(), "step": step, "epoch": epoch}
        save(state | {"spent": budget.spent}, checkpoint)
        figures = accuracy(average.net, tree, test, prepare_batch, args.precision)
        print(
            f"{budget.spent / 60:6.1f} min  epoch {epoch:3d}  step {step:6d}  loss {loss:.3f}  "
            f"right {figures}",
            flush=True,
        )
        result = {"net": average.net.state_dict(), "epoch": epoch, "acc": figures["plain"]}
        result |= {f"{kind}_tree_acc": figures[kind] for kind in ("hard", "soft") if kind in figures}
        save(result, args.out / "result.pth")

    net.train()
    reported = budget.spent
    mean_loss = torch.zeros((), device=device)
    finished = False
    while not finished:
        for chosen in shuffled_batches(len(training), args.batch, generator, device):
            progress = budget.progress
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(progress, args.lr)
            images, targets = augment(training.images[chosen], training.labels[chosen], progress)
            optimizer.zero_grad(set_to_none=True)
            if len(models) == 1:
                loss = backward(models[0], images, targets)
            else:
                parts = [part.chunk(len(models)) for part in (images, targets)]
                loss = sum(pool.map(backward, models, *parts))
                gather_gradients(models)
            optimizer.step()
            average.update()
            step += 1
            # Not `.item()`: the device would have to be waited for at every step.
            mean_loss.lerp_(loss, max(0.02, 1 / (step - first)))
            finished = budget.progress >= 1 or (args.steps is not None and step >= args.steps)
            if finished:
                break
            if budget.spent - reported > 60 * args.report:
                report(mean_loss.item())
                reported = budget.spent
        else:
            epoch += 1
    report(mean_loss.item())
    if not torch.isfinite(mean_loss):
        sys.exit("The loss is no longer a number. Try a smaller --lr")
