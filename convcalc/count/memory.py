"""Network → the elements that must be held while each layer runs, in the order written."""

from convcalc.graph.network import INPUT, Network
from convcalc.shapes import elements
from convcalc.sizes import Size


def held(network: Network) -> list[Size]:
    """For every layer: its inputs, its output and the values still needed later, in elements.

    A view holds no elements of its own, and keeps what it looks at alive.
    """
    roots = _roots(network)
    last = _last_uses(network, roots)
    sizes = {index: elements(layer.output_shape) for index, layer in enumerate(network.layers)}
    sizes[INPUT] = elements(network.input)
    live = sizes[INPUT] if INPUT in last else 0
    ends: dict[int, list[int]] = {}
    for root, use in last.items():
        ends.setdefault(use, []).append(root)
    found = []
    for index, layer in enumerate(network.layers):
        own = 0 if layer.operator.is_view else sizes[index]
        live = live + own
        found.append(live)
        if index not in last:  # nobody reads it
            live = live - own
        for root in ends.get(index, ()):
            live = live - sizes[root]
    return found


def _roots(network: Network) -> dict[int, int]:
    """The value each value's elements belong to: itself, but of a view its input's."""
    roots = {INPUT: INPUT}
    for index, layer in enumerate(network.layers):
        roots[index] = roots[layer.inputs[0]] if layer.operator.is_view else index
    return roots


def _last_uses(network: Network, roots: dict[int, int]) -> dict[int, int]:
    """The last layer that reads each value; the result is needed beyond all layers."""
    last: dict[int, int] = {}
    for index, layer in enumerate(network.layers):
        for read in layer.inputs:
            last[roots[read]] = index
    last[roots[network.result]] = len(network.layers)
    return last
