"""Cohorts: immutable builders of questions for subjects or files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from vxdata.schemas.cohorts import Linked, SetOperation
from vxdata.schemas.cohorts.model import ENDPOINTS, EXTERNAL_REFERENCE
from vxdata.schemas.cohorts.plan import MAX_SETS
from vxdata.schemas.errors import InvalidPlan, RelationshipNotFound
from vxdata.schemas.notation.arguments import unpacked
from vxdata.schemas.notation.window import least_limit, only_offset
from vxdata.sdk._cohorts.columns import ColumnRef
from vxdata.sdk._cohorts.conditions import COMBINE, Condition, no_condition
from vxdata.sdk._cohorts.readable import ReadableCohort
from vxdata.sdk._cohorts.texts import read_filter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    import polars as pl

    from vxdata.schemas.cohorts.plan import Entities
    from vxdata.sdk._cohorts.conditions import Term

    Operation = Literal["union", "intersection", "difference"]

SUBJECT, FILE = ENDPOINTS


class Cohort(ReadableCohort):
    """A query for subjects or files of a catalog; nothing is sent until it is collected.

    Start with ``catalog.subjects`` or ``catalog.files``. Every step returns a new cohort, and checks names
    and types of values at once. The rows have the columns of the subjects or files themselves, those that
    conditions name, and those that are added. Columns of other tables are lists of distinct values; the
    columns of a nested table are one list of records.

    Cohorts can be combined as sets: ``a | b`` holds the entities of either, ``a & b`` those of both, and
    ``a - b`` those that are in the first but not in the second.
    """

    __slots__ = ()

    def filter(self, *conditions: Condition | Iterable[Condition]) -> Self:
        """Keep the entities that meet every condition.

        Conditions of several calls count as if they had been given together: one file must meet all those on
        files.

        Args:
            *conditions: Conditions made with `C`, or one list of them.

        Returns:
            The narrower cohort.

        Raises:
            ColumnNotFound: No column has the name; the nearest are named.
            AmbiguousNegation: A negation on a column of another table does not say which rows count.
            FilterTypeMismatch: Operator, value and column do not fit.
            NullNotFilterable: Nothing tells which entities have no value of the column.
            InvalidPlan: A match cannot say the conditions together, or the cohort has a limit or an offset.
            TypeError: An argument is no condition.
        """
        every: tuple[Term, ...] = ()
        some: tuple[Term, ...] = ()
        for condition in unpacked(conditions):
            if not isinstance(condition, Condition):
                raise no_condition(condition)
            if condition.some and (some or self._match.match_some):
                msg = f"Only one condition of a cohort may ask for one of several; {condition!r}. {COMBINE}"
                raise InvalidPlan(msg)
            every, some = every + condition.every, some + condition.some
        return self._matching("filter", every, some)

    def match_some(self, *conditions: Condition | Iterable[Condition]) -> Self:
        """Keep the entities that meet at least one of several conditions, and also all those of `filter`.

        Args:
            *conditions: Conditions made with `C`, or one list of them. Further calls add alternatives.

        Returns:
            The narrower cohort.

        Raises:
            ColumnNotFound: No column has the name; the nearest are named.
            AmbiguousNegation: A negation on a column of another table does not say which rows count.
            FilterTypeMismatch: Operator, value and column do not fit.
            NullNotFilterable: Nothing tells which entities have no value of the column.
            InvalidPlan: A condition combines several with `&`, or the cohort has a limit or an offset.
            TypeError: An argument is no condition.
        """
        either = Condition(())
        for condition in unpacked(conditions):
            either |= condition
        return self._matching("match_some", (), either.some)

    def filter_text(self, *filters: str, some: Iterable[str] = ()) -> Self:
        """Keep the entities that meet filters written in the language of cdapython.

        As there, a text that begins or ends with ``*`` after ``=`` or ``!=`` is a pattern, and null tests
        whether there is any value. A negation is met if some row meets it.

        Args:
            *filters: Filters that must all be met, such as ``"diagnosis = glio*"`` or
                ``"1950 <= year_of_birth < 1960"``; cdapython's ``match_all``.
            some: Filters of which at least one must be met; cdapython's ``match_any``.

        Returns:
            The narrower cohort.

        Raises:
            FilterSyntaxError: A text is not a valid filter.
            ColumnNotFound: No column has the name; the nearest are named.
            FilterTypeMismatch: Operator, value and column do not fit.
            NullNotFilterable: Nothing tells which entities have no value of the column.
            InvalidPlan: The cohort has a limit or an offset.
            TypeError: An argument is no text.
        """
        either = (some,) if isinstance(some, str) else tuple(some)
        return self._matching(
            "filter_text", tuple(map(read_filter, filters)), tuple(map(read_filter, either))
        )

    def add(self, *columns: str | ColumnRef | Iterable[str | ColumnRef]) -> Self:
        """Show further columns; the entities stay the same.

        Args:
            *columns: Public names, references such as ``C.sex``, or ``"table.*"`` for all visible columns of
                a table; or one list of them.

        Returns:
            The cohort with more columns.

        Raises:
            ColumnNotFound: No column has the name; the nearest are named.
            TableNotFound: No table has the name; the nearest are named.
            TypeError: An argument is no name and no reference.
        """
        names = self._source.checked_columns(_names("add", columns))
        return self._with(add=_merged(self._plan.add, names))

    def exclude(self, *columns: str | ColumnRef | Iterable[str | ColumnRef]) -> Self:
        """Leave out columns, even if conditions or `add` name them.

        Args:
            *columns: As those of `add`.

        Returns:
            The cohort with fewer columns.

        Raises:
            ColumnNotFound: No column has the name; the nearest are named.
            TableNotFound: No table has the name; the nearest are named.
            TypeError: An argument is no name and no reference.
        """
        names = self._source.checked_columns(_names("exclude", columns))
        return self._with(exclude=_merged(self._plan.exclude, names))

    def nest(self, *tables: str) -> Self:
        """Show rows of other tables as lists of records, one for each row, with their nulls.

        Args:
            *tables: The tables. Those of which no column is shown yet are added whole. Without any, all
                tables of which columns are shown are nested.

        Returns:
            The cohort with columns such as ``observation_columns``, which are null where there is no row.

        Raises:
            TableNotFound: No table of this name belongs to such entities; the nearest are named.
        """
        if not tables:
            return self._with(nest=True)
        names = self._source.checked_tables(_names("nest", tables), self._plan.endpoint)
        return self._with(nest=_nested(self._plan.nest, names))

    def add_external_references(self) -> Self:
        """Show what other databases say of subjects, as a list of records.

        Returns:
            The cohort with the column ``external_reference_columns``.

        Raises:
            RelationshipNotFound: The entities are files.
        """
        if self._plan.endpoint != SUBJECT:
            raise RelationshipNotFound.between(self._plan.endpoint, EXTERNAL_REFERENCE)
        return self._with(external_reference=True)

    def limit(self, entities: int) -> Self:
        """Fetch at most a number of entities: the first by their key.

        Args:
            entities: Their number, at least 0; of several limits the smallest counts.

        Returns:
            The narrower cohort.

        Raises:
            InvalidPlan: It is no whole number, or out of range.
        """
        return self._with(limit=least_limit(self._plan.limit, entities))

    def offset(self, entities: int) -> Self:
        """Skip a number of entities, before a limit applies, in whatever order both are given.

        Args:
            entities: Their number, at least 0.

        Returns:
            The cohort of what follows them.

        Raises:
            InvalidPlan: It is no whole number, or out of range; or there is an offset already.
        """
        return self._with(offset=only_offset(self._plan.offset, entities, self._noun, self._counted))

    def head(self, entities: int = 5) -> pl.DataFrame:
        """Fetch the first entities only.

        Args:
            entities: Their number, at least 0.

        Returns:
            The frame.

        Raises:
            InvalidPlan: It is no whole number, or out of range.
            InvalidRequest: The server refuses the plan.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        return self.limit(entities).collect()

    def files(self) -> Self:
        """The files of these subjects.

        Returns:
            A cohort of files, which shows the columns of files.

        Raises:
            InvalidPlan: These are files, or the cohort has a limit or an offset.
        """
        return self._linked(FILE)

    def subjects(self) -> Self:
        """The subjects of these files.

        Returns:
            A cohort of subjects, which shows the columns of subjects.

        Raises:
            InvalidPlan: These are subjects, or the cohort has a limit or an offset.
        """
        return self._linked(SUBJECT)

    def __and__(self, other: Self) -> Self:
        """The entities of both cohorts, with the columns that either shows."""
        return self._together("intersection", other)

    def __or__(self, other: Self) -> Self:
        """The entities of either cohort, with the columns that either shows."""
        return self._together("union", other)

    def __sub__(self, other: Self) -> Self:
        """The entities of this cohort that are not in the other one, with the columns that either shows."""
        return self._together("difference", other)

    def _linked(self, endpoint: str) -> Self:
        if self._plan.endpoint == endpoint:
            msg = f"This is a cohort of {endpoint}s already: {self!r:.200}."
            raise InvalidPlan(msg, endpoint=endpoint)
        self._require_whole(f"{endpoint}s")
        linked = Linked.model_construct(of=self._plan.entities)
        plan = self._plan.model_copy(
            update={
                "endpoint": endpoint,
                "entities": linked,
                "add": (),
                "exclude": (),
                "nest": False,
                "external_reference": False,
            }
        )
        return type(self)(self._source, plan, linked)

    def _together(self, op: Operation, other: object) -> Self:
        """An operation on sets; equal ones in a row become one."""
        if not isinstance(other, Cohort):
            msg = f"&, | and - join cohorts, and {other!r:.80} is none; filter takes conditions."
            raise TypeError(msg)
        mine, theirs = self._plan, other._plan  # noqa: SLF001 - the same class
        if (mine.catalog, mine.endpoint) != (theirs.catalog, theirs.endpoint):
            msg = (
                f"{mine.endpoint}s of {mine.catalog} and {theirs.endpoint}s of {theirs.catalog} have nothing "
                "in common. Take .files() of subjects, or .subjects() of files, first."
            )
            raise InvalidPlan(msg)
        for each in (self, other):
            each._require_whole("An operation on sets")  # noqa: SLF001 - the same class
        entities = _joined(op, mine.entities, theirs.entities)
        plan = mine.model_copy(
            update={
                "entities": entities,
                "add": _merged(mine.add, theirs.add),
                "exclude": _merged(mine.exclude, theirs.exclude),
                "nest": _nested(mine.nest, theirs.nest),
                "external_reference": mine.external_reference or theirs.external_reference,
            }
        )
        return type(self)(self._source, plan, entities)

    def _matching(self, step: str, every: tuple[Term, ...], some: tuple[Term, ...]) -> Self:
        """Add conditions to the match of this cohort."""
        if not every and not some:
            return self
        self._require_whole(step)
        endpoint, match = self._plan.endpoint, self._match
        changed = match.model_copy(
            update={
                "match_all": match.match_all + self._source.checked(every, endpoint),
                "match_some": match.match_some + self._source.checked(some, endpoint),
            }
        )
        entities = changed if self._base is None else _joined("intersection", self._base, changed)
        return type(self)(
            self._source, self._plan.model_copy(update={"entities": entities}), self._base, changed
        )

    def _require_whole(self, step: str) -> None:
        if self._plan.limit is not None or self._plan.offset:
            msg = (
                f"{step} comes too late: it would be done before limit and offset. Write it before them, or "
                "do it with Polars after collect."
            )
            raise InvalidPlan(msg, step=step)

    def _with(self, **changes: object) -> Self:
        return type(self)(self._source, self._plan.model_copy(update=changes), self._base, self._match)


def _joined(op: Operation, first: Entities, second: Entities) -> SetOperation:
    """An operation on two sets, without nesting where one of them is the same operation."""
    parts: list[Entities] = []
    for place, each in enumerate((first, second)):
        is_same = isinstance(each, SetOperation) and each.op == op and (op != "difference" or not place)
        parts += each.of if isinstance(each, SetOperation) and is_same else (each,)
    if len(parts) > MAX_SETS:
        msg = f"{len(parts):,} cohorts are joined; at most {MAX_SETS:,} are allowed."
        raise InvalidPlan(msg, cohorts=len(parts), limit=MAX_SETS)
    return SetOperation(op=op, of=tuple(parts))


def _merged(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _nested(first: bool | tuple[str, ...], second: bool | tuple[str, ...]) -> bool | tuple[str, ...]:  # noqa: FBT001 - as plans have it
    """What either nests."""
    if first is True or second is True:
        return True
    return _merged(first or (), second or ()) or False


def _names(step: str, given: tuple[object, ...]) -> tuple[str, ...]:
    """Take columns by name or reference."""
    names = []
    for each in unpacked(given):
        if not isinstance(each, str | ColumnRef):
            msg = f"{step} takes names such as 'sex', not {each!r:.80}."
            raise TypeError(msg)
        names.append(each.name if isinstance(each, ColumnRef) else str.__str__(each))
    return tuple(names)
