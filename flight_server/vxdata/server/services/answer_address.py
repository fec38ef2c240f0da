"""What an address of an answer names: a plan whose instant, columns and order of rows are fixed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vxdata.schemas.errors import AnswerNotFound
from vxdata.schemas.plan.predicates import MAX_ROWS
from vxdata.server.identities.signatures import SignedAddress

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from vxdata.schemas.plan import Plan
    from vxdata.server.call import Call
    from vxdata.server.formats.known import Format


@dataclass(frozen=True)
class FixedAnswer:
    """An answer that has an address.

    Args:
        digest: Digest of the plan.
        plan: The plan, with its instant and its columns.
        arrow_schema: Schema of the rows.
    """

    digest: str
    plan: Plan
    arrow_schema: pa.Schema


@dataclass(frozen=True)
class Address:
    """An address, as a caller has written it.

    Args:
        digest: Digest of a plan.
        form: The format.
        expires: Seconds of Unix time until which its signature holds; None without one.
        signer: Who has signed it; None without a signature, or where nobody is asked who they are.
        signature: Its signature; None without one.
    """

    digest: str
    form: Format
    expires: int | None = None
    signer: str | None = None
    signature: str | None = None

    @property
    def path(self) -> str:
        """What is signed."""
        return f"{self.digest}.{self.form.name}"

    @property
    def signed(self) -> SignedAddress | None:
        """The address with its signature; None if it states nothing of one."""
        if (self.expires, self.signer, self.signature) == (None, None, None):
            return None
        return SignedAddress(self.path, self.expires or 0, self.signer or "", self.signature or "")


def plan_key(digest_of_plan: str, call: Call) -> str:
    """Tell under which key the database keeps a plan that was given an address.

    Args:
        digest_of_plan: Digest of the plan, as addresses state it.
        call: The call.

    Returns:
        The digest; for a caller from whom resources are hidden, one of it and of what is seen. So nobody
        finds what was registered by those who see something else.
    """
    view = call.principal.grants.view
    if not view:
        return digest_of_plan
    return hashlib.blake2b(f"{digest_of_plan} {view}".encode(), digest_size=16).hexdigest()


def unknown(address: Address) -> AnswerNotFound:
    """Make the error of an address that was never given, or is forgotten.

    Args:
        address: The address.

    Returns:
        The error.
    """
    msg = (
        f"No answer has the address {address.path}: it was never given, or forgotten because nobody used it. "
        "POST /v1/answers with the same question and instant gives it again."
    )
    return AnswerNotFound(msg, digest=address.digest)


def with_columns(plan: Plan, names: Iterable[str]) -> Plan:
    """State the columns of a plan: a type that gets another field must not change the answer.

    Args:
        plan: The plan.
        names: The columns of its result.

    Returns:
        The plan, as it is if it states them already.
    """
    if plan.select is not None or plan.group_by is not None:
        return plan
    return plan.model_copy(update={"select": tuple(names)})


def in_whole_order(plan: Plan) -> Plan:
    """Have the rows of a plan come in one order whenever it is run.

    Args:
        plan: The plan.

    Returns:
        The plan; without an order, with a limit that no result reaches, for which rows are ordered by the key
        of their relation, or by all their columns.
    """
    if plan.order_by or plan.limit is not None or plan.offset:
        return plan
    return plan.model_copy(update={"limit": MAX_ROWS})
