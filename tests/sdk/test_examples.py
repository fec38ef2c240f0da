"""The examples in the docstrings of exported classes.

pytest finds examples by the module that a class names as its own; the methods of these classes are defined
in another one, so they are found here.
"""

from __future__ import annotations

import doctest
from typing import Final

import pytest

import vxdata.sdk

CLASSES: Final = [
    found for name in vxdata.sdk.__all__ if isinstance(found := getattr(vxdata.sdk, name), type)
]

EXAMPLES: Final = [
    example
    for found in CLASSES
    for example in doctest.DocTestFinder(exclude_empty=True).find(
        found, found.__name__, module=False, globs=vars(vxdata.sdk)
    )
    if example.examples
]


def test_are_found() -> None:
    names = {example.name for example in EXAMPLES}
    assert {"Aggregation.alias", "FieldRef", "Predicate", "Storage.download", "Storage.materialize"} <= names


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_run(example: doctest.DocTest) -> None:
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    results = doctest.DocTestRunner(optionflags=options).run(example, clear_globs=False)
    assert results.failed == 0
    assert results.attempted == len([one for one in example.examples if doctest.SKIP not in one.options])
