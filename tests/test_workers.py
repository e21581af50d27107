"""Workers by dask.distributed: local processes, and those of a running scheduler."""

import functools
import itertools
import os
import platform
import resource
import time

import dask
import pytest
import torch
from distributed import Client, KilledWorker, LocalCluster

from experiments import data
from experiments.counting.run import EXPERIMENT
from experiments.engine import cluster, command
from experiments.engine.journal import Journal
from experiments.engine.units import run_unit, run_units
from lstm_variants.kernels.cpu import native

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("workers")]
NAME = "counting"
ANY_PORT = "127.0.0.1:0"
UNITS = [({}, seed) for seed in range(20)]


def sleep_and_fail(config, seed):
    time.sleep(0.2 if seed <= 3 else 1.0)  # time to cancel the others, on a busy machine as well
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


def update(config, seed):
    """Take and give back the memory of an update, 12 MB in blocks, a few times."""
    own = resource.RUSAGE_THREAD  # other threads of a worker import modules meanwhile
    for step in range(20):
        if step == 10:
            before = resource.getrusage(own).ru_minflt
        blocks = [torch.zeros(250_000) for _ in range(12)]
        del blocks
    return {"mapped": resource.getrusage(own).ru_minflt - before}


def die(config, seed):
    if seed == 1:
        os._exit(1)
    return {}


def fetch(config, seed):
    return {"path": str(data.fetch("JSB Chorales"))}


def run_on(run, start, units=UNITS, folder=None):
    config = EXPERIMENT.smoke
    task = functools.partial(run_unit, run, config)
    journal = Journal(folder, NAME, config, units, fresh=False)
    return run_units(run.__name__, task, units, start, journal)


def at(address):
    return functools.partial(cluster.remote, NAME, address)


TWO = functools.partial(cluster.local, NAME, 2)


def test_units_run_in_other_processes_with_one_thread(monkeypatch):
    monkeypatch.setenv("LSTM_VARIANTS_DATA", "/somewhere")
    records = run_on(surroundings, TWO)
    assert [record["seed"] for record in records] == [seed for _, seed in UNITS]
    assert {record["threads"] for record in records} == {1}
    assert {record["machine"]["threads"] for record in records} == {1}
    assert {record["data"] for record in records} == {"/somewhere"}
    processes = {record["process"] for record in records}
    assert len(processes) == 2
    assert os.getpid() not in processes
    values = [float(torch.manual_seed(seed) and torch.rand(())) for _, seed in UNITS]
    assert [record["value"] for record in records] == values


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are those of glibc")
def test_local_workers_keep_memory_for_the_next_update():
    for record in run_on(update, TWO, UNITS[:4]):
        assert record["mapped"] < 1000, "pages; all of them would be 29,000"


@pytest.fixture(scope="module")
def scheduler():
    """The address of one with two workers, whose environment allows torch two threads."""
    allowed = {"distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": 2}}
    with (
        dask.config.set(allowed),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=ANY_PORT) as running,
    ):
        yield running.scheduler_address


def test_what_others_finish_is_not_lost_if_a_unit_fails(tmp_path, scheduler, capsys):
    with pytest.raises(RuntimeError, match="seed 3 fails"):
        run_on(sleep_and_fail, at(scheduler), folder=tmp_path)
    assert "The unit [{}, 3] failed: seed 3 fails" in capsys.readouterr().out
    kept = Journal(tmp_path, NAME, EXPERIMENT.smoke, UNITS, fresh=False).records
    values = {record["value"] for record in kept.values()}
    assert {0, 1, 2} <= values < set(range(20)) - {3}
    assert len(values) < 12  # units under way are finished, and the others are cancelled


def test_workers_do_not_keep_results_that_were_taken(scheduler):
    """If a worker died, dask would compute them again."""

    def held(dask_scheduler):
        return sum(task.state == "memory" for task in dask_scheduler.tasks.values())

    with Client(scheduler) as client:
        taken = cluster.finished([client.submit(abs, k, pure=False) for k in range(6)], [])
        assert len({next(taken).result() for _ in range(5)}) == 5
        for _ in range(100):
            time.sleep(0.1)
            if (number := client.run_on_scheduler(held)) <= 1:
                break
        assert number <= 1


def test_a_unit_that_kills_every_worker_stops_the_run():
    few = {"distributed.scheduler.allowed-failures": 1}
    with dask.config.set(few), pytest.raises(KilledWorker, match="workers died while"):
        run_on(die, TWO, UNITS[:4])


def test_missing_data_on_a_worker_is_reported_once(monkeypatch):
    monkeypatch.setenv(data.FOLDER, "/nowhere")
    with pytest.raises(data.MissingDataError, match=r"no JSB_Chorales\.mat in /nowhere"):
        run_on(fetch, TWO, UNITS[:4])


@pytest.mark.parametrize(
    ("module", "name", "value", "message"),
    [
        (cluster, "digest", lambda name: "edited", f"on {platform.node()} differs.*restart the"),
        (native, "unavailable_reason", lambda: "none", "kernels are available in .* but not in"),
        (cluster, "versions", lambda _: {"torch": "0.1"}, r"process {'torch': '0.1'}: results"),
    ],
)
def test_workers_that_would_give_other_records_are_not_used(
    scheduler, monkeypatch, module, name, value, message
):
    if name == "unavailable_reason" and native.unavailable_reason():
        pytest.skip("there are no kernels on the worker either")
    monkeypatch.setattr(module, name, value)
    with pytest.raises(RuntimeError, match=message):
        run_on(surroundings, at(scheduler))


def test_a_running_scheduler_runs_units(scheduler, tmp_path, capsys, monkeypatch):
    own = os.environ.get(data.FOLDER)  # of the workers, which were started with it
    options = ["--hidden", "3", "--max-train-n", "5", "--words", "20", "--epochs", "1"]
    options += ["--max-test-n", "20", "--traced-n", "4", "--seeds", "1"]
    command.main(NAME, EXPERIMENT, [*options, "--scheduler", scheduler, "--out", str(tmp_path)])
    assert "tcp://" not in (tmp_path / "counting" / "record.json").read_text()
    assert "has no workers yet" not in capsys.readouterr().out
    # It is still there, for the next run.
    for folder in ("/somewhere", None):
        if folder:
            monkeypatch.setenv(data.FOLDER, folder)
        else:
            monkeypatch.delenv(data.FOLDER, raising=False)
        records = run_on(surroundings, at(scheduler), UNITS[:2])
        assert os.getpid() not in {record["process"] for record in records}
        assert {record["threads"] for record in records} == {1}
        assert {record["data"] for record in records} == {folder or own}


def test_two_runs_on_one_scheduler_do_not_share_units(scheduler):
    with at(scheduler)(2) as first, at(scheduler)(2) as second:
        tasks = [functools.partial(run_unit, run, None) for run in (surroundings, sleep_and_fail)]
        units = UNITS[:2]
        mixed = itertools.zip_longest(first(tasks[0], units), second(tasks[1], units))
        records = [record for pair in mixed for record in pair]
    assert sum("process" in record for record in records) == 2
    assert sorted(record["value"] for record in records if "process" not in record) == [0, 1]


def test_workers_that_would_share_the_random_numbers_are_not_used():
    running = LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=ANY_PORT)
    with running, pytest.raises(RuntimeError, match=r"--nthreads 1"):
        run_on(surroundings, at(running.scheduler_address), UNITS[:2])


def test_a_scheduler_without_workers_is_waited_for(capsys):
    with LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=ANY_PORT) as empty:
        with at(empty.scheduler_address)(1) as workers:
            assert "has no workers yet" in capsys.readouterr().out
            empty.scale(1)
            task = functools.partial(run_unit, sleep_and_fail, None)
            [record] = workers(task, UNITS[:1])
        assert record["value"] == 0


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://"])
def test_an_address_without_a_scheduler_is_an_error(monkeypatch, address):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    with pytest.raises(SystemExit, match="No dask scheduler answers at"):
        run_on(surroundings, at(address), UNITS[:1])


def test_a_lost_scheduler_is_reported():
    running = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=ANY_PORT)

    def run_and_lose_it():
        task = functools.partial(run_unit, sleep_and_fail, None)
        with at(running.scheduler_address)(len(UNITS)) as workers:
            for _ in workers(task, UNITS):
                running.close()

    with pytest.raises(SystemExit, match=r"is lost\..*the same command"):
        run_and_lose_it()
