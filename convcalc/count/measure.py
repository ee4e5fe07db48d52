"""An operator and the shapes it is fed → what it costs."""

from functools import lru_cache
from typing import NamedTuple

from convcalc.cost import FREE, Arithmetic, Cost, Term, elements_of
from convcalc.operators.operator import Operator
from convcalc.shapes import Shape, elements
from convcalc.sizes import Size


class Measure(NamedTuple):
    """The costs of an operator on inputs of given shapes, whoever's the weights are."""

    params: Cost
    buffers: Cost
    arithmetic: Arithmetic
    activations: Cost
    values: tuple[Size, ...]
    moved: Size


def measure_anew(operator: Operator, inputs: tuple[Shape, ...], output: Shape) -> Measure:
    """What an operator costs on inputs of these shapes, which need not be plain numbers."""
    params = operator.parameters(*inputs)
    buffers = operator.buffers(*inputs)
    arithmetic = operator.arithmetic(*inputs)
    activations = FREE if operator.is_view else Cost(Term(elements_of("output", output)))
    *operations, macs = [cost.value for cost in arithmetic]
    counted = (params.value, buffers.value, *operations, macs, sum(operations), activations.value)
    moved: Size = 0
    if not operator.is_view:
        read = sum([elements(shape) for shape in inputs])
        moved = read + activations.value + params.value + buffers.value
    return Measure(params, buffers, arithmetic, activations, counted, moved)


@lru_cache(maxsize=8192)
def measure(operator: Operator, inputs: tuple[Shape, ...], output: Shape) -> Measure:
    """The same; equal operators on equal plain shapes are measured once."""
    return measure_anew(operator, inputs, output)
