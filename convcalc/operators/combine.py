"""Operators with branches: add, multiply, concat and side.

Their inputs are the outputs of the branches, in written order.
"""

from convcalc.cost import Arithmetic, Cost, Term, elements_of
from convcalc.operators.operator import Operator
from convcalc.shapes import Shape, broadcast, show
from convcalc.sizes import equal, fail, require


class _Pairwise(Operator):
    """Combines its branches elementwise, one after the other; sizes of one broadcast."""

    def output(self, *inputs: Shape) -> Shape:
        return self.results(inputs)[-1]

    def results(self, inputs: tuple[Shape, ...]) -> list[Shape]:
        """The first branch, then what combining it with each further branch makes."""
        if not inputs:
            fail(f"{self.name} needs a branch")
        results = [inputs[0]]
        for other in inputs[1:]:
            message = f"can't {self.name} {show(results[-1])} and {show(other)}"
            results.append(broadcast(results[-1], other, message))
        return results

    def operations(self, inputs: tuple[Shape, ...]) -> Cost:
        """One operation per element of each result."""
        return Cost(*(Term(elements_of("output", r)) for r in self.results(inputs)[1:]))


class Add(_Pairwise):
    """The sum of its branches, element by element; sizes of one broadcast."""

    name = "add"

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return Arithmetic(additions=self.operations(inputs))


class Multiply(_Pairwise):
    """The product of its branches, element by element; sizes of one broadcast."""

    name = "multiply"

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        return Arithmetic(multiplications=self.operations(inputs))


class Concat(Operator):
    """The channels of its branches, one branch after the other."""

    name = "concat"

    def output(self, *inputs: Shape) -> Shape:
        if not inputs:
            fail("concat needs a branch")
        first, *others = inputs
        for other in others:
            message = f"can't concat {show(first)} and {show(other)}: only channels may differ"
            if len(other) != len(first):
                fail(message)
            for one, size in zip(first[1:], other[1:], strict=True):
                require(equal(one, size), message)
        return (sum(shape[0] for shape in inputs), *first[1:])


class Side(Operator):
    """Counts its branches and passes the current value on (auxiliary heads)."""

    name = "side"
    is_view = True
