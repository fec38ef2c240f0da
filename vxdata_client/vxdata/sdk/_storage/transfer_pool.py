"""A pool of threads for transfers: it retries transient failures, and collects the others."""

from __future__ import annotations

import errno
import threading
import time
from typing import TYPE_CHECKING, Final, TypeVar

from vxdata.schemas.errors import (
    BlobCorrupted,
    LocalFileProblem,
    ServiceProblem,
    StorageProblem,
    TransferFailed,
    VxDataError,
)
from vxdata.sdk._storage.progress import FileProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

HOPELESS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Errors of the local disk that all further files would meet too."""

WAIT_SECONDS: Final = 1.0
"""Longest single wait: some versions of Python ignore Ctrl-C while they wait for a thread without a limit."""

TRANSFER_RETRY_SECONDS: Final = (0.1, 0.5, 2.0, 5.0)
"""Seconds to wait before each further try of a transfer."""

TRIES_AFTER_CORRUPTION: Final = 1
"""Further tries after a wrong hash: bytes that arrive damaged twice are damaged where they are stored."""


class Stopped(Exception):
    """The run was stopped. Raised within transfers, to abort them."""


class TransferPool:
    """Runs jobs in threads.

    Args:
        threads: The most threads.
        fail_fast: Whether the first failure stops all other jobs.
    """

    def __init__(self, threads: int, *, fail_fast: bool = False) -> None:
        """Prepare; threads are started by `run`."""
        self._threads = threads
        self._fail_fast = fail_fast
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._failures: list[dict[str, str]] = []
        self._not_tried: list[str] = []
        self._fault: BaseException | None = None
        self._last_sign_of_life = time.monotonic()

    def run(
        self,
        jobs: Iterable[Job],
        work: Callable[[Job, FileProgress], Outcome],
        progress: Progress | None = None,
        *,
        called: Callable[[Job], str] = str,
    ) -> dict[Job, Outcome]:
        """Run jobs, with retries.

        Args:
            jobs: The jobs.
            work: Runs one job, and reports its progress.
            progress: The progress bar, if any.
            called: Returns the name of a job in errors.

        Returns:
            The outcomes of the jobs that succeeded, in the order of `jobs`; `finish` raises for the others.
        """
        if progress is None:
            with Progress("", 0, shown=False) as silent:
                return self.run(jobs, work, silent, called=called)
        jobs = list(dict.fromkeys(jobs))
        waiting = iter(jobs)
        outcomes: dict[Job, Outcome] = {}

        def pull() -> None:
            for job in self._next(waiting):
                try:
                    outcomes[job] = self._tried(job, work, FileProgress(progress, self._check))
                except Stopped:
                    self._not_tried.append(called(job))
                except StorageProblem as problem:
                    self.fail(called(job), problem)
                except ServiceProblem as problem:  # after all retries; all other jobs need the server too
                    self._stop.set()
                    why = problem.message.removesuffix(".")
                    self.fail(called(job), TransferFailed.about(str(job), why))
                except BaseException as fault:  # noqa: BLE001 - a bug: raised again in the caller's thread
                    self._fault = fault
                    self._stop.set()

        self._in_threads(pull, min(self._threads, len(jobs)))
        self._not_tried += map(called, waiting)
        return {job: outcomes[job] for job in jobs if job in outcomes}

    def fail(self, name: str, problem: VxDataError) -> None:
        """Record a failure.

        Args:
            name: The job that failed.
            problem: Its error; if it is about several files, the first one counts.
        """
        why = problem.failures[0]["problem"] if isinstance(problem, StorageProblem) else problem.message
        if not isinstance(problem, TransferFailed):
            self._last_sign_of_life = time.monotonic()
        self._failures.append({"name": name, "code": problem.code, "problem": why})
        if self._fail_fast:
            self._stop.set()

    @property
    def is_stopped(self) -> bool:
        """Whether the remaining jobs were given up."""
        return self._stop.is_set()

    def finish(self) -> None:
        """Raise if anything failed.

        Raises:
            StorageProblem: It names everything that failed, and what was not tried after that.
        """
        if self._failures:
            raise StorageProblem.from_failures(self._failures, sorted(self._not_tried))

    def _in_threads(self, pull: Callable[[], None], count: int) -> None:
        # As daemons, they do not keep a process that is interrupted twice waiting for an answer of S3.
        ends = {
            threading.Thread(target=_until_end, args=(pull, end), daemon=True): end
            for end in [threading.Event() for _ in range(count)]
        }
        try:
            for thread in ends:
                thread.start()
            _wait_for(ends.values())
        except BaseException:  # Ctrl-C: the threads leave their transfers at the next chunk
            self._stop.set()
            _wait_for(end for thread, end in ends.items() if thread.ident is not None)
            raise
        if self._fault is not None:
            raise self._fault

    def _next(self, waiting: Iterator[Job]) -> Iterator[Job]:
        while not self._stop.is_set():
            with self._lock:
                try:
                    job = next(waiting)
                except StopIteration:
                    return
            yield job

    def _tried(
        self, job: Job, work: Callable[[Job, FileProgress], Outcome], file_progress: FileProgress
    ) -> Outcome:
        """Run a job until it succeeds, cannot succeed, or S3 does not answer any job."""
        began = time.monotonic()
        for attempt, wait in enumerate((*TRANSFER_RETRY_SECONDS, None)):
            try:
                return self._once(job, work, file_progress)
            except TransferFailed:
                if wait is None:
                    if self._last_sign_of_life < began:
                        self._stop.set()
                    raise
            except BlobCorrupted:
                if wait is None or attempt >= TRIES_AFTER_CORRUPTION:
                    raise
            if self._stop.wait(wait):
                raise Stopped
        raise AssertionError  # the last wait is None

    def _once(
        self, job: Job, work: Callable[[Job, FileProgress], Outcome], file_progress: FileProgress
    ) -> Outcome:
        try:
            outcome = work(job, file_progress)
        except OSError as error:
            file_progress.rewind()
            if isinstance(error, VxDataError):
                raise
            raise self._local_problem(job, error) from error
        except BaseException:
            file_progress.rewind()
            raise
        self._last_sign_of_life = time.monotonic()
        return outcome

    def _check(self) -> None:
        """Abort the transfer if the run was stopped. Called for every chunk, which shows that S3 is alive."""
        if self._stop.is_set():
            raise Stopped
        self._last_sign_of_life = time.monotonic()

    def _local_problem(self, job: object, error: OSError) -> LocalFileProblem:
        if error.errno in HOPELESS:
            self._stop.set()
        where = "" if error.filename is None else f" ({error.filename})"
        return LocalFileProblem.about(str(job), f"{error.strerror or error}{where}")


def _until_end(pull: Callable[[], None], end: threading.Event) -> None:
    try:
        pull()
    finally:
        end.set()


def _wait_for(ends: Iterable[threading.Event]) -> None:
    """Wait for threads; `join`, interrupted in Python 3.11, takes one that still runs for one that ended."""
    for end in ends:
        while not end.wait(WAIT_SECONDS):
            pass
