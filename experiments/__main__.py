"""Run experiments: `python -m experiments NAME [--smoke]`, or `all` of them."""

import io
import sys

import experiments
from experiments.engine import command
from lstm_variants.names import suggestion


def usage() -> str:
    """The command line and a list of all experiments."""
    names = experiments.names()
    width = max(map(len, names)) + 2
    listed = "\n".join(f"  {name:<{width}}{experiments.title(name)}" for name in names)
    return (
        "usage: python -m experiments NAME [options]\n\n"
        f"{listed}\n"
        f"  {'all':<{width}}one after the other, each with the same options\n\n"
        "python -m experiments NAME --help lists the options of an experiment."
    )


def main(arguments: list[str]) -> None:
    """Run what the arguments name."""
    if sys.flags.optimize > 1:
        raise SystemExit("Experiments read their docstrings, which python -OO removes: use -O.")
    # Letters that a terminal cannot show are escaped: without this, the table would not be printed.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    asks_for_help = {"-h", "--help"} & set(arguments)
    if not arguments or (asks_for_help and arguments[0] in ("-h", "--help", "all")):
        print(usage())
        return
    name, *options = arguments
    if name not in (*experiments.names(), "all"):
        similar = suggestion(name, experiments.names())
        raise SystemExit(f"There is no experiment {name!r}{similar}.\n\n{usage()}")
    of_all = name == "all"
    chosen = experiments.names() if of_all else [name]
    # The options of all are checked before the first one runs.
    runs = [
        command.prepared(each, experiments.part(each, "run").EXPERIMENT, options, of_all=of_all)
        for each in chosen
    ]
    as_it_should = [run() for run in runs]  # all of them, also after one that cannot run
    if not all(as_it_should):
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
