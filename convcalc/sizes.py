"""All arithmetic of sizes, numbers of any kind: sizes in, sizes and answers about them out.

A size is an int when one network is counted, a sympy expression in a formula, a number of numpy
arrays in a sweep. Nothing outside this file asks a size a question: whether it divides, fits, is
equal or larger is asked here, and answered by the kind of number it is. `formula` and `sweep`
register their kinds with `register`; ints are never slowed down by them.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from importlib import import_module
from math import gcd, prod
from typing import Any, NoReturn, Protocol, TypeAlias

from convcalc.errors import SpecError

Size: TypeAlias = int
"""For the type checker a size is an int; symbols and arrays behave like one."""

Truth: TypeAlias = bool
"""The answer to a question about sizes; for symbols and arrays not always one yes or no."""

MOST_SIZE = 10**12


class Kind(Protocol):
    """A kind of number that sizes may be, beside int."""

    def product(self, values: Sequence[Any]) -> Any: ...
    def divide(self, dividend: Any, divisor: Any) -> Any: ...
    def quotient(self, dividend: Any, divisor: Any) -> Any: ...
    def floor(self, dividend: Any, divisor: Any) -> Any: ...
    def equal(self, one: Any, other: Any) -> Any: ...
    def at_most(self, one: Any, other: Any) -> Any: ...
    def divides(self, divisor: Any, dividend: Any) -> Any: ...
    def largest(self, values: Sequence[Any]) -> Any: ...
    def common(self, one: Any, other: Any) -> Any: ...
    def decide(self, truth: Any, question: str) -> bool: ...
    def require(self, truth: Any, error: Callable[[], SpecError]) -> None: ...
    def one(self, value: Any, purpose: str) -> Any: ...
    def each(self, function: Callable[..., Any], values: Sequence[Any]) -> Any: ...
    def whole(self, value: Any, least: int) -> Any: ...
    def positive(self, value: Any) -> Any: ...
    def exact(self, value: Any) -> Any: ...
    def domain(self, values: Sequence[Any]) -> AbstractContextManager[Any]: ...


class Undecided(Exception):  # noqa: N818 - it is no fault of anyone's
    """What the structure depends on differs between the `values` of an array; `question` says what.

    No `SpecError`: a sweep catches it, parts the points and tries again.
    """

    def __init__(self, values: Any, question: str) -> None:
        super().__init__(values, question)
        self.values = values
        self.question = question


_kinds: list[tuple[type, Kind]] = []


def register(numbers: type, kind: Kind) -> None:
    """Let values (sizes and answers) of the type `numbers` be treated as `kind` does."""
    _kinds.append((numbers, kind))
    _known.clear()


_known: dict[type, Kind | None] = {}


def kind_of(type_: type) -> Kind | None:
    """The registered kind for values of this type; None for a plain Python number."""
    if type_ not in _known:
        _known[type_] = next((k for numbers, k in _kinds if issubclass(type_, numbers)), None)
    return _known[type_]


# What numbers of other packages have → the room that registers them when it is first needed.
_ROOMS = {"__array__": "convcalc.sweep.arrays", "free_symbols": "convcalc.formula.symbols"}


def size_of(value: Any) -> Any:
    """A value from Python as one that sizes can be: arrays and symbols become known here."""
    for mark, room in _ROOMS.items():
        if hasattr(value, mark):
            return import_module(room).size_of(value)
    return value


def _kind(*values: Any) -> Kind | None:
    for value in values:
        if type(value) is not int and (kind := kind_of(type(value))):
            return kind
    return None


def whole(value: Any, least: int) -> Size:
    """`value` as a size from `least` to 10¹². Raises `ValueError`."""
    if type(value) is int:
        if least <= value <= MOST_SIZE:
            return value
    elif kind := kind_of(type(value)):
        return kind.whole(value, least)  # type: ignore[no-any-return]
    raise ValueError


def positive(value: Any) -> Any:
    """`value`, a symbol or an array, as a number above zero. Raises `ValueError`."""
    kind = _kind(value)
    if kind is None:
        raise ValueError
    return kind.positive(value)


def exact(value: Any) -> Any:
    """A symbol or an array as simply as it can be told. Raises `SpecError` if it is too large."""
    kind = _kind(value)
    return kind.exact(value) if kind else value


def domain(values: Iterable[Any]) -> AbstractContextManager[Any]:
    """Within it, what is required of symbols or arrays among `values` is written down.

    It gives None for plain numbers, else an object that says for which of the `values` all of it
    `exists`, whether sizes are `ordered`, and how totals are told (`spread`).
    """
    values = tuple(values)
    kind = _kind(*values)
    if kind and any(kind_of(type(value)) not in (kind, None) for value in values):
        raise SpecError("settings are symbols or arrays, not both at once")
    return kind.domain(values) if kind else nullcontext()


def is_one(value: Size) -> bool:
    """Whether `value` is plainly the number 1 (a symbol or an array isn't)."""
    return type(value) is int and value == 1


def is_exotic(value: object) -> bool:
    """Whether `value` is a symbol or an array rather than a Python value."""
    return kind_of(type(value)) is not None


def product(values: Sequence[Size]) -> Size:
    """The product of sizes."""
    kind = _kind(*values)
    return kind.product(values) if kind else prod(values)


def divide(dividend: Any, divisor: Any) -> Any:
    """dividend / divisor exactly, a fraction where it isn't whole."""
    kind = _kind(dividend, divisor)
    return kind.divide(dividend, divisor) if kind else Fraction(dividend) / divisor


def quotient(dividend: Size, divisor: Size) -> Size:
    """dividend / divisor, where it has been required that it divides."""
    kind = _kind(dividend, divisor)
    return kind.quotient(dividend, divisor) if kind else dividend // divisor


def floor_quotient(dividend: Size, divisor: Size) -> Size:
    """⌊dividend / divisor⌋."""
    kind = _kind(dividend, divisor)
    return kind.floor(dividend, divisor) if kind else dividend // divisor


def ceil_quotient(dividend: Size, divisor: Size) -> Size:
    """⌈dividend / divisor⌉."""
    return -floor_quotient(-dividend, divisor)


def equal(one: Size, other: Size) -> Truth:
    """one = other."""
    kind = _kind(one, other)
    return kind.equal(one, other) if kind else one == other


def at_most(one: Size, other: Size) -> Truth:
    """one ≤ other."""
    kind = _kind(one, other)
    return kind.at_most(one, other) if kind else one <= other


def divides(divisor: Size, dividend: Size) -> Truth:
    """Whether dividend / divisor is whole."""
    kind = _kind(divisor, dividend)
    return kind.divides(divisor, dividend) if kind else dividend % divisor == 0


def largest(values: Sequence[Size]) -> Size:
    """The largest of several sizes."""
    kind = _kind(*values)
    return kind.largest(values) if kind else max(values)


def smallest(values: Sequence[Size]) -> Size:
    """The least of the values."""
    return -largest([-value for value in values])


def common_divisor(one: Size, other: Size) -> Size:
    """The greatest common divisor."""
    kind = _kind(one, other)
    return kind.common(one, other) if kind else gcd(one, other)


def decide(truth: Truth, question: str) -> bool:
    """One yes or no, for what the structure depends on; `question` says what, in an error."""
    kind = _kind(truth)
    return kind.decide(truth, question) if kind else bool(truth)


def one_value(value: Any, purpose: str) -> Any:
    """`value` where only a single plain value will do, such as a repeat count."""
    kind = _kind(value)
    return kind.one(value, purpose) if kind else value


def each(function: Callable[..., Any], *values: Any) -> Any:
    """function(*values), for an array value by value."""
    kind = _kind(*values)
    return kind.each(function, values) if kind else function(*values)


def require(truth: Truth, message: Callable[[], str] | str) -> None:
    """Raise `SpecError(message)` unless `truth`; of an array the points it holds for remain."""
    if truth is True:
        return
    kind = _kind(truth)
    if kind:
        kind.require(truth, lambda: SpecError(_text(message)))
    elif not truth:
        raise SpecError(_text(message))


def _text(message: Callable[[], str] | str) -> str:
    return message if isinstance(message, str) else message()


def fail(message: str) -> NoReturn:
    """Raise `SpecError(message)`."""
    raise SpecError(message)


def require_divides(divisor: Size, dividend: Size, what: str) -> Size:
    """dividend / divisor, or an error that says `what`: 'groups 4 doesn't divide 6 channels'."""
    require(divides(divisor, dividend), what)
    return quotient(dividend, divisor)
