"""What every operator is: a frozen object whose fields are its settings, with three things to say.

A setting is declared with a converter, which turns what a spec says into the one form the
operator works with, or raises `ValueError` with what was expected instead.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple, TypeAlias

from convcalc.cost import FREE, Arithmetic, Cost
from convcalc.errors import SpecError
from convcalc.shapes import Shape
from convcalc.sizes import MOST_SIZE, equal, is_exotic, one_value, positive, whole

REQUIRED: Any = object()
"""The default of a setting that has none."""


class Setting(NamedTuple):
    """A setting's converter, its default, and what may be written, for messages and the schema."""

    convert: Callable[[Any], Any]
    default: Any
    accepts: str


class SettingError(SpecError):
    """What is wrong with one setting, whose place in the spec the caller knows."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting


class Window(NamedTuple):
    """What a layer looks at, for receptive fields; one entry, or one per axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]


class Operator:
    """An operator with its settings. Subclasses declare settings as class attributes:

    out_channels: Size = setting(COUNT)
    stride: Sizes = setting(SIZES, 1)
    """

    name: ClassVar[str]
    settings: ClassVar[dict[str, Setting]] = {}
    is_view: ClassVar[bool] = False
    """A view writes no elements: its output is its input, seen differently."""

    def __init_subclass__(cls) -> None:
        own = {k: v for k, v in vars(cls).items() if isinstance(v, Setting)}
        cls.settings = {**cls.settings, **own}
        for name in own:
            delattr(cls, name)

    def __init__(self, **settings: Any) -> None:
        fields = self.__dict__
        for name, (convert, default, accepts) in self.settings.items():
            value = settings.get(name)
            if value is None and default is not REQUIRED:
                fields[name] = default
                continue
            try:
                fields[name] = convert(value if name in settings else REQUIRED)
            except ValueError:
                if value is None:
                    raise SpecError(f"{self.name} needs the setting '{name}'") from None
                raise SettingError(
                    name, f"{name} must be {accepts}, not {written(value)}"
                ) from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"

    # What an operator says. Shapes are (channels, *spatial), without the batch.

    def output(self, *inputs: Shape) -> Shape:
        """The output's shape. Raises `SpecError` for what a framework would reject."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> Cost:
        """The learned numbers."""
        return FREE

    def buffers(self, *inputs: Shape) -> Cost:
        """Numbers kept but not learned, such as running means."""
        return FREE

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        """The operations of each kind, for one input."""
        return Arithmetic()

    def window(self, rank: int) -> Window | None:
        """What one output cell sees, of one cell by default; None where that is everything."""
        one = (1,) * rank
        return Window(one, one, one)


def written(value: object) -> str:
    """A plain value, as a spec would say it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, Fraction):
        return str(float(value))
    if isinstance(value, int):
        return str(value) if abs(value) < 10**100 else "a number of more than 100 digits"
    return "null" if value is None else str(value)


# Kinds of setting: a converter, which raises `ValueError`, and what may be written.

SettingKind: TypeAlias = tuple[Callable[[Any], Any], str]


def setting(kind: SettingKind, default: Any = REQUIRED) -> Any:
    """Declare a setting of an operator, of one of the kinds below."""
    return Setting(kind[0], default, kind[1])


def _whole(value: Any, least: int) -> Any:
    if type(value) is tuple and value and all(equal(value[0], v) is True for v in value):
        value = value[0]  # a list of equal entries equals the number
    return whole(value, least)


def _sizes(value: Any, least: int) -> Any:
    if type(value) is not tuple:
        return whole(value, least)
    if not value:
        raise ValueError
    return tuple([whole(v, least) for v in value])


def _sizes_or_null(value: Any) -> Any:
    if value is None:
        return None
    if type(value) is not tuple or all(v is not None for v in value):
        return _sizes(value, 1)
    return tuple([None if v is None else whole(v, 1) for v in value])


def _scales(value: Any) -> Any:
    if type(value) is tuple and value:
        return tuple([_scale(v) for v in value])
    return _scale(value)


def _scale(value: Any) -> Any:
    if is_exotic(value):
        return positive(value)
    if type(value) is not Fraction:
        return whole(value, 1)
    if value <= 0:
        raise ValueError
    return value


def _pads(value: Any) -> Any:
    if type(value) is tuple and any(type(pair) is tuple for pair in value):
        if not all(type(pair) is tuple and len(pair) == 2 for pair in value):
            raise ValueError
        return tuple([(whole(a, 0), whole(b, 0)) for a, b in value])
    return _sizes(value, 0)


def _padding(value: Any) -> Any:
    return value if type(value) is str and value in ("valid", "same") else _pads(value)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _number(value: Any) -> Any:
    if type(value) not in (int, Fraction) and not is_exotic(value):
        raise ValueError
    return value


def _probability(value: Any) -> Any:
    value = one_value(value, "a probability")
    if not 0 <= _number(value) <= 1:
        raise ValueError
    return value


def choice(*words: str) -> SettingKind:
    """One of these words."""

    def one_of(value: Any) -> Any:
        if type(value) is not str or value not in words:
            raise ValueError
        return value

    return one_of, " or ".join([", ".join(words[:-1]), words[-1]]) if words[1:] else words[0]


COUNT: SettingKind = (lambda value: _whole(value, 1), "a whole number from 1 to 10^12")
INDEX: SettingKind = (lambda value: whole(value, -MOST_SIZE), "a whole number")
COUNT_OR_ZERO: SettingKind = (lambda value: _whole(value, 0), "a whole number from 0 to 10^12")
SIZES: SettingKind = (
    lambda value: _sizes(value, 1),
    "a whole number from 1 to 10^12, or one per axis such as 1x7",
)
SIZES_OR_ZERO: SettingKind = (
    lambda value: _sizes(value, 0),
    "a whole number from 0 to 10^12, or one per axis",
)
SIZES_OR_NULL: SettingKind = (
    _sizes_or_null,
    "a whole number from 1 to 10^12, or one per axis, null where it stays",
)
SCALES: SettingKind = (_scales, "a number above 0, or one per axis")
PADS: SettingKind = (
    _pads,
    "a whole number from 0 to 10^12, one per axis, or a [before, after] pair per axis",
)
PADDING: SettingKind = (
    _padding,
    "a whole number from 0 to 10^12, one per axis, a [before, after] pair per axis, valid or same",
)
FLAG: SettingKind = (_flag, "true or false")
NUMBER: SettingKind = (_number, "a number")
PROBABILITY: SettingKind = (_probability, "a number from 0 to 1")
