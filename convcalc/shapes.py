"""Shapes: what a kernel, a stride, a padding and a dilation make of the sizes along each axis."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from convcalc.sizes import (
    MOST_SIZE,
    Size,
    at_most,
    ceil_quotient,
    equal,
    fail,
    floor_quotient,
    is_exotic,
    is_one,
    largest,
    product,
    require,
    smallest,
    whole,
)

Sizes: TypeAlias = int | tuple[int, ...]
"""One size, or one per axis."""

Shape: TypeAlias = tuple[Size, ...]
"""(channels, *spatial), without the batch; a flat vector is (features,)."""

Pads: TypeAlias = tuple[tuple[Size, Size], ...]
"""What is padded before and after, an axis a pair."""

AXES = ("channels", "depth", "height", "width", "length")


def elements(shape: Shape) -> Size:
    """How many elements a value of this shape has."""
    return product(shape)


def require_shape(shape: Shape) -> Shape:
    """`shape`, if each size is from 1 to 10¹²."""
    for size in shape:
        require(at_most(1, size), lambda: f"the output would be {show(shape)}, which is empty")
        require(at_most(size, MOST_SIZE), "a size is larger than 10^12")
    return tuple([size if type(size) is int else whole(size, 1) for size in shape])


def show(shape: Iterable[object]) -> str:
    """512×28×28."""
    return "×".join(str(size) for size in shape)


def axis_of(shape: Shape, axis: str, name: str) -> Size:
    """The size along an axis by name, such as the height of a (channels, height, width) shape."""
    names = (
        ("channels",),
        ("channels", "length"),
        ("channels", "height", "width"),
        ("channels", "depth", "height", "width"),
    )[len(shape) - 1]
    if axis not in names:
        fail(f"{name} is {show(shape)} and has no {axis}")
    return shape[names.index(axis)]


# Windows: what a kernel, a stride, a padding and a dilation make of an axis.


def per_axis(value: Size | tuple[Any, ...], rank: int, setting: str) -> tuple[Any, ...]:
    """A setting that is one number or one per axis, as one per axis.

    >>> per_axis(3, 2, "kernel_size"), per_axis((1, 7), 2, "kernel_size")
    ((3, 3), (1, 7))
    """
    if not isinstance(value, tuple):
        return (value,) * rank
    if len(value) != rank:
        fail(
            f"{setting} has {len(value)} {'entry' if len(value) == 1 else 'entries'}, "
            f"the input has {rank} {'axis' if rank == 1 else 'axes'}"
        )
    return value


def spatial(shape: Shape, operator: str) -> Shape:
    """The sizes along the axes of a (channels, *spatial) shape of one to three axes."""
    if len(shape) == 1:
        needed = f"{operator} needs channels and at least one axis"
        fail(f"{needed}, the input is a flat vector of {shape[0]}")
    return shape[1:]


def span(kernel: Size, dilation: Size) -> Size:
    """The cells from a dilated kernel's first tap to its last: d·(k − 1) + 1."""
    return dilation * (kernel - 1) + 1


def pads_of(
    padding: Any,
    sizes: Shape,
    kernel: Sequence[Size],
    stride: Sequence[Size],
    dilation: Sequence[Size],
) -> Pads:
    """The cells padded before and after along each axis.

    `padding` is a number, one per axis, a (before, after) pair per axis, 'valid' or 'same'; with
    'same' the output is the input over the stride, rounded up, and an odd cell goes after.
    """
    rank = len(sizes)
    word = padding if isinstance(padding, str) else None  # an array can't be compared with text
    if word == "valid":
        return ((0, 0),) * rank
    if word == "same":
        axes = zip(sizes, kernel, stride, dilation, strict=True)
        return tuple(_same(n, k, s, d) for n, k, s, d in axes)
    return tuple(p if isinstance(p, tuple) else (p, p) for p in per_axis(padding, rank, "padding"))


def _same(size: Size, kernel: Size, stride: Size, dilation: Size) -> tuple[Size, Size]:
    reach = span(kernel, dilation)
    if is_one(reach):
        return 0, 0
    needed = (ceil_quotient(size, stride) - 1) * stride + reach - size
    # The last window starts less than a stride from the end, so a longer one always overhangs.
    both = needed if at_most(stride, reach) is True else largest((needed, 0))
    before = floor_quotient(both, 2)
    return before, both - before


def windows(
    sizes: Shape,
    kernel: Sequence[Size],
    stride: Sequence[Size],
    pads: Pads,
    dilation: Sequence[Size],
    ceil_mode: bool = False,
) -> Shape:
    """How many windows fit along each axis. Raises `SpecError` where a window doesn't fit once."""
    return tuple(
        _windows(n, k, s, p, d, ceil_mode)
        for n, k, s, p, d in zip(sizes, kernel, stride, pads, dilation, strict=True)
    )


def _windows(
    size: Size, kernel: Size, stride: Size, pad: tuple[Size, Size], dilation: Size, ceil_mode: bool
) -> Size:
    padded = size + pad[0] + pad[1]
    reach = span(kernel, dilation)
    overhang = stride - 1 if ceil_mode else 0
    require(
        at_most(reach, padded + overhang),
        lambda: (
            f"a window of {reach} is larger than the input of {size}"
            + (f" padded to {padded}" if equal(size, padded) is not True else "")
        ),
    )
    if not ceil_mode:
        return floor_quotient(padded - reach, stride) + 1
    # The last window must start inside the input or the leading padding, as in PyTorch.
    rounded_up = ceil_quotient(padded - reach, stride) + 1
    inside = floor_quotient(size + pad[0] - 1, stride) + 1
    return smallest((rounded_up, inside))


def transposed(
    sizes: Shape,
    kernel: Sequence[Size],
    stride: Sequence[Size],
    pads: Pads,
    dilation: Sequence[Size],
    output_padding: Sequence[Size],
) -> Shape:
    """The sizes a transposed convolution makes: what its stamps cover, less the padding."""
    every = zip(sizes, kernel, stride, pads, dilation, output_padding, strict=True)
    return tuple(_transposed(*each) for each in every)


def _transposed(
    size: Size, kernel: Size, stride: Size, pad: tuple[Size, Size], dilation: Size, after: Size
) -> Size:
    covered = (size - 1) * stride + span(kernel, dilation) + after
    cropped = covered - pad[0] - pad[1]
    require(
        at_most(1, cropped),
        lambda: f"padding of {pad[0]} and {pad[1]} leaves nothing of an output of {covered}",
    )
    return cropped


def plane(shape: Shape, operator: str) -> Shape:
    """(height, width) of a (channels, height, width) shape, for operators of two axes only."""
    if len(shape) != 3:
        fail(f"{operator} needs channels, height and width, not {show(shape)}")
    return shape[1:]


def require_content(mode: str, sizes: Shape, pads: Pads) -> None:
    """Raise `SpecError` where reflected or circular padding asks for more cells than there are."""
    spare = {"reflect": 1, "circular": 0}.get(mode)
    if spare is None:
        return
    for size, pad in zip(sizes, pads, strict=True):
        asked = largest(pad)
        message = f"{mode} padding of {asked} is too large for {size} cells"
        require(at_most(asked, size - spare), message)


def broadcast(one: Shape, other: Shape, message: str) -> Shape:
    """The shape of an elementwise result: sizes are equal, or one of the two is 1."""
    if len(one) != len(other):
        fail(message)
    return tuple(_broadcast(a, b, message) for a, b in zip(one, other, strict=True))


def _broadcast(one: Size, other: Size, message: str) -> Size:
    if is_one(one) or is_one(other):
        return other if is_one(one) else one
    fits = equal(one, other)
    if fits is True:
        return one
    if is_exotic(fits):  # in an array, each point has its own answer
        fits = fits | equal(one, 1) | equal(other, 1)
    require(fits, message)
    return largest((one, other))
