"""Units of an experiment: continued after a kill, nothing lost or done twice."""

import functools
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import DIVERGED
from experiments.counting.run import EXPERIMENT, Config
from experiments.counting.run import run as count
from experiments.data import small
from experiments.engine import cluster
from experiments.engine.experiment import execute
from experiments.engine.journal import Journal, OccupiedError, alone_in
from experiments.engine.provenance import provenance
from experiments.engine.units import run_unit, threads

pytestmark = pytest.mark.records

ROOT = Path(__file__).parent.parent
SMALL = ["--hidden", "3", "--max-train-n", "5", "--max-test-n", "50", "--traced-n", "4"]
SMALL += ["--words", "100", "--epochs", "4", "--seeds", "3", "--jobs", "1"]
UNITS = 18
on_linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's /proc")


@on_linux
def test_there_may_be_more_open_files_than_a_shell_allows():
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[0] - 10, before[1]))
        cluster.allow_open_files(before[0])
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
        cluster.allow_open_files(before[0] - 10)  # never lower
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def start(folder, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "experiments", "counting", *SMALL, "--out", str(folder), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A shell starts commands in the background with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def journal_of(folder):
    return next(folder.glob("counting/.journal-*.jsonl"), None)


def units_in(journal):
    lines = journal.read_text().splitlines() if journal else []
    return [line for line in lines if '"case"' in line and line.endswith("}")]


def wait_for_units(process, folder, count):
    deadline = time.monotonic() + 100
    while len(units_in(journal_of(folder))) < count:
        assert time.monotonic() < deadline, "no unit was finished"
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.02)


def workers_of(process):
    """The processes that run units: all that a process has started, but Python's tracker."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        listed += (task / "children").read_text().split()
    return [pid for pid in set(listed) if "spawn_main" in command_of(pid)]


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid):
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def blocks_interrupts(pid):
    [mask] = re.findall(r"^SigBlk:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    return bool(int(mask, 16) & 1 << signal.SIGINT - 1)


def wait_until_dead(pids):
    deadline = time.monotonic() + 20
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, "workers outlive the run"
        time.sleep(0.05)


def finish(process):
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, output
    return output


def without_time(record):
    return {k: v for k, v in record.items() if k not in ("seconds", "machine")}


@on_linux
@pytest.mark.slow
def test_a_killed_worker_and_a_killed_parent_lose_nothing_but_their_units(tmp_path):
    process = start(tmp_path)
    wait_for_units(process, tmp_path, 2)
    [killed] = workers_of(process)
    done = len(units_in(journal_of(tmp_path)))
    subprocess.run(["kill", "-9", killed], check=True)
    wait_for_units(process, tmp_path, done + 2)
    [worker] = workers_of(process)
    assert worker != killed
    process.kill()
    output, _ = process.communicate()
    assert "continuing" not in output
    wait_until_dead([worker])
    journal = journal_of(tmp_path)
    before = [json.loads(line) for line in units_in(journal)]
    assert done + 2 <= len(before) < UNITS
    with journal.open("a") as file:
        file.write('{"case": {"language"')  # incomplete

    output = finish(start(tmp_path))
    assert f"continuing: {len(before)} finished units" in output
    result = json.loads((tmp_path / "counting" / "record.json").read_text())
    assert len(result["records"]) == UNITS
    assert [run["command"] for run in result["earlier_runs"]] == [result["command"]]
    assert len(result["machines"]) == 1
    for record in before:
        # With its seconds: it was not run again.
        assert record | {"machine": 0} in result["records"]
    assert not journal.exists()

    # Records are those of a run that was never stopped.
    config = Config(**result["config"] | {"hidden": tuple(result["config"]["hidden"])})
    for record in (before[0], before[-1], result["records"][-1]):
        with threads(1):
            again = run_unit(count, config, record["case"], record["seed"])
        assert without_time(again) == without_time(record)


@on_linux
@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 2])
def test_one_ctrl_c_ends_a_run_and_its_workers(tmp_path, count):
    process = start(tmp_path)
    if count:
        wait_for_units(process, tmp_path, count)
    else:  # while the cluster starts
        while not workers_of(process):
            assert process.poll() is None
            time.sleep(0.01)
    workers = workers_of(process)
    assert all(map(blocks_interrupts, workers))
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert "'python -m experiments counting' continues with the next unit" in output
    assert "without --fresh" in output
    assert "Traceback" not in output
    wait_until_dead(workers)
    assert len(units_in(journal_of(tmp_path))) >= count


UNIT = ({}, 0)


def journal_in(folder, config=EXPERIMENT.smoke, units=(UNIT,), fresh=False):
    return Journal(folder, "counting", config, units, fresh=fresh)


def finish_unit(folder, seed=0):
    journal_in(folder).add({"case": {}, "seed": seed, "value": seed})


def test_a_journal_of_other_settings_is_left_alone(tmp_path):
    finish_unit(tmp_path)
    assert journal_in(tmp_path, Config()).records == {}
    assert list(journal_in(tmp_path).records) == ["[{}, 0]"]
    assert journal_in(tmp_path, fresh=True).records == {}


def test_what_other_code_finished_is_run_again(tmp_path, monkeypatch):
    finish_unit(tmp_path)
    monkeypatch.setattr("experiments.engine.journal.digest", lambda name: "edited")
    assert journal_in(tmp_path).records == {}


def test_what_was_finished_with_other_kernels_is_run_again(tmp_path, monkeypatch):
    finish_unit(tmp_path)
    here = provenance()
    other = here["machine"] | {"kernels": not here["machine"]["kernels"]}
    monkeypatch.setattr("experiments.engine.journal.provenance", lambda: here | {"machine": other})
    assert journal_in(tmp_path).records == {}
    monkeypatch.undo()
    assert list(journal_in(tmp_path).records) == ["[{}, 0]"]


def test_what_was_finished_with_other_versions_is_run_again(tmp_path, monkeypatch):
    finish_unit(tmp_path)
    monkeypatch.setattr("experiments.engine.journal.versions", lambda _: {"numpy": "0.1"})
    assert journal_in(tmp_path).records == {}


def test_generated_and_published_data_are_not_mixed(tmp_path):
    with small.in_use():
        finish_unit(tmp_path)
        assert list(journal_in(tmp_path).records) == ["[{}, 0]"]
    assert journal_in(tmp_path).records == {}


def test_damaged_lines_of_a_journal_are_left_out(tmp_path):
    finish_unit(tmp_path)
    [path] = tmp_path.glob(".journal-*")
    other = b'{"case": {}, "se\xff\xfe\n[1]\n{"case": {}}\n{}\n'
    path.write_bytes(b"5\n" + path.read_bytes() + other)
    assert list(journal_in(tmp_path).records) == ["[{}, 0]"]


def test_only_runs_that_finished_a_wanted_unit_are_continued(tmp_path):
    journal_in(tmp_path)
    finish_unit(tmp_path)
    finish_unit(tmp_path, seed=1)
    journal_in(tmp_path)
    last = journal_in(tmp_path)
    assert len(last.runs) == 1
    assert len(journal_in(tmp_path, units=[UNIT, ({}, 1)]).runs) == 2


def test_units_that_a_record_does_not_hold_stay_in_the_journal(tmp_path):
    finish_unit(tmp_path)
    finish_unit(tmp_path, seed=1)
    journal_in(tmp_path).close()
    more = journal_in(tmp_path, units=[UNIT, ({}, 1)])
    assert list(more.records) == ["[{}, 1]"]
    assert len(more.runs) == 1
    more.close()
    assert not list(tmp_path.glob(".journal-*"))


def test_two_runs_do_not_write_into_one_folder(tmp_path):
    with (
        alone_in(tmp_path),
        pytest.raises(OccupiedError, match=r"Another run writes into .*\(--out\)"),
        alone_in(tmp_path),
    ):
        pass
    with alone_in(tmp_path):
        pass


def test_a_diverged_unit_does_not_stop_the_run():
    def run(config, seed):
        return {"loss": math.nan, "norms": [[1, math.inf]], "solved": False}

    assert without_time(run_unit(run, None, {}, 3)) == {
        "case": {},
        "seed": 3,
        "loss": DIVERGED,
        "norms": [[1, DIVERGED]],
        "solved": False,
    }


def interrupt(times, survived, error=None):
    """Interrupt a block with delayed interrupts, and list what it survives."""
    with cluster.delayed_interrupts() as received:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            survived.append(list(received))
        if error:
            raise error


@pytest.fixture
def handler():
    """Sets a handler of interrupts, whatever the shell has set for the tests."""
    before = signal.getsignal(signal.SIGINT)
    yield functools.partial(signal.signal, signal.SIGINT)
    signal.signal(signal.SIGINT, before)


@on_linux
def test_interrupts_are_delayed_to_the_end_of_a_block(handler):
    handler(signal.default_int_handler)
    survived = []
    interrupt(0, survived)
    with pytest.raises(KeyboardInterrupt):
        interrupt(1, survived)
    assert survived == [[signal.SIGINT]]
    with pytest.raises(OSError, match="disk"):
        interrupt(1, survived, OSError("disk"))
    assert len(survived) == 2
    with pytest.raises(KeyboardInterrupt):
        interrupt(9, survived)
    assert len(survived) == 4
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@on_linux
def test_ignored_interrupts_stay_ignored(handler):
    handler(signal.SIG_IGN)
    with cluster.delayed_interrupts() as received:
        os.kill(os.getpid(), signal.SIGINT)
    assert received == []


def test_a_failing_unit_stops_the_run(tmp_path):
    config = Config(hidden=(3,), words=2, epochs=1, rate=-1)
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        execute("counting", EXPERIMENT, config, 1, tmp_path)
    assert not (tmp_path / "record.json").exists()


def test_the_same_case_twice_is_an_error(tmp_path):
    config = Config(hidden=(3, 3), words=2, epochs=1)
    with pytest.raises(ValueError, match="the same one twice"):
        execute("counting", EXPERIMENT, config, 1, tmp_path)


def test_a_record_that_is_not_json_names_its_unit():
    def run(config, seed):
        return {"value": object()}

    with pytest.raises(TypeError, match=r"the record of \[\{\}, 3\]"):
        run_unit(run, None, {}, 3)
