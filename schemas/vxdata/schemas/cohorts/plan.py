"""The nodes of a cohort: conditions, matches, operations on sets of entities, and what is shown of them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from vxdata.schemas.plan.predicates import MAX_COLUMNS, MAX_ROWS, MAX_VALUES, Node, Ordering

MAX_CONDITIONS: Final = 100_000
"""Most conditions of one match."""

MAX_SETS: Final = 100
"""Most sets that one operation joins."""

MAX_CATALOG_NAME: Final = 63
"""Most characters of the name of a catalog."""

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "like", "not like", "in", "not in", "is", "is not"]
ConditionValue = bool | int | float | str | None
Conditions = Annotated[tuple["CohortCondition", ...], Field(max_length=MAX_CONDITIONS, fail_fast=True)]
Names = Annotated[tuple[str, ...], Field(max_length=MAX_COLUMNS, fail_fast=True)]
RowCount = Annotated[int, Field(ge=0, le=MAX_ROWS)]


class SecondBound(Node):
    """The other end of a range: a second comparison that the same row has to fulfil.

    Args:
        op: How it is compared.
        value: What it is compared with.
    """

    op: Ordering
    value: int | float


class CohortCondition(Node):
    """A condition on one column, of the endpoint's table or of another one.

    Args:
        column: Public name of the column, in upper or lower case.
        op: The operator.
        value: What is compared with; several values for ``in`` and ``not in``.
        also: The other end, if the condition is a range of numbers.
        quantifier: Which rows of an entity count: ``some`` finds entities of which some row fulfils the
            condition, ``none`` those of which no row does, entities without rows among them.
    """

    column: Annotated[str, Field(min_length=1)]
    op: Operator
    value: ConditionValue | Annotated[tuple[ConditionValue, ...], Field(max_length=MAX_VALUES)] = None
    also: SecondBound | None = None
    quantifier: Literal["some", "none"] = "some"


class Match(Node):
    """The entities that fulfil conditions.

    Conditions on columns of one other entity, such as a file of a subject, have to be fulfilled by one and
    the same; conditions on rows that hang on an entity, such as observations, may each be fulfilled by
    another row.

    Args:
        match_all: Conditions that all have to be fulfilled.
        match_some: Conditions of which one at least has to be, if there are any.
    """

    kind: Literal["match"] = "match"
    match_all: Conditions = ()
    match_some: Conditions = ()

    @property
    def conditions(self) -> tuple[CohortCondition, ...]:
        """All conditions, in order."""
        return self.match_all + self.match_some


class SetOperation(Node):
    """Entities of several sets.

    Args:
        op: ``union``: of any of them. ``intersection``: of all. ``difference``: of the first and of no other.
        of: The sets.
    """

    kind: Literal["set"] = "set"
    op: Literal["union", "intersection", "difference"]
    of: Annotated[tuple[Entities, ...], Field(min_length=1, max_length=MAX_SETS)]


class Linked(Node):
    """The entities that a mapping table connects with others: files of subjects, or subjects of files.

    Args:
        of: The others, which are entities of the other endpoint.
    """

    kind: Literal["linked"] = "linked"
    of: Entities


Entities = Annotated[Match | SetOperation | Linked, Field(discriminator="kind")]


class CohortPlan(Node):
    """A question for entities, and the columns to show of them.

    Args:
        version: Version of the format.
        catalog: Name of the catalog.
        endpoint: The table of the entities: ``subject`` or ``file``.
        entities: Which of them; all by default.
        add: Columns to show besides those of the endpoint and of the conditions: public names, or
        ``table.*``.
        exclude: Columns to leave out, whatever else asks for them; in the same forms.
        nest: Tables whose rows are shown as lists of records; true for all other tables. The columns of all
            others are lists of distinct values.
        external_reference: Whether to show references to other databases.
        limit: Most entities; all by default.
        offset: Entities to leave out first.

    Example:
        >>> condition = CohortCondition(column="species", op="=", value="human")
        >>> CohortPlan(catalog="cda", endpoint="subject", entities=Match(match_all=(condition,))).limit
    """

    version: Literal[1] = 1
    catalog: Annotated[str, Field(max_length=MAX_CATALOG_NAME)]
    endpoint: str
    entities: Entities = Match()
    add: Names = ()
    exclude: Names = ()
    nest: bool | Names = False
    external_reference: bool = False
    limit: RowCount | None = None
    offset: RowCount = 0


SetOperation.model_rebuild()
Linked.model_rebuild()
