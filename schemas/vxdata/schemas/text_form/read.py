"""Texts as plans and conditions: what Python would make of them, without running them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vxdata.schemas.errors import VxDataError
from vxdata.schemas.notation.predicates import Predicate
from vxdata.schemas.plan import Plan
from vxdata.schemas.text_form.evaluate import Evaluator
from vxdata.schemas.text_form.mistakes import Place, mistake, placed
from vxdata.schemas.text_form.parse import parse
from vxdata.schemas.text_form.words import TextClient, TextQuery

if TYPE_CHECKING:
    from vxdata.schemas.catalog import Catalog
    from vxdata.schemas.plan import Predicate as PredicateNode


def read_filter(text: str, catalog: Catalog, relation: str) -> PredicateNode | None:
    """Read a condition as `filter` takes it.

    Args:
        text: One condition, or several between commas, which must all hold.
        catalog: What it may name.
        relation: The relation whose rows it is asked of.

    Returns:
        The condition, with the words of the vocabularies; None for a text of spaces.

    Raises:
        QuerySyntaxError: The text cannot be read; its details name line, column and a hint.
        UnknownResourceType: The catalog does not have the relation.
        UnknownField: A condition names fields that the relation does not have.
        FieldTypeMismatch: A value or an operator does not fit its field.
        InvalidPlan: The condition is beyond a limit.

    Example:
        >>> from vxdata.schemas.catalog import default_catalog
        >>> read_filter("F.image_plane == 'axial'", default_catalog(), "volume")
        Comparison(field='image_plane', key=None, part=None, op='==', value='transversal')
    """
    query = TextQuery(catalog, Plan(relation=catalog.relation(relation).name))
    values, places = _values(text, catalog)
    for value, place in zip(values, places, strict=True):
        if not isinstance(value, Predicate):
            msg = f"{value!r:.80} is no predicate"
            raise mistake(msg, place, 'A condition is written as in F.volume_type == "T2".')
        try:
            query = query.filter(value)
        except VxDataError as error:
            placed(error, place)
            raise
    return query.plan.where


def read_query(text: str, catalog: Catalog) -> Plan:
    """Read a whole query.

    Args:
        text: A chain of calls such as ``client.volumes.query().limit(3)``, over any number of lines.
        catalog: What it may name.

    Returns:
        The plan.

    Raises:
        QuerySyntaxError: The text cannot be read; its details name line, column and a hint.
        InvalidRequest: A step refuses what it is given, as the client would.

    Example:
        >>> from vxdata.schemas.catalog import default_catalog
        >>> read_query("client.volumes.query().limit(3)", default_catalog()).limit
        3
    """
    values, places = _values(text, catalog)
    example = "A query is written as in client.volumes.query().limit(10)."
    if len(values) != 1:
        what = (
            "the text holds no query"
            if not values
            else f"the text holds {len(values):,} values, not one query"
        )
        raise mistake(what, places[1] if len(values) > 1 else Place(), example)
    found = values[0]
    if not isinstance(found, TextQuery):
        raise mistake(f"{found!r:.80} is no query", places[0], example)
    return found.plan


def _values(text: str, catalog: Catalog) -> tuple[list[Any], list[Place]]:
    nodes, source = parse(text)
    evaluator = Evaluator(TextClient(catalog), source)
    return [evaluator.value(node) for node in nodes], [source.place(node) for node in nodes]
