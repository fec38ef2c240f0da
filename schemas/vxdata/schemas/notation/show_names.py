"""Names as their user writes them: of fields, keys of groups, columns and namespaces."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING, Final
from unicodedata import is_normalized

from vxdata.schemas.catalog.builtin import COMMIT, RESOURCE
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vxdata.schemas.plan import GroupKey, Part

NAMESPACES: Final = {
    RESOURCE: "resources",
    **{payload_type.prefix: payload_type.namespace for payload_type in BUILTIN_PAYLOAD_TYPES},
}
"""Relation -> the attribute of the client that reads it; types that a deployment adds have none."""


def is_python_name(name: str) -> bool:
    """Tell whether a name can stand in a program as it is; Python takes `ﬁ` for `fi`, its form NFKC.

    Example:
        >>> [is_python_name(name) for name in ("b_value", "b value", "class", "ﬁ")]
        [True, False, False, False]
    """
    return name.isidentifier() and not iskeyword(name) and is_normalized("NFKC", name)


def show_field(name: str, key: str | None = None, part: Part | None = None) -> str:
    """Write a field, or an entry or a part of it, as a reference.

    Example:
        >>> show_field("b_value"), show_field("summary_metrics", "auc"), show_field("study_date", part="year")
        ('F.b_value', "F.summary_metrics['auc']", 'F.study_date.year()')
    """
    is_attribute = is_python_name(name) and not name.startswith("_")
    entry = "" if key is None else f"[{key!r}]"
    method = "" if part is None else ".each_item()" if part == "item" else f".{part}()"
    return f"F.{name}{entry}{method}" if is_attribute else f"F[{name!r}]{entry}{method}"


def show_keys(keys: Iterable[str | GroupKey]) -> str:
    """Write the keys of groups as arguments.

    Args:
        keys: Names of fields, and what is computed of each row.

    Returns:
        The arguments; once one is a keyword argument, so are all that follow, as Python requires.

    Example:
        >>> from vxdata.schemas.plan import GroupKey
        >>> show_keys(["b_value", GroupKey(field="study_date", part="year", name="when"), "isup"])
        "'b_value', when=F.study_date.year(), isup='isup'"
    """
    shown: list[str] = []
    is_named = False
    for key in keys:
        by_itself = show_key(key)
        if is_named and not _is_named(key):
            by_itself = _named(key if isinstance(key, str) else key.name, by_itself)
        is_named = is_named or _is_named(key)
        shown.append(by_itself)
    return ", ".join(shown)


def show_key(key: str | GroupKey) -> str:
    """Write a key of groups as an argument.

    Example:
        >>> from vxdata.schemas.plan import GroupKey
        >>> show_key(GroupKey(field="study_date", part="year", name="when")), show_key("b_value")
        ('when=F.study_date.year()', "'b_value'")
    """
    if isinstance(key, str):
        return repr(key)
    bins = "" if key.width is None else show_bins(key.width, key.origin)
    shown = f"{show_field(key.field, key.key, key.part)}{bins}"
    return _named(key.name, shown) if _is_named(key) else shown


def key_name(field: str, key: str | None, part: Part | None) -> str:
    """Name the column of a computed key that its user has not named.

    Example:
        >>> key_name("study_date", None, "year")
        'study_date_year'
    """
    return "_".join(text for text in (field, key, part) if text is not None)


def bin_name(field: str, key: str | None, part: Part | None) -> str:
    """Name the column of bins that their user has not named.

    Example:
        >>> bin_name("b_value", None, None)
        'b_value_bin'
    """
    return f"{key_name(field, key, part)}_bin"


def show_bins(width: float, origin: float) -> str:
    """Write the bins of a key as the method that makes them.

    Example:
        >>> show_bins(5.0, 0.0), show_bins(0.5, -1.0)
        ('.bin(5)', '.bin(0.5, origin=-1)')
    """
    return f".bin({_number(width)}, origin={_number(origin)})" if origin else f".bin({_number(width)})"


def default_name(
    function: str,
    field: str | None,
    key: str | None = None,
    quantile: float | None = None,
    part: Part | None = None,
) -> str:
    """Name the column of an aggregate that its user has not named.

    Example:
        >>> default_name("quantile", "b_value", quantile=0.9)
        'b_value_quantile_0.9'
    """
    parts = (field, key, part, function, quantile)
    return "_".join(str(part) for part in parts if part is not None)


def show_source(resource_type: str) -> str:
    """Write where a query begins.

    Example:
        >>> show_source("volume"), show_source("robot")
        ('client.volumes.query()', "client.namespace('robot').query()")
    """
    return "client.commits()" if resource_type == COMMIT else f"{show_namespace(resource_type)}.query()"


def show_namespace(resource_type: str) -> str:
    """Write the namespace of a resource type.

    Example:
        >>> show_namespace("volume"), show_namespace("robot")
        ('client.volumes', "client.namespace('robot')")
    """
    if resource_type in NAMESPACES:
        return f"client.{NAMESPACES[resource_type]}"
    return f"client.namespace({resource_type!r})"


def _number(number: float) -> str:
    """Write a number as short as it is: whole ones without a fraction, as far as they have no exponent."""
    return repr(number).removesuffix(".0")


def _is_named(key: str | GroupKey) -> bool:
    """Whether the argument has to name its column; a whole field without a name would be a mere text."""
    if isinstance(key, str):
        return False
    if key.width is not None:
        return key.name != bin_name(key.field, key.key, key.part)
    is_whole = key.key is None and key.part is None
    return is_whole or key.name != key_name(key.field, key.key, key.part)


def _named(name: str, shown: str) -> str:
    return f"{name}={shown}" if is_python_name(name) else f"**{{{name!r}: {shown}}}"
