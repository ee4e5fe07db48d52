"""Fully connected layer: linear, on a flat vector."""

from convcalc.cost import Arithmetic, Cost, Factor, Term, one_less, term
from convcalc.operators.operator import COUNT, FLAG, Operator, Window, setting
from convcalc.shapes import Shape, show
from convcalc.sizes import Size, fail


class Linear(Operator):
    """Each output is the sum of the products of all inputs with a weight each."""

    name = "linear"
    out_features: Size = setting(COUNT)
    bias: bool = setting(FLAG, True)

    def output(self, *inputs: Shape) -> Shape:
        (shape,) = inputs
        if len(shape) != 1:
            fail(f"linear needs a flat vector, not {show(shape)}: flatten first, or use a 1×1 conv")
        return (self.out_features,)

    def weights(self, shape: Shape) -> tuple[Term, Term]:
        """The weights of one output, and how many outputs there are."""
        self.output(shape)
        one_output = term(Factor(shape[0], "input features"))
        return one_output, term(Factor(self.out_features, "output features"))

    def parameters(self, *inputs: Shape) -> Cost:
        one_output, outputs = self.weights(inputs[0])
        weights = Term((*one_output, *outputs))
        return Cost(weights, outputs) if self.bias else Cost(weights)

    def arithmetic(self, *inputs: Shape) -> Arithmetic:
        one_output, outputs = self.weights(inputs[0])
        products = Cost(Term((*one_output, *outputs)))
        sums = Term((one_less("products per output", one_output), *outputs))
        additions = Cost(sums, outputs) if self.bias else Cost(sums)
        return Arithmetic(multiplications=products, additions=additions, macs=products)

    def window(self, rank: int) -> Window | None:
        return None
