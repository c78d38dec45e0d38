"""The command line: strings, progress and exit codes live in this package and nowhere else."""

from __future__ import annotations


def main() -> None:
    """Runs `covey` with the arguments of this process, and ends the process with its exit code."""
    from covey.cli.exits import run_process

    run_process()
