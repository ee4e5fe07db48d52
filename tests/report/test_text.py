"""A value and its kind → what people read."""

from fractions import Fraction

import pytest

from convcalc.report.text import human, size


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (163328, "integer", "163,328"),
        (0, "integer", "0"),
        (10**15, "integer", "1,000,000,000,000,000"),
        (-12, "integer", "−12"),
        (557032, "difference", "+557,032"),
        (-557032, "difference", "−557,032"),
        (0, "difference", "0"),
        (102228128, "bytes", "102,228,128"),
        (15.33333, "number", "15.33"),
        (Fraction(1, 3), "number", "0.3333"),
        (0.00012345, "number", "0.0001234"),
        (1234567.0, "number", "1,234,567"),
        (7, "number", "7"),
        (0.1234, "share", "12.3%"),
        (1.0, "share", "100.0%"),
        (0, "share", "0.0%"),
        (0.00001, "share", "<0.1%"),
        (0.022, "change", "+2.2%"),
        (-0.5, "change", "−50.0%"),
        (0.25, "ratio", "0.250×"),
        (1, "ratio", "1.00×"),
        (12.345, "ratio", "12.3×"),
        (2.5, "seconds", "2.50 s"),
        (0.00123, "seconds", "1.23 ms"),
        (0.0000456, "seconds", "45.6 µs"),
        (0, "seconds", "0 ns"),
        ((256, 56, 56), "shape", "256×56×56"),
        ((1000,), "shape", "1000"),
        (((64, 8), (32, 8)), "shape", "64×8 + 32×8"),
        (None, "integer", "–"),
        ("three", "integer", "three"),
        ("a\x1b[31m\u202eb", "text", "a\\x1b[31m\\u202eb"),
        ("two\nlines", "path", "two\\nlines"),
        (1, "bar", "████████"),
        (0.5, "bar", "████"),
        (Fraction(1, 64), "bar", "▏"),
        (0, "bar", ""),
        (2.0, "bar", "████████"),
    ],
)
def test_a_value_reads_as(value, kind, shown):
    assert human(value, kind) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (52, "52 bytes"),
        (653312, "653.3 kB"),
        (102228128, "102.2 MB"),
        (5 * 10**9, "5.0 GB"),
        (7 * 10**13, "70,000.0 GB"),
    ],
)
def test_bytes_have_the_unit_that_suits_them(number, shown):
    assert size(number) == shown
