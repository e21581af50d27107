"""Workers for units, by dask.distributed: processes of this machine, or a running scheduler's.

A worker that dies costs the unit that it was running, which another worker runs again. Records are
taken from the workers as soon as they are finished, so the death of a worker loses no other one.
"""

from __future__ import annotations

import contextlib
import functools
import platform
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from multiprocessing import resource_tracker
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import dask
from distributed import Client, Future, LocalCluster, as_completed, get_worker

from experiments import Record, data
from experiments.engine.code import digest
from experiments.engine.journal import Unit, key
from experiments.engine.provenance import machine, versions
from experiments.engine.units import Task, Workers, threads
from lstm_variants.kernels.cpu import native

CONNECT_SECONDS = 20
POLL_SECONDS = 0.05
LOCAL = {
    "distributed.nanny.pre-spawn-environ": {
        **dask.config.get("distributed.nanny.pre-spawn-environ"),
        # Local workers would log an error each when they are ended.
        "DASK_LOGGING__DISTRIBUTED": "critical",
        # By default, dask gives freed memory back to the system at once, and glibc what is above a
        # size that depends on earlier blocks. Mapping it again for the next update can take a third
        # of a worker's time. Older versions of glibc ignore a second one above 32 MiB.
        "MALLOC_TRIM_THRESHOLD_": 1_000_000_000,
        "MALLOC_MMAP_THRESHOLD_": 32_000_000,
    },
    # A profiler of the scheduler's dashboard takes 3 % of a worker's time.
    "distributed.worker.profile.enabled": False,
    # A worker has the unit that it runs, and no other one.
    "distributed.scheduler.worker-saturation": 1.0,
}
"""Settings of dask for local workers."""


@contextlib.contextmanager
def local(name: str, jobs: int, count: int) -> Iterator[Workers]:
    """Processes of this machine, which end with this one.

    Args:
        name: The experiment whose units they run.
        jobs: The number of processes.
        count: The number of units; there are no more processes than that.
    """
    allow_open_files(100 + 20 * min(jobs, count))
    with delayed_interrupts() as received:
        with masked_interrupts(), dask.config.set(LOCAL):
            cluster = LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=min(jobs, count),
                threads_per_worker=1,
                memory_limit=0,  # by default a worker is paused or killed when it uses much memory
                dashboard_address="127.0.0.1:0",  # any free port: several runs may go on at once
                preload="experiments.engine.ignore_interrupts",
            )
            client = Client(cluster)  # type: ignore[no-untyped-call]
        try:
            yield functools.partial(completed, client, name, received)
        finally:
            client.close()  # type: ignore[no-untyped-call]
            cluster.close()


def allow_open_files(number: int) -> None:
    """Raise this process's limit of open files, where it is lower and may be raised.

    The main process has about a dozen open for each worker.
    """
    if sys.platform == "win32":
        return
    import resource

    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    allowed = number if most == unlimited else min(number, most)
    if limit != unlimited and limit < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))


@contextlib.contextmanager
def remote(name: str, address: str, count: int) -> Iterator[Workers]:
    """The workers of a running scheduler, now and later.

    Args:
        name: The experiment whose units they run.
        address: The address of the scheduler.
        count: The number of units.

    Raises:
        SystemExit: If there is no scheduler at the address, or if the connection to it is lost.
    """
    try:
        client = Client(address, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"No dask scheduler answers at {address}: {error}\n"
            "Start one with 'dask scheduler', which prints its address: tcp://HOST:8786"
        ) from error
    with delayed_interrupts() as received, client:
        if not client.scheduler_info()["workers"]:
            print(
                f"The scheduler at {address} has no workers yet; the {count} units wait for some:\n"
                f"  dask worker {address} --nthreads 1 --memory-limit 0"
            )
        try:
            yield functools.partial(completed, client, name, received)
        except CancelledError as error:
            raise SystemExit(
                f"The connection to the scheduler at {address} is lost. Start scheduler and "
                "workers again, then the same command without --fresh: it continues with the next "
                "unit."
            ) from error


@contextlib.contextmanager
def delayed_interrupts() -> Iterator[list[int]]:
    """Delay Ctrl-C to the end of a block, which is given the list of the signals received so far.

    A cluster that is interrupted while it starts or ends leaves workers behind. An exception that
    is raised during garbage collection is discarded by Python, and dask has callbacks there. The
    third Ctrl-C is not delayed. If the block raises an error, that is the one that is raised.
    """
    received: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not (is_main and callable(before)):  # ignored, for example in the background of a shell
        yield received
        return

    def receive(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 2:
            before(number, frame)

    signal.signal(signal.SIGINT, receive)
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, before)
    if received:
        raise KeyboardInterrupt


@contextlib.contextmanager
def masked_interrupts() -> Iterator[None]:
    """Start processes that never receive the terminal's Ctrl-C, where there are signal masks.

    A worker that receives it before it can ignore it ends, and a cluster may then wait forever. A
    process inherits the mask of the thread that starts it, and a thread inherits that of the thread
    that creates it: the cluster's thread keeps the mask, for workers that it starts later.
    """
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # starting it later would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Request(NamedTuple):
    """What a worker needs to have or to know.

    Attributes:
        name: The name of the experiment.
        digest: The digest of its code in the main process.
        kernels: Whether the main process has the CPU kernels.
        versions: Its versions of libraries.
        folder: The folder with data sets, if one is named.
    """

    name: str
    digest: str
    kernels: bool
    versions: dict[str, str]
    folder: str | None


def completed(
    client: Client, name: str, interrupts: list[int], task: Task, units: Sequence[Unit]
) -> Iterator[Record]:
    """Run units of an experiment on the workers of a client, and give records as they finish.

    It stops when there are interrupts in the list. If a unit fails, those under way by then are
    finished and given, and the others are cancelled, before the error is raised.
    """
    kernels = native.unavailable_reason() is None
    request = Request(name, digest(name), kernels, versions(machine()), data.folder())
    left = {client.submit(run_on_worker, request, task, u, pure=False): u for u in units}
    for future in finished(list(left), interrupts):
        unit = left.pop(future)
        if future.status == "error":
            print(f"The unit {key(*unit)} failed: {future.exception()}")
            yield from assigned(client, left, interrupts)
        yield future.result()


def finished(futures: list[Future[Record]], interrupts: list[int]) -> Iterator[Any]:
    """Futures as they finish.

    Raises:
        KeyboardInterrupt: If there are interrupts in the list, after those that are finished.
    """
    waiting: Any = as_completed(futures)  # type: ignore[no-untyped-call]
    del futures  # this frame lives on, and workers keep the results of all futures that exist
    while not waiting.is_empty():
        if interrupts:
            yield from waiting.next_batch(block=False)
            raise KeyboardInterrupt
        if waiting.has_ready():
            yield next(waiting)
        else:
            time.sleep(POLL_SECONDS)


def assigned(
    client: Client, left: dict[Future[Record], Unit], interrupts: list[int]
) -> Iterator[Record]:
    """Finish the units that were given to a worker, and cancel the others."""
    # In this order: a unit that is finished meanwhile is in the second answer.
    processing = client.processing()  # type: ignore[no-untyped-call]
    in_memory = client.who_has(list(left))  # type: ignore[no-untyped-call]
    keys = {k for of in processing.values() for k in of} | {k for k, of in in_memory.items() if of}
    running = [future for future in left if future.key in keys]
    others = [future for future in left if future.key not in keys]
    client.cancel(others)  # type: ignore[no-untyped-call]
    if running:
        print(f"Units under way that are finished first: {len(running)}")
    for future in finished(running, interrupts):
        if future.status == "finished":
            yield future.result()
        else:
            print(f"The unit {key(*left[future])} failed too: {future.exception()}")


def run_on_worker(request: Request, task: Task, unit: Unit) -> Record:
    """Run a unit on a worker that is fit for it.

    Torch counts threads for each thread of Python, so their number is set here, in the task.

    Raises:
        RuntimeError: If the worker has other code or versions of libraries, has no kernels where
            the main process has them (or the reverse), or runs several units side by side.
    """
    count = get_worker().state.nthreads
    if count != 1:
        raise RuntimeError(
            f"A worker has {count} threads, but units share the state of torch's random numbers. "
            "Start workers with --nthreads 1, as many for each machine as it has cores."
        )
    where = f"{Path(__file__).parents[2]} on {platform.node()}"
    if digest(request.name) != request.digest:
        raise RuntimeError(
            f"The code in {where} differs from that of the main process, or did when the worker "
            "was started. Bring it to the same state, and restart the workers."
        )
    if (here := versions(machine())) != request.versions:
        raise RuntimeError(
            f"The libraries in {where} are {here}, those of the main process {request.versions}: "
            "results would differ. Install the same versions."
        )
    if (native.unavailable_reason() is None) != request.kernels:
        raise RuntimeError(
            f"The CPU kernels are {'not ' if request.kernels else ''}available in {where}, but "
            f"{'' if request.kernels else 'not '}in the main process: results would differ. "
            f"{native.unavailable_reason() or ''}"
        )
    # Without a folder of the main process, that of the worker's own environment, if it names one.
    with data.read_from(request.folder or data.folder()), threads(1):
        return task(*unit)
