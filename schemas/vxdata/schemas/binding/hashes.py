"""Bind conditions on hashes, by which rows are divided into shards and drawn into samples.

The hash of a value is a function of its text alone, so it is the same in every engine, whatever the order of
the rows: MD5 of the text in UTF-8, with a seed and a colon before it if there is one, as 32 hexadecimal
digits. A part of all hashes is a range of such texts.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

from vxdata.schemas.binding.bound_predicates import BoundHashTest
from vxdata.schemas.binding.values import Literal, type_name
from vxdata.schemas.catalog.relation import RelationKind
from vxdata.schemas.errors import FieldTypeMismatch, InvalidPlan
from vxdata.schemas.fields import Integer, TextLike
from vxdata.schemas.plan.predicates import InSample, InShard

if TYPE_CHECKING:
    from vxdata.schemas.binding.bind import Binders, BindingScope
    from vxdata.schemas.binding.bound_predicates import Operand

DIGITS: Final = 32
"""Hexadecimal digits of a hash."""


def in_shard(predicate: InShard, scope: BindingScope) -> BoundHashTest:
    """Bind a test that the hash of a value lies in one of the equal parts of all hashes."""
    index, count = predicate.index, predicate.count
    if index >= count:
        msg = f"There is no shard {index:,} of {count:,}: the first is 0, and the last {count - 1:,}."
        raise InvalidPlan(msg, index=index, count=count)
    low, high = _end_of(Fraction(index, count)), _end_of(Fraction(index + 1, count))
    return BoundHashTest(_hashed(predicate, scope), None, low if index else None, high)


def in_sample(predicate: InSample, scope: BindingScope) -> BoundHashTest:
    """Bind a test that the hash of a value, after a seed, lies in the first part of all hashes."""
    end = _end_of(Fraction(predicate.fraction))
    return BoundHashTest(_hashed(predicate, scope), seed_of(predicate.seed), None, end)


def seed_of(seed: int) -> Literal:
    """What is put before a value that is hashed with a seed."""
    return Literal(f"{seed}:")


def require_hashable(operand: Operand) -> None:
    """Refuse what has several texts for one value.

    Raises:
        FieldTypeMismatch: It holds neither texts nor whole numbers.
    """
    if not isinstance(operand.type, TextLike | Integer):
        wanted = type_name(operand.type)
        msg = f"{operand} is of type {wanted}; rows are divided and drawn by texts and whole numbers only."
        raise FieldTypeMismatch(msg, field=str(operand), field_type=wanted)


def _end_of(share: Fraction) -> Literal | None:
    """The least hash that is not among the first ones; None if all hashes are among them."""
    return None if share == 1 else Literal(f"{int(share * 16**DIGITS):0{DIGITS}x}")


def _hashed(predicate: InShard | InSample, scope: BindingScope) -> tuple[Operand, ...]:
    """The value, and what stands for it where it is null."""
    if scope.relation.kind is RelationKind.GROUP:
        msg = f"{scope.relation.name}: groups are not divided or drawn; do that before group_by."
        raise InvalidPlan(msg, field=predicate.field)
    value = scope.operand_of(predicate)
    key = () if value.required else tuple(scope.operand(name) for name in scope.relation.key[:1])
    for operand in (value, *key):
        require_hashable(operand)
    return (value, *key)


BINDERS: Final[Binders] = {InShard: in_shard, InSample: in_sample}
"""Kind of condition -> how it is bound."""
