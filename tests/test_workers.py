"""Workers by dask.distributed: local processes, and those of a running scheduler."""

import functools
import itertools
import os
import platform
import time

import dask
import pytest
import torch
from distributed import KilledWorker, LocalCluster

from experiments.counting.run import EXPERIMENT
from experiments.engine import cluster, code, command
from experiments.engine.journal import Journal
from experiments.engine.units import run_unit, run_units

pytestmark = pytest.mark.xdist_group("workers")
NAME = "counting"
GATES = code.FOLDER / "gates" / "run.py"
ANY_PORT = "127.0.0.1:0"
UNITS = [({}, seed) for seed in range(20)]


def sleep_and_fail(config, seed):
    time.sleep(0.2)
    if seed == 3:
        raise RuntimeError("seed 3 fails")
    return {"value": seed}


def surroundings(config, seed):
    torch.manual_seed(seed)
    return {
        "threads": torch.get_num_threads(),
        "data": os.environ.get("LSTM_VARIANTS_DATA"),
        "process": os.getpid(),
        "value": float(torch.rand(())),
    }


def die(config, seed):
    if seed == 1:
        os._exit(1)
    return {}


def records_of(run, units=UNITS, address=None):
    task = functools.partial(run_unit, run, None)
    with cluster.remote(NAME, address) if address else cluster.local(NAME, 2) as chosen:
        return run_units(run.__name__, task, units, chosen, Journal(None, NAME, None, fresh=False))


def test_units_run_in_other_processes_with_one_thread(monkeypatch):
    monkeypatch.setenv("LSTM_VARIANTS_DATA", "/somewhere")
    records = records_of(surroundings)
    assert [record["seed"] for record in records] == [seed for _, seed in UNITS]
    assert {record["threads"] for record in records} == {1}
    assert {record["machine"]["threads"] for record in records} == {1}
    assert {record["data"] for record in records} == {"/somewhere"}
    processes = {record["process"] for record in records}
    assert len(processes) == 2
    assert os.getpid() not in processes
    values = [float(torch.manual_seed(seed) and torch.rand(())) for _, seed in UNITS]
    assert [record["value"] for record in records] == values


@pytest.fixture(scope="module")
def scheduler():
    """The address of one with two workers, whose environment allows torch two threads."""
    allowed = {"distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": 2}}
    with (
        dask.config.set(allowed),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=ANY_PORT) as running,
    ):
        yield running.scheduler_address


def test_what_others_finish_is_not_lost_if_a_unit_fails(tmp_path, scheduler):
    journal = Journal(tmp_path, NAME, EXPERIMENT.smoke, fresh=False)
    task = functools.partial(run_unit, sleep_and_fail, None)
    with (
        pytest.raises(RuntimeError, match="seed 3 fails"),
        cluster.remote(NAME, scheduler) as workers,
    ):
        run_units("failing", task, UNITS, workers, journal)
    kept = Journal(tmp_path, NAME, EXPERIMENT.smoke, fresh=False).records
    values = {record["value"] for record in kept}
    assert {0, 1, 2} <= values < set(range(20)) - {3}
    assert len(values) < 12  # no unit is begun after the failure


def test_a_unit_that_kills_every_worker_stops_the_run():
    few = {"distributed.scheduler.allowed-failures": 1}
    with dask.config.set(few), pytest.raises(KilledWorker, match="workers died while"):
        records_of(die, UNITS[:4])


def test_workers_with_other_code_are_not_used(monkeypatch, scheduler):
    monkeypatch.setattr(cluster, "digest", lambda name: "edited")
    message = rf"on {platform.node()} differs.*restart the workers"
    with pytest.raises(RuntimeError, match=message):
        records_of(surroundings, address=scheduler)


def test_a_running_scheduler_runs_units(scheduler, tmp_path, capsys):
    command.main(
        EXPERIMENT,
        ["--smoke", "--scheduler", scheduler, "--out", str(tmp_path)],
    )
    assert "tcp://" not in (tmp_path / "counting" / "record.json").read_text()
    assert "has no workers yet" not in capsys.readouterr().out
    # It is still there, for the next run.
    records = records_of(surroundings, UNITS[:2], scheduler)
    assert os.getpid() not in {record["process"] for record in records}
    assert {record["threads"] for record in records} == {1}


def test_two_runs_on_one_scheduler_do_not_share_units(scheduler):
    remote = functools.partial(cluster.remote, NAME, scheduler)
    with remote() as first, remote() as second:
        tasks = [functools.partial(run_unit, run, None) for run in (surroundings, sleep_and_fail)]
        units = UNITS[:2]
        mixed = itertools.zip_longest(first(tasks[0], units), second(tasks[1], units))
        records = [record for pair in mixed for record in pair]
    assert sum("process" in record for record in records) == 2
    assert sorted(record["value"] for record in records if "process" not in record) == [0, 1]


def test_workers_that_would_share_the_random_numbers_are_not_used():
    running = LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=ANY_PORT)
    with running, pytest.raises(RuntimeError, match="--nthreads 1"):
        records_of(surroundings, UNITS[:2], running.scheduler_address)


def test_a_scheduler_without_workers_is_waited_for(capsys):
    with LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=ANY_PORT) as empty:
        with cluster.remote(NAME, empty.scheduler_address) as workers:
            assert "has no workers yet" in capsys.readouterr().out
            empty.scale(1)
            task = functools.partial(run_unit, sleep_and_fail, None)
            [record] = workers(task, UNITS[:1])
        assert record["value"] == 0


def test_an_address_without_a_scheduler_is_an_error(monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://"):
        with pytest.raises(SystemExit, match="No dask scheduler answers at"):
            records_of(surroundings, UNITS[:1], address)


def test_code_that_records_depend_on_is_found():
    names = {path.relative_to(code.FOLDER).as_posix() for path in code.imported_from(GATES)}
    assert {"gates/run.py", "timing/batches.py", "timing/run.py", "engine/units.py"} <= names
    assert not {"gates/results.py", "gates/figure.py", "adding/run.py"} & names
    assert code.digest("gates") != code.digest("counting")
