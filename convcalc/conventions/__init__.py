"""Network → the figure that another tool would print for it.

The rules are facts of each tool's source, confirmed by running it; docs/conventions.md says the
versions, and why. A row is an operator, as PyTorch's modules have it, a column a tool, a cell its
rule, of the quantities in `quantities.py`:

    M       products with a weight (MT: of a transposed conv, Mo: the same counted by its output)
    off     products of a deformable conv's offset conv, main: of the other
    b, ob   outputs, where there is a bias; of the offset conv
    Ni, No  input and output elements
    z       zero, rightly or by the tool's own rule
    s, w    not known to the tool: silently zero, zero with a warning
"""

from contextlib import nullcontext
from typing import NamedTuple, Protocol

from convcalc.errors import SpecError
from convcalc.graph.network import INPUT, Layer, Network

# isort: off
from convcalc.conventions.quantities import (
    C, M, Mo, Ni, No, P, Q1, b, cell_steps, cells, convs, d, dropped, lost, main, neighbours, ob,
    off, positions, q1b, rows, scaled, scaled_once, steps, taps, windows,
)  # fmt: skip
from convcalc.conventions.rules import (
    Entry, affine, by_mode, modulated, planar, planar_by_mode, rank, resized, rule_of, s, w, z,
)  # fmt: skip

# isort: on
from convcalc.sizes import Size

MT = M
a = affine
mean = rank * No  # torch-scan divides by each axis of a window

# fmt: off
# A column a tool. What only moves data is zero in all of them (`_MOVES`).
_FIRST_TOOLS = ("fvcore", "ptflops", "ptflops-aten", "thop", "ultralytics-thop", "torchinfo")
_FIRST: dict[str, tuple[Entry, ...]] = {
    "conv":                (M,            M + b,        M + b,  M,            M,            M + b),
    "conv_transpose":      (MT,           MT + b,       MT + b, Mo,           MT,           Mo + b),
    "linear":              (M,            M + b,        M + b,  M,            M,            M + b),
    "hetconv":             (M,            M + b,        M + b,  M,            M,            M + b),
    "deform_conv":         (off + w, off + main + ob + b + modulated(25, 24) * taps, off + ob + s,
                            off + s, off + s, off + main + ob + b),
    "offset_resample":     (M + 4 * Ni,   M + s,        M + s,  M + s,        M + s,        M + s),
    "max_pool":            (w,            2 * Ni,       s,      z,            z,            z),
    "avg_pool":            (w,            2 * Ni,       s,      No,           windows + No, z),
    "adaptive_avg_pool":   (planar(Ni),   2 * Ni,       s,      Ni + No - lost, cells + No,   z),
    "adaptive_max_pool":   (w,            2 * Ni,       s,      z,            z,            z),
    "global_avg_pool":     (planar(Ni),   2 * Ni,       s,      Ni + No,      cells + No,   z),
    "global_max_pool":     (w,            2 * Ni,       s,      z,            z,            z),
    "batch_norm":          (a(2, 1) * Ni, a(2, 1) * Ni, s,      a(4, 2) * Ni, a(4, 2) * Ni, P),
    "layer_norm":          (a(5, 4) * Ni, Ni,           s,      a(4, 2) * Ni, a(4, 2) * Ni, P),
    "group_norm":          (a(5, 4) * Ni, a(2, 1) * Ni, s,      s,            a(4, 2) * Ni, P),
    "instance_norm":       (a(5, 4) * Ni, a(2, 1) * Ni, s,      a(4, 2) * Ni, a(4, 2) * Ni, P),
    "local_response_norm": (w,            3 * Ni + neighbours, s, s,          s,            z),
    "scale":               (w,            s,            s,      s,            s,            s),
    "relu":                (z,            2 * Ni,       s,      z,            z,            z),
    "relu6":               (w,            Ni,           s,      z,            z,            z),
    "leaky_relu":          (w,            Ni,           s,      z,            z,            z),
    "prelu":               (w,            2 * Ni,       s,      Ni,           Ni,           P),
    "elu":                 (w,            2 * Ni,       s,      s,            s,            z),
    "gelu":                (w,            2 * Ni,       s,      s,            s,            z),
    "silu":                (w,            Ni,           s,      s,            s,            z),
    "sigmoid":             (w,            s,            s,      s,            s,            z),
    "tanh":                (w,            s,            s,      s,            s,            z),
    "hardsigmoid":         (w,            s,            s,      s,            s,            z),
    "hardswish":           (w,            s,            s,      s,            s,            z),
    "softmax":             (w, Ni, s, 3 * Ni - positions, 3 * Ni - positions, z),
    "add":                 (w,            s,            s,      s,            s,            s),
    "multiply":            (w,            s,            s,      s,            s,            s),
    "upsample":            (planar_by_mode(nearest=No, bilinear=4 * No), No + scaled, s,
                            by_mode(nearest=No, linear=5 * No, bilinear=11 * No),
                            by_mode(z, linear=5 * No, bilinear=11 * No, trilinear=31 * No), z),
}

_SECOND_TOOLS = ("calflops", "calflops-macs", "torch", "torch-scan", "torch-scan-macs")
_SECOND: dict[str, tuple[Entry, ...]] = {
    "conv":                (2 * M + b,     M,     2 * M,  2 * M - No + b,         M),
    "conv_transpose":      (2 * Q1 + q1b,  Q1,    2 * MT, 8 * d + 2 * Mo - No + b, 4 * d + Mo),
    "linear":              (2 * M,         M,     2 * M,  2 * M - No + b,         M),
    "hetconv":             (2 * M + b,     M,     2 * M,  2 * M - convs * No + b, M),
    "deform_conv":         (2 * off + ob + s, off + s, 2 * off + s, 2 * off + w,  off + w),
    "offset_resample":     (2 * M + s,     M + s, 2 * M + s, 2 * M - 2 * Ni + w,  M + w),
    "max_pool":            (Ni,            z,     s,      steps,                  steps),
    "avg_pool":            (Ni,            z,     s,      steps + mean,           steps + mean),
    "adaptive_avg_pool":   (Ni,            z,     s,      cell_steps + mean,     cell_steps + mean),
    "adaptive_max_pool":   (Ni,            z,     s,      cell_steps,             cell_steps),
    "global_avg_pool":     (Ni,            z,     s,      cell_steps + mean,     cell_steps + mean),
    "global_max_pool":     (Ni,            z,     s,      cell_steps,             cell_steps),
    "batch_norm":          (a(2, 1) * Ni,  z,     s,      2 * C + a(4, 2) * Ni,   a(2, 1) * Ni),
    "layer_norm":          (a(5, 4) * Ni,  z,     s,      a(8, 6) * Ni + 2 * rows, w),
    "group_norm":          (a(5, 4) * Ni,  z,     s,      w,                      w),
    "instance_norm":       (a(5, 4) * Ni,  z,     s,      w,                      w),
    "local_response_norm": (3 * Ni + neighbours, z, s,    w,                      w),
    "scale":               (s,             s,     s,      w,                      w),
    "relu":                (Ni,            z,     s,      Ni,                     z),
    "relu6":               (s,             s,     s,      2 * Ni,                 z),
    "leaky_relu":          (Ni,            z,     s,      4 * Ni,                 z),
    "prelu":               (Ni,            z,     s,      w,                      w),
    "elu":                 (Ni,            z,     s,      6 * Ni,                 z),
    "gelu":                (Ni,            z,     s,      w,                      w),
    "silu":                (Ni,            z,     s,      w,                      w),
    "sigmoid":             (s,             s,     s,      4 * Ni,                 z),
    "tanh":                (s,             s,     s,      6 * Ni,                 z),
    "hardsigmoid":         (s,             s,     s,      w,                      w),
    "hardswish":           (s,             s,     s,      w,                      w),
    "softmax":             (Ni,            z,     s,      w,                      w),
    "add":                 (s,             s,     s,      w,                      w),
    "multiply":            (s,             s,     s,      w,                      w),
    "upsample":            (resized(positions, Ni), resized(z, z), s, w,          w),
    "dropout":             (z,             z,     z,      dropped,                z),
}
# fmt: on

_MOVES = (
    "concat", "side", "slice", "channel_shuffle", "flatten", "dropout", "pad", "crop",
    "pixel_shuffle", "pixel_unshuffle",
)  # fmt: skip


class Convention(NamedTuple):
    """What a tool's figure is, in a few words, and its rule for each operator."""

    about: str
    rules: dict[str, Entry]


def _column(tool: str) -> dict[str, Entry]:
    tools, table = (_FIRST_TOOLS, _FIRST) if tool in _FIRST_TOOLS else (_SECOND_TOOLS, _SECOND)
    index = tools.index(tool)
    return dict.fromkeys(_MOVES, z) | {name: row[index] for name, row in table.items()}


_MULTIPLY_ADDS = "a multiply-add is one"
_TWO = "a multiply-add is two"

CONVENTIONS: dict[str, Convention] = {
    "fvcore": Convention(f"{_MULTIPLY_ADDS}, biases never count", _column("fvcore")),
    "mmengine": Convention(f"{_MULTIPLY_ADDS}, biases never count", _column("fvcore")),
    "ptflops": Convention(f"{_MULTIPLY_ADDS}, most modules count twice", _column("ptflops")),
    "ptflops-aten": Convention(
        f"{_MULTIPLY_ADDS}, weights and biases only", _column("ptflops-aten")
    ),
    "thop": Convention(f"{_MULTIPLY_ADDS}, a batch norm is four operations", _column("thop")),
    "ultralytics-thop": Convention(
        f"{_MULTIPLY_ADDS}, a batch norm is four operations", _column("ultralytics-thop")
    ),
    "torchinfo": Convention(f"{_MULTIPLY_ADDS}, of parameters only", _column("torchinfo")),
    "calflops": Convention(f"FLOPs: {_TWO}", _column("calflops")),
    "calflops-macs": Convention("MACs: products with weights", _column("calflops-macs")),
    "deepspeed": Convention(
        f"FLOPs: {_TWO}",
        _column("calflops") | {"upsample": resized(positions, scaled_once)},
    ),
    "deepspeed-macs": Convention("MACs: products with weights", _column("calflops-macs")),
    "torch": Convention(f"FlopCounterMode: {_TWO}, weights only", _column("torch")),
    "torch-scan": Convention("module_flops: every operation", _column("torch-scan")),
    "torch-scan-macs": Convention(f"{_MULTIPLY_ADDS}", _column("torch-scan-macs")),
}

MARKS = {
    "": "",
    "*": "silently",
    "w": "with a warning",
    "!": "the tool fails",
    "-": "not run at inference",
}
"""How a tool leaves something out."""


class Counted(Protocol):
    """Costs, or whatever else has a network."""

    @property
    def network(self) -> Network: ...


class Figure(NamedTuple):
    """What a tool would print for a layer. None: it fails.

    `mark` says what it leaves out: "" nothing, "*" something, silently, "w" something, with a
    warning, "!" it fails, "-" the layer, which doesn't run at inference (an auxiliary head).
    """

    value: Size | None
    mark: str = ""

    @property
    def uncounted(self) -> str:
        """What the mark says, in words."""
        return MARKS[self.mark]


class Figures(NamedTuple):
    """What a tool would print for a network, and for its layers. None: it fails."""

    name: str
    total: Size | None
    layers: tuple[Figure, ...]


def convention(name: str) -> Convention:
    """The convention of this name. Raises `SpecError`, with those there are."""
    if name not in CONVENTIONS:
        raise SpecError(f"unknown convention '{name}'; there are {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name]


def figures(counted: Network | Counted, name: str) -> Figures:
    """What the tool `name` would print for a network. Raises `SpecError` for an unknown name."""
    network = counted if isinstance(counted, Network) else counted.network
    rules, idle, domain = convention(name).rules, _idle(network), network.domain
    with domain or nullcontext():
        layers = tuple(
            Figure(0, "-") if index in idle else _figure(rules[layer.operator.name], layer)
            for index, layer in enumerate(network.layers)
        )
        values = [each.value for each in layers if each.value is not None]
        total = sum(values) if len(values) == len(layers) else None
        return Figures(name, total if domain is None else domain.spread([total])[0], layers)


def _figure(entry: Entry, layer: Layer) -> Figure:
    rule = rule_of(entry, layer)
    if rule.unseen == "!":
        return Figure(None, "!")
    value = sum([times(layer) * quantity.of(layer) for times, quantity in rule.parts])
    return Figure(value, rule.unseen)


def unseen(network: Network, found: Figures) -> dict[str, tuple[str, ...]]:
    """The operators that a tool leaves out, for each mark of a `Figure`."""
    left_out: dict[str, dict[str, None]] = {}
    for layer, figure in zip(network.layers, found.layers, strict=True):
        if figure.mark:
            left_out.setdefault(figure.mark, {})[layer.operator.name] = None
    return {mark: tuple(operators) for mark, operators in left_out.items()}


def _idle(network: Network) -> set[int]:
    """The layers that only branches of `side` need: auxiliary heads don't run at inference."""
    aside = {i for p in network.parts if p.kind == "side" for i in range(p.start, p.stop)}
    if not aside:
        return aside
    needed, waiting = {INPUT}, [network.result]
    while waiting:
        index = waiting.pop()
        if index not in needed:
            needed.add(index)
            waiting += network.layers[index].inputs
    return aside - needed
