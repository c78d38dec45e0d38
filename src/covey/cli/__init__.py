"""The command line: strings, progress and exit codes live in this package and nowhere else."""

from __future__ import annotations


def main() -> None:
    """Runs `covey` with the arguments of this process, and ends the process with its exit code."""
    import os

    # Before OpenMP loads: where its threads spin while they wait, small steps of a training took
    # six times as long on two cores, and far longer yet where others used them, too.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from covey.cli.exits import run_process

    run_process()
