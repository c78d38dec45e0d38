"""Runs a command, and prints what it took as one JSON object; what it says goes to stderr.

The kernel counts as the peak of a process what the one that started it held at that time. So that
one is this script, which holds nothing, and not a benchmark with pictures.

    python benchmarks/command_cost.py COMMAND ...
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def main() -> None:
    began = time.perf_counter()
    done = subprocess.run(sys.argv[1:], stdout=sys.stderr, check=False)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_rss_mib": round(used.ru_maxrss / 1024),
    }
    print(json.dumps(cost))
    raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
