"""Values of numpy as Python's own; numpy itself is not imported."""

from __future__ import annotations

from typing import Any

MAX_DIMENSIONS = 1


def unwrapped(value: Any) -> Any:
    """Take the Python value out of a numpy scalar, or the list out of a numpy array of one dimension.

    Args:
        value: Anything.

    Returns:
        The Python value; what is not numpy's, or would lose something (an instant in nanoseconds), as it is.

    Example:
        >>> import numpy
        >>> unwrapped(numpy.int64(3)), unwrapped(numpy.array(["a"])), unwrapped("b")
        (3, ['a'], 'b')
    """
    if type(value).__module__ != "numpy" or getattr(value, "ndim", 2) > MAX_DIMENSIONS:
        return value
    found = value.tolist()
    is_lost = type(found).__module__ == "numpy" or (value.dtype.kind in "mM" and type(found) is int)
    return value if is_lost else found
