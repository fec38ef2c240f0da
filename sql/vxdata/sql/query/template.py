"""Statement templates: plans that differ in nothing but their values are rendered once.

Rendering takes half of a millisecond, which is what PostgreSQL takes to find a row. So a plan is rendered
with parameters, `$1` to `$n`, in the place of its values. A statement that PostgreSQL prepares is sent like
that. One that is streamed gets its values as literals, because parameters would switch the driver's COPY
streaming off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import chain, pairwise
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from sqlglot.tokenizer_core import TokenType

from vxdata.schemas.binding.values import Parameter
from vxdata.sql.dialect.postgres import POSTGRESQL
from vxdata.sql.instant import Instant
from vxdata.sql.literals import as_scalar, to_sql
from vxdata.sql.query.at_instant import names_instant
from vxdata.sql.query.compile import compile_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cachetools import _cached_wrapper_info

    from vxdata.schemas.binding import BoundPlan
    from vxdata.schemas.binding.values import Scalar
    from vxdata.sql.dialect.base import Dialect

MAX_BYTES: Final = 32 * 1024 * 1024
"""Memory of all templates that are remembered, and of their keys, roughly.

Their number would not bound it: a plan may name an entry of a mapping by a text of megabytes.
"""

KEY_BYTES: Final = 3_000
"""Memory of a template's key, beside its texts."""

MAX_VALUES: Final = 20
"""Most values in the condition of a plan that is remembered; a list of another length is another shape."""

NO_INSTANT: Final = Instant(0, datetime.min.replace(tzinfo=UTC), is_current=True)
"""Stands for every current instant in the keys of statements that name none."""


@dataclass(frozen=True)
class Template:
    """A statement with parameters.

    Args:
        text: The statement, with PostgreSQL's own `$1` to `$n`.
        pieces: The text between the parameters, before the first and after the last.
        numbers: The parameter after each piece but the last.
    """

    text: str
    pieces: tuple[str, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, text: str, dialect: Dialect = POSTGRESQL) -> Template:
        """Find the parameters of a statement, as the engine will: a text that looks like one is none.

        Args:
            text: One statement.
            dialect: The engine's, which reads it.

        Example:
            >>> Template.of("SELECT '$1' = $2").fill(["''", "'a'"])
            "SELECT '$1' = 'a'"
        """
        pieces, numbers, end = [], [], 0
        for mark, number in pairwise(dialect.tokens(text)):
            if mark.token_type is TokenType.PARAMETER and number.token_type is TokenType.NUMBER:
                pieces.append(text[end : mark.start])
                numbers.append(int(number.text))
                end = number.end + 1
        return cls(text, (*pieces, text[end:]), tuple(numbers))

    @classmethod
    def without_parameters(cls, text: str) -> Template:
        """Take a statement as it is."""
        return cls(text, (text,), ())

    def fill(self, literals: Sequence[str]) -> str:
        """Put values in the place of the parameters.

        Args:
            literals: The values as SQL, that of `$1` first.

        Returns:
            The statement.
        """
        values = [literals[number - 1] for number in self.numbers]
        return "".join(chain.from_iterable(zip(self.pieces, values, strict=False))) + self.pieces[-1]

    @property
    def size(self) -> int:
        """Memory that it takes, with its key, roughly."""
        return 2 * len(self.text) + KEY_BYTES


@dataclass(frozen=True)
class Statement:
    """A template and the values of its parameters.

    Args:
        template: The template.
        literals: The values as SQL, that of `$1` first.
    """

    template: Template
    literals: tuple[str, ...] = ()

    @cached_property
    def sql(self) -> str:
        """The statement with its values in it."""
        return self.template.fill(self.literals)


@dataclass(frozen=True)
class Shape:
    """The key of a template: all of a bound plan but its values.

    Args:
        plan: The plan with parameters in its condition, and without `as_of`.
        instant: The instant to read at; `NO_INSTANT` where the statement names none.
        dialect: The dialect of the engine.
    """

    plan: BoundPlan
    instant: Instant
    dialect: Dialect

    @classmethod
    def of(cls, plan: BoundPlan, instant: Instant, dialect: Dialect) -> Shape:
        """Leave out what no statement of the plan names."""
        plan = plan if plan.as_of is None else replace(plan, as_of=None)
        if instant.is_current and not names_instant(plan.reads):
            return cls(plan, NO_INSTANT, dialect)
        return cls(plan, replace(instant, version=0), dialect)

    def __hash__(self) -> int:
        """Hash by what tells most plans apart: to hash every column would take longer than all else."""
        plan, columns = self.plan, self.plan.outputs
        return hash((plan.relation.name, plan.where, plan.limit, len(columns), self.instant.as_of))


class _Sized(Protocol):
    @property
    def size(self) -> int:
        """Memory that it takes, with its key, roughly."""


Made = TypeVar("Made", bound=_Sized)

_KNOWN: Final[LRUCache[object, _Sized]] = LRUCache(MAX_BYTES, getsizeof=lambda made: made.size)
_LOCK: Final = Lock()


class _ManyLiterals(Exception):
    """A condition has more literals than a template has parameters."""


def remembered(make: Callable[[Shape], Made]) -> _cached_wrapper_info[Made]:
    """Remember what a function makes of a shape, together with all other templates within `MAX_BYTES`."""
    return cached(_KNOWN, partial(hashkey, make.__qualname__), _LOCK, info=True)(make)


def statement_of(plan: BoundPlan, instant: Instant, dialect: Dialect = POSTGRESQL) -> Statement:
    """Write a plan as one statement, from memory where one of its shape was written before.

    Args:
        plan: A bound plan.
        instant: The instant to read at, resolved in the snapshot that will run the statement.
        dialect: The dialect of the engine.

    Returns:
        A statement whose `sql` is what `compile_plan` gives.
    """
    values: list[Scalar] = []

    def parameter(value: Scalar) -> Parameter:
        values.append(value)
        return Parameter(len(values))

    def one_of_few(value: Scalar) -> Parameter:
        if len(values) == MAX_VALUES:
            raise _ManyLiterals
        return parameter(value)

    try:
        where = None if plan.where is None else plan.where.map_literals(one_of_few)
        having = None if plan.having is None else plan.having.map_literals(one_of_few)
    except _ManyLiterals:
        return Statement(Template.without_parameters(compile_plan(plan, instant, dialect)))
    # How many rows are wanted does not matter for the form, but whether a number is stated.
    limit = None if plan.limit is None else parameter(as_scalar(plan.limit))
    offset = parameter(as_scalar(plan.offset)) if plan.offset else 0
    form = (
        replace(plan, where=where, having=having, limit=limit, offset=offset, as_of=None) if values else plan
    )
    return Statement(
        _template(Shape.of(form, instant, dialect)), tuple(dialect.render(to_sql(value)) for value in values)
    )


@remembered
def _template(shape: Shape) -> Template:
    return Template.of(compile_plan(shape.plan, shape.instant, shape.dialect), shape.dialect)
