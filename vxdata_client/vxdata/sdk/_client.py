"""The client: the entry point of the SDK."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Self

from vxdata.schemas.catalog import default_catalog
from vxdata.schemas.catalog.builtin import COMMIT
from vxdata.schemas.errors import InvalidRequest
from vxdata.schemas.notation.show_names import show_namespace
from vxdata.schemas.plan import Plan
from vxdata.schemas.wire import Action, Health
from vxdata.sdk._namespaces_generated import TypedNamespaces
from vxdata.sdk._queries.query import Query
from vxdata.sdk._queries.result import resolve_snapshot
from vxdata.sdk._resources.lineage import Lineage
from vxdata.sdk._resources.namespace import Namespace, Resources
from vxdata.sdk._resources.registration import RegistrableNamespace
from vxdata.sdk._session import Session
from vxdata.sdk._snapshot import instant_of
from vxdata.sdk._transport.address import address_of
from vxdata.sdk._transport.credentials import credentials_of
from vxdata.sdk._transport.flight import FlightTransport
from vxdata.sdk._transport.retry import RETRY_LIMIT

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TypeVar

    import polars as pl

    from vxdata.schemas.models import ResourceCreate, ResourceResponse, ResourceUpdate
    from vxdata.sdk._cohorts.remote_catalog import RemoteCatalog
    from vxdata.sdk._snapshot import AsOf, Snapshot
    from vxdata.sdk._storage import Storage, StorageOptions
    from vxdata.sdk._transport.base import Transport
    from vxdata.sdk._transport.compression import Wanted
    from vxdata.sdk._transport.tls import TLS
    from vxdata.sdk._transport.token_sources import GivenToken

    N = TypeVar("N", bound=Namespace[Any, Any, Any, Any])

URL_VARIABLE: Final = "VXDATA_URL"
"""Environment variable with the server's address."""

DEFAULT_URL: Final = "grpc://127.0.0.1:8815"


class Client(TypedNamespaces):
    """A connection to a VxData server, with one namespace for each payload type.

    Args:
        base_url: The server's address, such as ``grpc://127.0.0.1:8815``. By default the environment
            variable ``VXDATA_URL``, and without it the default port on this machine.
        timestamp: Default instant of reads: a date or instant as text or object, or the snapshot of an
            earlier read. If None, each read sees the last commit.
        timeout: Seconds that one call may take; no limit by default, since pulls can take long.
        storage: How files in S3 are reached; by default as the environment says.
        retry_seconds: Seconds for which calls are retried while the server cannot be reached: it may be
            restarting. Writes are retried as well as reads, since they carry an idempotency key. 0 for no
            retries.
        compression: How tables are compressed on the network: ``"zstd"``, ``"lz4"``, or None for not at all.
            By default with Zstandard, unless the server is on this machine.
        token: The bearer token that identifies the caller, or a function that fetches one. The function is
            called before the first call, and again when the server refuses the token that it has returned;
            it may run in another thread. By default the token is taken from ``VXDATA_TOKEN``, from the file
            that ``VXDATA_TOKEN_FILE`` names, or from the credentials file of the server's address.
        insecure: Whether the token may be sent to another machine without encryption.
        tls: The authorities to trust, and the certificate to present, at a ``grpc+tls://`` address. By
            default the files that ``VXDATA_CA_FILE``, ``VXDATA_CERTIFICATE_FILE`` and ``VXDATA_KEY_FILE``
            name; without these, the authorities of the system and no certificate.
        transport: A replacement for Arrow Flight, such as `MemoryTransport` in tests. It has its own address,
            timeout, compression, token and TLS, so none of them can be given together with it.

    Raises:
        InvalidRequest: The scheme of the address is not one of Arrow Flight, the codec is unknown, or an
            argument is given that belongs to the transport.
        UnusableCredentials: The token is malformed, or would be sent without encryption.

    Example:
        >>> Client("grpc+tls://data.example.org:8815", token=lambda: "fetched when it is needed")
        Client('grpc+tls://data.example.org:8815')
    """

    def __init__(  # noqa: PLR0913 - the options of a connection, each of which has a default
        self,
        base_url: str | None = None,
        *,
        timestamp: AsOf | None = None,
        timeout: float | None = None,
        storage: StorageOptions | None = None,
        retry_seconds: float = RETRY_LIMIT,
        compression: Wanted = "auto",
        token: GivenToken = None,
        insecure: bool = False,
        tls: TLS | None = None,
        transport: Transport | None = None,
    ) -> None:
        """Prepare the connection; it is made at the first call."""
        as_of = None if timestamp is None else instant_of(timestamp)
        if transport is None:
            self.base_url = base_url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
            credentials = credentials_of(address_of(self.base_url), token, insecure=insecure)
            transport = FlightTransport(self.base_url, timeout, compression, retry_seconds, credentials, tls)
        elif (base_url, timeout, compression, token, tls) == (
            None,
            None,
            "auto",
            None,
            None,
        ) and not insecure:
            self.base_url = type(transport).__name__
        else:
            msg = "A transport has its own address, timeout, compression, token and TLS; give them to it."
            raise InvalidRequest(msg)
        self._session = Session(transport, default_catalog(), as_of, storage)

    @property
    def resources(self) -> Resources:
        """Resources of all types together."""
        return Resources(self._session)

    @property
    def lineage(self) -> Lineage:
        """The ancestors and descendants of resources."""
        return Lineage(self._session)

    @property
    def storage(self) -> Storage:
        """Files and frames in S3."""
        return self._session.storage

    def namespace(self, resource_type: str) -> Namespace[ResourceCreate, ResourceUpdate, ResourceResponse]:
        """The namespace of a resource type by its prefix, also of one that a deployment has added.

        Args:
            resource_type: Identifier prefix such as ``"volume"``.

        Returns:
            The namespace, without the static types that the named ones have.

        Raises:
            UnknownResourceType: No such type is registered.
        """
        return Namespace(self._session, self._session.registry.get(resource_type))

    def now(self) -> Snapshot:
        """The last commit, as a snapshot: whatever is read as of it reads the same for ever.

        Returns:
            The instant and sequence number of the last commit.
        """
        return resolve_snapshot(self._session.transport, None)

    def commits(self) -> Query:
        """Start a query over the commit log: what each commit did, and what its caller said of itself.

        Returns:
            A query that reads all commits, to be narrowed.
        """
        return Query(self._session, Plan(relation=COMMIT))

    def catalog(self, name: str) -> RemoteCatalog:
        """A database that the server reflects under a name: its tables, columns, values and cohorts.

        Args:
            name: Name of the catalog.

        Returns:
            The catalog, as the server knows it now.

        Raises:
            UnknownCatalog: The server has none of this name.
            ServiceProblem: The server, or the database, cannot be reached.
        """
        from vxdata.sdk._cohorts.remote_catalog import RemoteCatalog  # noqa: PLC0415 - for those who use it

        return RemoteCatalog.named(self._session.transport, name)

    def catalogs(self) -> pl.DataFrame:
        """List the catalogs of the server.

        Returns:
            A frame with name, whether it has been read, whether it serves cohorts, number of tables, release
            and digest of each.

        Raises:
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        from vxdata.sdk._cohorts.remote_catalog import list_catalogs  # noqa: PLC0415 - for those who use it

        return list_catalogs(self._session.transport)

    def audit(
        self, *, since: AsOf | None = None, until: AsOf | None = None, principal: str | None = None
    ) -> pl.DataFrame:
        """Read the server's audit: who has asked for what, when, from where, and what came of it.

        Args:
            since: Date or instant from which on; from the first record by default.
            until: Date or instant before which; to the last record by default.
            principal: Name of the principal; all by default.

        Returns:
            A frame with a row for each record, in the order in which they were written.

        Raises:
            AccessDenied: The caller is no administrator.
            NotAllowed: The server keeps no audit.
            ServiceProblem: The server cannot be reached or cannot answer.
        """
        from vxdata.sdk._audit import read_audit  # noqa: PLC0415 - for those who use it

        begin, end = (None if each is None else instant_of(each) for each in (since, until))
        return read_audit(self._session.transport, begin, end, principal)

    def health(self) -> Health:
        """Ask the server for its health.

        Returns:
            Its version and last commit.

        Raises:
            ServiceProblem: It cannot be reached, or cannot answer.
        """
        return Health.model_validate_json(self._session.transport.act(Action.HEALTH))

    def close(self) -> None:
        """Close the connections."""
        self._session.storage.close()
        self._session.transport.close()

    def __enter__(self) -> Self:
        """Use the client as a context manager."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def _repr_html_(self) -> str:
        """Show the namespaces, and how many resources they have, in a notebook."""
        from vxdata.sdk._notebook import client_card  # noqa: PLC0415 - for notebooks alone

        as_of = self._session.as_of
        note = "Reads the last commit." if as_of is None else f"Reads as of {as_of.isoformat()}."
        namespaces = [
            (
                show_namespace(each.prefix),
                each.description,
                Query(self._session, Plan(relation=each.prefix)).count,
            )
            for each in self._session.registry
        ]
        return client_card(repr(self), note, namespaces)

    def __repr__(self) -> str:
        """Show where the client connects."""
        return f"{type(self).__name__}({self.base_url!r})"

    def _namespace(self, resource_type: str) -> Namespace[Any, Any, Any, Any]:
        return Namespace(self._session, self._session.registry.get(resource_type))

    def _registrable(self, resource_type: str) -> RegistrableNamespace[Any, Any, Any, Any]:
        return RegistrableNamespace(self._session, self._session.registry.get(resource_type))

    def _extended(self, kind: type[N], resource_type: str) -> N:
        return kind(self._session, self._session.registry.get(resource_type))
