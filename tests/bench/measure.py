"""How a figure is taken: in a process of its own, with its peak memory; and how a row of the table is made."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time


@dataclass(frozen=True)
class Row:
    """One line of the report; `passed` is None where there is no bar."""

    id: str
    what: str
    measured: str
    ruler: str
    bar: str
    passed: bool | None


def in_own_process(code: str, *arguments: str) -> dict[str, float]:
    """Run Python code in a new process; return its CPU seconds, peak memory [MiB] and what it leaves in `out`."""
    wrapped = (
        "import json, resource, sys\nout = {}\n" + code + "\nuse = resource.getrusage(resource.RUSAGE_SELF)\n"
        # VmHWM, because ru_maxrss begins at what the parent held when it forked
        "peak = next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "out.update(cpu_s=use.ru_utime + use.ru_stime, peak_mib=peak / 1024)\nprint('\\n' + json.dumps(out))"
    )
    done = subprocess.run([sys.executable, "-c", wrapped, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])


def cpu_ms(call: Callable[[], object], *, runs: int = 7) -> float:
    """Return the median CPU time of a call [ms], after one call that is not counted."""
    call()
    times = []
    for _ in range(runs):
        begin = process_time()
        call()
        times.append(process_time() - begin)
    return sorted(times)[runs // 2] * 1000
