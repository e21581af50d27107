"""Workers for units, by dask.distributed: processes of this machine, or a running scheduler's.

A worker that dies costs the unit that it was running, which another worker runs again. Records are
taken from the workers as soon as they are finished, so the death of a worker loses no other one.
"""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import dask
from distributed import Client, LocalCluster, as_completed, get_worker

from experiments import Record
from experiments.data import FOLDER
from experiments.engine.code import digest
from experiments.engine.units import Task, Unit, Workers, threads

CONNECT_SECONDS = 20
QUIET = {
    **dask.config.get("distributed.nanny.pre-spawn-environ"),
    "DASK_LOGGING__DISTRIBUTED": "critical",
}
"""The environment of local workers, which otherwise log an error each when they are ended."""


@contextlib.contextmanager
def local(name: str, jobs: int) -> Iterator[Workers]:
    """Processes of this machine, which end with this one."""
    with ignored_interrupts(), dask.config.set({"distributed.nanny.pre-spawn-environ": QUIET}):
        cluster = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=jobs,
            threads_per_worker=1,
            memory_limit=0,  # by default a worker is paused or killed when it uses much memory
            dashboard_address="127.0.0.1:0",  # any free port: several runs may go on at once
        )
        client = Client(cluster)  # type: ignore[no-untyped-call]
    try:
        yield functools.partial(finished, client, name)
    finally:
        with ignored_interrupts():
            client.close()  # type: ignore[no-untyped-call]
            cluster.close()


@contextlib.contextmanager
def remote(name: str, address: str) -> Iterator[Workers]:
    """The workers of a running scheduler, now and later.

    Raises:
        SystemExit: If there is no scheduler at the address.
    """
    try:
        client = Client(address, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise SystemExit(
            f"No dask scheduler answers at {address}: {error}\n"
            "Start one with 'dask scheduler', which prints its address: tcp://HOST:8786"
        ) from error
    with client:
        if not client.scheduler_info()["workers"]:
            print(
                f"The scheduler at {address} has no workers yet; the units wait for some:\n"
                f"  python -m distributed.cli.dask_worker {address} --nthreads 1 --memory-limit 0"
            )
        yield functools.partial(finished, client, name)


@contextlib.contextmanager
def ignored_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C, as do processes that are started meanwhile.

    A cluster that is interrupted while it starts or ends leaves workers behind. Workers receive the
    terminal's Ctrl-C too; the main process ends them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Asked(NamedTuple):
    """What the main process has, and a worker needs.

    Attributes:
        name: The name of the experiment.
        digest: The digest of its code.
        folder: The folder with data sets, if one is named.
    """

    name: str
    digest: str
    folder: str | None


def finished(client: Client, name: str, task: Task, units: Sequence[Unit]) -> Iterator[Record]:
    """Run units of an experiment on the workers of a client, and give their records as they finish.

    If a unit fails, no other one is begun; those under way are finished and given before the error
    is raised.
    """
    asked = Asked(name, digest(name), os.environ.get(FOLDER))
    left = {client.submit(run_on_worker, asked, task, unit, pure=False) for unit in units}
    try:
        for future in as_completed(list(left)):  # type: ignore[no-untyped-call]
            left.remove(future)  # a worker keeps the results of all futures that exist
            yield future.result()
    except Exception as error:
        assigned = client.processing()  # type: ignore[no-untyped-call]
        begun = {key for keys in assigned.values() for key in keys}
        running = [future for future in left if future.key in begun]
        unneeded = [future for future in left if future.key not in begun]
        client.cancel(unneeded)  # type: ignore[no-untyped-call]
        print(f"A unit failed: {error}\n{len(running)} units under way are finished first.")
        for future in running:
            with contextlib.suppress(Exception):
                yield future.result()
        raise


def run_on_worker(asked: Asked, task: Task, unit: Unit) -> Record:
    """Run a unit on a worker that is fit for it.

    Torch counts threads for each thread of Python, so their number is set here, in the task.

    Args:
        asked: What the main process has.
        task: Makes the record of a unit.
        unit: The unit.

    Raises:
        RuntimeError: If the worker has other code, or runs several units side by side.
    """
    count = get_worker().state.nthreads
    if count != 1:
        raise RuntimeError(
            f"A worker has {count} threads, but units share the state of torch's random numbers. "
            "Start workers with --nthreads 1, as many for each machine as it has cores."
        )
    if digest(asked.name) != asked.digest:
        raise RuntimeError(
            f"The code in {Path(__file__).parents[2]} on {platform.node()} differs from that of "
            "the main process, or did when the worker was started. Bring it to the same state, "
            "and restart the workers."
        )
    if asked.folder is not None:
        os.environ[FOLDER] = asked.folder
    with threads(1):
        return task(*unit)
