"""Many networks counted at once: arrays of settings in, arrays of totals out, through numpy.

`grid` is the number that stands for an array, `arrays` answers what is asked of sizes, `points`
walks a grid, `choose` picks points of it.
"""
