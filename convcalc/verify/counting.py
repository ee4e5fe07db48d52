"""Arrays in, arrays out that count every operation done on them, whichever way it is done.

A `CountingArray` hides its values: numpy reaches them only through the two doors below, ufuncs
(counted) and a short list of functions that move values without computing (free). It is no
subclass of ndarray, for `np.asarray` would open one without asking.
"""

from collections.abc import Callable
from math import prod
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from convcalc.verify.erf import error_function

KINDS = ("multiplications", "additions", "comparisons", "divisions", "exponentials")

_BY_KIND: dict[str, tuple[np.ufunc, ...]] = {
    "multiplications": (np.multiply, np.square),
    "additions": (np.add, np.subtract),
    "comparisons": (
        *(np.maximum, np.minimum, np.greater, np.greater_equal),
        *(np.less, np.less_equal, np.equal, np.not_equal),
    ),
    "divisions": (np.divide, np.reciprocal),
    "exponentials": (np.exp, np.expm1, np.log, np.sqrt, np.power, np.tanh),
}
_KIND = {ufunc: kind for kind, ufuncs in _BY_KIND.items() for ufunc in ufuncs}

# Turning a sign round is no arithmetic: −x is x with another bit. A product counts by its loops.
_OTHERS = (np.negative, np.matmul)

# What moves values and computes nothing; the options each may have, how many arguments, and which
# of them is an array of addresses or of conditions.
_MOVES: dict[Callable[..., Any], tuple[set[str], int, int | None]] = {
    np.pad: ({"mode", "constant_values"}, 3, None),
    np.concatenate: ({"axis"}, 2, None),
    np.stack: ({"axis"}, 2, None),
    np.where: (set(), 3, 0),
    np.take: ({"axis"}, 3, 1),
}
_PAD_MODES = ("constant", "edge", "reflect", "wrap")


class CountingError(Exception):
    """A runner tried to compute where nobody counts."""


class Tally:
    """How many operations of each kind were done on its arrays."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(KINDS, 0)

    def array(self, values: np.ndarray) -> "CountingArray":
        """`values`, counted here from now on."""
        return CountingArray(values, self)

    def opened(self, array: object) -> np.ndarray:
        """The values of an array that never left this tally's sight."""
        if type(array) is CountingArray and array._tally is self:
            return array._values
        raise CountingError(f"{_called(array)} is not counted here")


class CountingArray(NDArrayOperatorsMixin):
    """An array whose `*`, `+`, `@`, ufuncs and their reductions add to a tally."""

    __slots__ = ("_tally", "_values")

    def __init__(self, values: np.ndarray, tally: Tally) -> None:
        self._values = values
        self._tally = tally

    def new(self, shape: tuple[int, ...], fill: float | None = None) -> "CountingArray":
        """A new array of this kind, of `fill` or (None) of nothing in particular."""
        values = np.empty(shape, self.dtype) if fill is None else np.full(shape, fill, self.dtype)
        return CountingArray(values, self._tally)

    # What an array is, and the ways to look at it differently.

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape

    @property
    def ndim(self) -> int:
        return self._values.ndim

    @property
    def size(self) -> int:
        return self._values.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._values.dtype

    @property
    def T(self) -> "CountingArray":  # noqa: N802 (numpy's name)
        return CountingArray(self._values.T, self._tally)

    def reshape(self, *shape: int) -> "CountingArray":
        return CountingArray(self._values.reshape(*shape), self._tally)

    def transpose(self, *axes: int) -> "CountingArray":
        return CountingArray(self._values.transpose(*axes), self._tally)

    def copy(self) -> "CountingArray":
        return CountingArray(self._values.copy(), self._tally)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<CountingArray {'×'.join(map(str, self.shape))}>"

    def __getitem__(self, key: Any) -> "CountingArray":
        part = self._values[key]
        return CountingArray(part if type(part) is np.ndarray else np.asarray(part), self._tally)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._values[key] = self._open(value)

    # The doors of numpy.

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: tuple[Any, ...] = (), **options: Any
    ) -> Any:
        if options or method != "__call__":
            return self._reduced(ufunc, method, inputs, out, options)
        tally = self._tally
        # Most are our own: spares a call each, which is felt on small arrays.
        opened = [
            value._values
            if type(value) is CountingArray and value._tally is tally
            else self._open(value)
            for value in inputs
        ]
        if (kind := _KIND.get(ufunc)) is None and ufunc not in _OTHERS:
            raise CountingError(f"np.{ufunc.__name__} is not counted")
        result = ufunc(*opened, out=tally.opened(out[0])) if out else np.asarray(ufunc(*opened))
        if kind is not None:
            tally.counts[kind] += result.size
        elif ufunc is np.matmul:
            products = opened[0].shape[-1]
            tally.counts["multiplications"] += result.size * products
            tally.counts["additions"] += result.size * (products - 1)
        return out[0] if out else CountingArray(result, tally)

    def _reduced(
        self,
        ufunc: np.ufunc,
        method: str,
        inputs: tuple[Any, ...],
        out: tuple[Any, ...],
        options: dict[str, Any],
    ) -> "CountingArray | None":
        """What a method of a ufunc makes: reduce, accumulate, outer or at."""
        if ufunc not in _KIND or method not in _METHODS or out:
            raise CountingError(f"np.{ufunc.__name__} ({method}) is not counted")
        allowed, operations = _METHODS[method]
        if not options.keys() <= allowed:
            raise CountingError(f"np.{ufunc.__name__} with {', '.join(options)} is not counted")
        addresses = 1 if method == "at" else None
        opened = [v if i == addresses else self._open(v) for i, v in enumerate(inputs)]
        result = getattr(ufunc, method)(*opened, **options)
        self._tally.counts[_KIND[ufunc]] += operations(opened, result, options)
        return None if method == "at" else CountingArray(np.asarray(result), self._tally)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, kwargs: dict[str, Any]
    ) -> Any:
        options, most, addresses = _MOVES.get(function, (set(), -1, None))
        if not kwargs.keys() <= options or len(args) > most:
            raise CountingError(f"np.{function.__name__}({', '.join(kwargs)}) is not counted")
        if function is np.pad and kwargs.get("mode", *args[2:3]) not in _PAD_MODES:
            raise CountingError("this mode of np.pad computes")
        opened = [
            value if index == addresses and _is_plain(value) else self._open_all(value)
            for index, value in enumerate(args)
        ]
        return CountingArray(function(*opened, **kwargs), self._tally)

    def _open(self, value: Any) -> Any:
        """The values of one of our own arrays, or a plain number."""
        if type(value) is CountingArray and value._tally is self._tally:
            return value._values
        if type(value) in (int, float, bool):
            return value
        raise CountingError(f"{_called(value)} is not counted here")

    def _open_all(self, value: Any) -> Any:
        """The same inside lists, and words."""
        if isinstance(value, list | tuple):
            return [self._open_all(each) for each in value]
        return value if value is None or type(value) is str else self._open(value)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise CountingError("the values of a counting array are not given away")

    __array__ = __bool__ = __reduce_ex__ = _refuse

    def located(
        self, start: np.ndarray, last: int | None = None
    ) -> tuple[np.ndarray, "CountingArray"]:
        """The positions start + self, kept within 0 and `last`: whole parts, and what remains.

        Whole parts are addresses, plain integers; working an address out is not counted.
        """
        positions = start + self._values
        if last is not None:
            positions = positions.clip(0, last)
        cells = np.floor(positions)
        fractions = (positions - cells).astype(self.dtype)
        return cells.astype(np.int64), CountingArray(fractions, self._tally)


def _is_plain(value: Any) -> bool:
    """An array of integers or of truths."""
    return type(value) is np.ndarray and value.dtype.kind in "iub"


def _called(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__}{'' if shape is None else f' of shape {shape}'}"


# Each method of a ufunc: the options it may have, and how many operations it does.


def _accumulated(operands: list[Any], result: Any, options: dict[str, Any]) -> int:
    sizes: tuple[int, ...] = operands[0].shape
    axis: int = options.get("axis", 0)
    return prod(sizes) - prod(sizes) // sizes[axis]


_METHODS: dict[str, tuple[set[str], Callable[[list[Any], Any, dict[str, Any]], int]]] = {
    "reduce": (
        {"axis", "keepdims"},
        lambda operands, result, options: int(operands[0].size - np.size(result)),
    ),
    "accumulate": ({"axis"}, _accumulated),
    "outer": (set(), lambda operands, result, options: int(np.size(result))),
    "at": (set(), lambda operands, result, options: int(np.size(operands[0][operands[1]]))),
}


def erf(array: CountingArray) -> CountingArray:
    """The error function, which numpy hasn't, of every element; one exponential each."""
    tally = array._tally
    values = tally.opened(array)
    tally.counts["exponentials"] += values.size
    return tally.array(error_function(values).astype(values.dtype))
