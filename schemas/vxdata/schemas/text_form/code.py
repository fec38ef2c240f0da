"""Plans as complete programs: for the SDK, for the older client, and for curl."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from vxdata.schemas.notation.show_query import show_steps
from vxdata.schemas.payloads import BUILTIN_PAYLOAD_TYPES
from vxdata.schemas.plan import encode
from vxdata.schemas.text_form.write import WHOLE

if TYPE_CHECKING:
    from vxdata.schemas.plan import Plan

SDK_WORDS: Final = (
    "ALL",
    "ANY",
    "COUNT",
    "MAX",
    "MEAN",
    "MIN",
    "F",
    "count",
    "has_ancestor",
    "has_descendant",
)
"""What a script imports besides the client."""

OLDER_WORDS: Final = frozenset({"ALL", "ANY", "F", "count", "has_ancestor"})
"""What of it `vxp_client` offers."""

TEXTS: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
"""Texts as `repr` writes them."""

NAMES: Final = {payload_type.prefix: payload_type.name for payload_type in BUILTIN_PAYLOAD_TYPES}
"""Prefix -> the name under which `vxp_client` reads the type."""

ONE_LINE: Final = 90
"""Longest query that stands on one line."""


def as_sdk_code(plan: Plan, url: str | None = None) -> str:
    """Write a plan as a program that uses `vxdata.sdk`.

    Args:
        plan: The plan.
        url: Address of the server, such as ``grpc://host:8815``; if None, the client finds it.

    Returns:
        The program; it collects the rows into a frame.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> print(as_sdk_code(Plan(relation="volume", limit=3), "grpc://host:8815"))
        from vxdata.sdk import Client
        <BLANKLINE>
        client = Client('grpc://host:8815')
        frame = client.volumes.query().limit(3).collect()
        <BLANKLINE>
    """
    steps = show_steps(plan, WHOLE)
    imports = _imported("vxdata.sdk", ["Client", *_used(steps)])
    return f"{imports}\nclient = Client({_address(url)})\n{_collected(steps)}"


def as_vxp_client_code(plan: Plan, url: str | None = None) -> str:
    """Write a plan as a program that uses `vxp_client`.

    Args:
        plan: The plan.
        url: Address of the server, such as ``grpc://host:8815``; if None, the client finds it.

    Returns:
        The program; what the older package lacks is imported from `vxdata.sdk`.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> print(as_vxp_client_code(Plan(relation="volume", limit=3)))
        from vxp_client import PlatformClient
        <BLANKLINE>
        client = PlatformClient()
        frame = client.query('Volume').limit(3).collect()
        <BLANKLINE>
    """
    source, *steps = show_steps(plan, WHOLE)
    if plan.relation in NAMES:
        source = f"client.query({NAMES[plan.relation]!r})"
    used = _used(steps)
    newer = _imported("vxdata.sdk", [word for word in used if word not in OLDER_WORDS])
    older = _imported("vxp_client", ["PlatformClient", *(word for word in used if word in OLDER_WORDS)])
    return f"{newer}{older}\nclient = PlatformClient({_address(url)})\n{_collected([source, *steps])}"


def as_curl(plan: Plan, url: str, form: str = "csv", token_variable: str | None = None) -> str:
    r"""Write a plan as a command for a shell.

    Args:
        plan: The plan.
        url: Address of the server's HTTP listener, such as ``http://host:8816``.
        form: Format of the answer.
        token_variable: Name of the environment variable with the caller's token; None to send no token.

    Returns:
        The command; it writes the answer to a file.

    Example:
        >>> from vxdata.schemas.plan import Plan
        >>> print(as_curl(Plan(relation="volume", limit=3), "http://host:8816"))
        curl --fail --silent --show-error 'http://host:8816/v1/query?format=csv' \
          --header 'Content-Type: application/json' \
          --data-binary '{"plan":{"limit":3,"relation":"volume","version":2}}' \
          --output volume.csv
        <BLANKLINE>
    """
    body = f'{{"plan":{encode(plan).decode()}}}'
    parts = (
        f"curl --fail --silent --show-error {shlex.quote(f'{url}/v1/query?format={form}')}",
        *([] if token_variable is None else [f'--oauth2-bearer "${token_variable}"']),
        "--header 'Content-Type: application/json'",
        f"--data-binary {shlex.quote(body)}",
        f"--output {shlex.quote(f'{plan.relation}.{form}')}",
    )
    return " \\\n  ".join(parts) + "\n"


def _used(steps: list[str]) -> list[str]:
    """The words that some steps use; what stands in texts is none."""
    bare = TEXTS.sub("''", "".join(steps))
    return [word for word in SDK_WORDS if re.search(rf"(?<![.\w]){word}\s*[.\[(]", bare)]


def _imported(module: str, words: list[str]) -> str:
    """The line that imports words, in the order in which formatters put them; nothing without words."""
    constants = sorted(word for word in words if word.isupper() and len(word) > 1)
    rest = sorted(word for word in words if word not in constants)
    return f"from {module} import {', '.join((*constants, *rest))}\n" if words else ""


def _collected(steps: list[str]) -> str:
    """The chain that reads the rows, on one line if it is short."""
    chain = "".join((*steps, ".collect()"))
    if len(chain) <= ONE_LINE:
        return f"frame = {chain}\n"
    lines = "".join(f"    {step}\n" for step in (*steps, ".collect()"))
    return f"frame = (\n{lines})\n"


def _address(url: str | None) -> str:
    return "" if url is None else repr(url)
