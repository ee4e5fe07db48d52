"""The error function, which numpy hasn't: an array in, its values in double precision out.

From a table of exact values and slopes, with cubics between; exact to about ten digits.
"""

from functools import cache
from math import erf, exp, pi, sqrt

import numpy as np

_STEPS = 256
_FAR = 6
"""Beyond ±6 the error function is ±1 in double precision."""


def error_function(x: np.ndarray) -> np.ndarray:
    """2/√π times the integral of exp(−t²) from 0 to each x."""
    height, slope = _table()
    place = np.clip(np.abs(x.astype(np.float64)), 0, _FAR) * _STEPS
    cell = np.minimum(place.astype(np.int64), _FAR * _STEPS - 1)
    t = place - cell
    low, high, rise, fall = height[cell], height[cell + 1], slope[cell], slope[cell + 1]
    change = high - low
    curve = low + t * (rise + t * (3 * change - 2 * rise - fall + t * (rise + fall - 2 * change)))
    result: np.ndarray = np.copysign(curve, x)
    return result


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    points = [i / _STEPS for i in range(_FAR * _STEPS + 1)]
    slopes = [2 / sqrt(pi) * exp(-p * p) / _STEPS for p in points]
    return np.array([erf(p) for p in points]), np.array(slopes)
