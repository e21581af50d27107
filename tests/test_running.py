"""Units of an experiment: side by side, continued after a kill, nothing lost or done twice."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments import counting
from experiments.running import DIVERGED, Journal, one, run_units, single_thread

ROOT = Path(__file__).parent.parent
SMALL = ("--hidden", "3", "--longest", "5", "--words", "100", "--epochs", "4", "--farthest", "50")
SMALL += ("--traced", "4", "--seeds", "3", "--jobs", "1")


def start(folder, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "experiments.counting", *SMALL, "--out", str(folder), *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def children(pid):
    """Processes that a process has started, on Linux."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_alive(pid):
    """Whether a process runs; one that nobody has buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def finish(process):
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    return said


def lines(journal):
    return [json.loads(line) for line in journal.read_text().splitlines()]


def without_time(record):
    return {k: v for k, v in record.items() if k != "seconds"}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at Linux's processes")
def test_a_killed_run_is_continued(tmp_path):
    process = start(tmp_path / "killed")
    deadline = time.monotonic() + 100
    found = []
    while len(found) < 3:
        assert time.monotonic() < deadline, "no unit was finished"
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.02)
        found = list((tmp_path / "killed").glob(".counting-*.jsonl"))
        found = found and [line for line in found[0].read_text().splitlines() if "case" in line]
    workers = children(process.pid)
    assert workers
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while any(map(is_alive, workers)):
        assert time.monotonic() < deadline, "workers outlive the run"
        time.sleep(0.05)
    [journal] = (tmp_path / "killed").glob(".counting-*.jsonl")
    before = [entry for entry in lines(journal) if "case" in entry]
    assert 3 <= len(before) < 18
    with journal.open("a") as file:
        file.write('{"case": {"language"')  # torn

    said = finish(start(tmp_path / "killed"))
    assert f"continuing: {len(before)} finished units" in said
    result = json.loads((tmp_path / "killed" / "counting.json").read_text())
    assert len(result["records"]) == 18
    assert [run["command"] for run in result["earlier_runs"]] == [result["command"]]
    for record in before:
        assert record in result["records"]  # with its seconds: it was not run again
    assert not journal.exists()

    # Records are those of a run that was never stopped: the last ones of each part, here again.
    config = counting.Config(**result["config"] | {"hidden": tuple(result["config"]["hidden"])})
    last = [r for r in result["records"] if r not in before][-1]
    with single_thread():
        for record in (before[-1], last):
            again = one(counting.run, config, record["case"], record["seed"])
            assert without_time(again) == without_time(record)


def test_a_journal_of_other_settings_is_left_alone(tmp_path):
    small, large = counting.EXPERIMENT.smoke, counting.Config()
    Journal(tmp_path, "counting", small, fresh=False).add({"case": {}, "seed": 0})
    assert Journal(tmp_path, "counting", large, fresh=False).records == []
    assert Journal(tmp_path, "counting", small, fresh=False).records == [{"case": {}, "seed": 0}]
    assert Journal(tmp_path, "counting", small, fresh=True).records == []


def test_what_other_code_finished_is_run_again(tmp_path, monkeypatch):
    config = counting.EXPERIMENT.smoke
    Journal(tmp_path, "counting", config, fresh=False).add({"case": {}, "seed": 0})
    monkeypatch.setattr("experiments.running.sources", lambda: "edited and not committed")
    assert Journal(tmp_path, "counting", config, fresh=False).records == []


def test_only_runs_that_finished_a_unit_are_continued(tmp_path):
    def journal():
        return Journal(tmp_path, "counting", counting.EXPERIMENT.smoke, fresh=False)

    journal()
    journal().add({"case": {}, "seed": 0})
    journal()
    last = journal()
    assert len(last.runs) == 1
    assert last.records == [{"case": {}, "seed": 0}]


def test_a_diverged_unit_does_not_stop_the_run():
    def run(config, seed):
        return {"loss": math.nan, "norms": [[1, math.inf]], "solved": False}

    assert one(run, None, {}, 3) | {"seconds": 0} == {
        "case": {},
        "seed": 3,
        "loss": DIVERGED,
        "norms": [[1, DIVERGED]],
        "solved": False,
        "seconds": 0,
    }


def sleep_and_fail(config, seed):
    time.sleep(0.2)
    if seed == 3:
        raise RuntimeError("seed 3 fails")
    return {"value": seed}


def test_what_others_finish_is_not_lost_if_a_unit_fails(tmp_path):
    config = counting.EXPERIMENT.smoke
    journal = Journal(tmp_path, "failing", config, fresh=False)
    units = [({}, seed) for seed in range(20)]
    with pytest.raises(RuntimeError, match="seed 3 fails"):
        run_units("failing", sleep_and_fail, config, units, 2, journal)
    kept = Journal(tmp_path, "failing", config, fresh=False).records
    values = {record["value"] for record in kept}
    assert {0, 1, 2} <= values < set(range(20)) - {3}


def test_results_of_other_settings_are_not_written_over_the_published():
    with pytest.raises(SystemExit, match="--out DIR"):
        counting.EXPERIMENT.main(["--seeds", "1"])
    with pytest.raises(SystemExit, match="--out DIR"):
        counting.EXPERIMENT.main(["--epochs", "1"])


@pytest.mark.parametrize("option", ["--seeds", "--jobs"])
def test_nothing_to_run_is_refused(option):
    with pytest.raises(SystemExit, match="should be 1 or more"):
        counting.EXPERIMENT.main([option, "0"])


@pytest.mark.parametrize("jobs", [0, 1])
def test_a_failing_unit_stops_the_run(tmp_path, jobs):
    config = counting.Config(hidden=(3,), words=2, epochs=1, batch=0)
    with pytest.raises(RuntimeError):
        counting.EXPERIMENT.execute(config, 1, tmp_path, jobs=jobs)
    assert not (tmp_path / "counting.json").exists()
