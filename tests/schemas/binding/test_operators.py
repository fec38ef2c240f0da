"""Every operator can be bound."""

from __future__ import annotations

from typing import get_args

from vxdata.schemas.binding import hashes, scalar, sets
from vxdata.schemas.binding.bind import BINDERS
from vxdata.schemas.plan import Predicate


def test_every_condition_has_one_binder() -> None:
    assert set(BINDERS) == set(get_args(get_args(Predicate)[0]))
    assert len(BINDERS) == len(scalar.BINDERS) + len(sets.BINDERS) + len(hashes.BINDERS)


def test_what_reads_other_rows_is_bound_apart() -> None:
    assert {kind for kind in BINDERS if kind.reads_other_rows} == set(sets.BINDERS)
