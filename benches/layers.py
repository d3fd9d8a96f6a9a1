"""Loads all layers of a memstrata through its door, and measures its operations on that load.

    python3 benches/layers.py --binary target/release/memstrata [--scale 1.0] [--out docs/performance-layers.md]

At scale 1: 100,000 events, 20,000 memories, 5,000 entities with 20,000 relations, 1,000 procedures, 10,000 tasks, 5,000 chunks of
documents, sessions, entries, plans, changes, notes, associations, conversations, firings, a source folder with its git
history. Measured with a tenth of it and with all: every read operation the host lists, then writes,
many clients at once, memory and recovery. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from layers import measure, report
from layers.host import Failed, Host
from layers.load import fill
from layers.stored import Load, say

REPOSITORY = Path(__file__).resolve().parent.parent
TENTH = 0.1


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__.split("\n\n")[0],
        epilog="Examples:\n  python3 benches/layers.py --scale 0.02 --calls 20          a look in some minutes\n"
        "  python3 benches/layers.py --only graph. --details g.json   one layer, with the slowest arguments\n"
        "  python3 benches/layers.py --out docs/performance-layers.md the page; nothing else should run meanwhile",
    )
    parser.add_argument("--binary", type=Path, default=REPOSITORY / "target/release/memstrata", help="the program; build it with `cargo build --release`")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of the data above is stored [default: 1.0]")
    parser.add_argument("--out", type=Path, help="write the page here; without it, it is printed")
    parser.add_argument("--only", default="", metavar="PREFIX", help="measure only read operations whose name begins so, such as `graph.`; no writes, no clients at once")
    parser.add_argument("--calls", type=int, default=200, help="calls of each operation [default: 200]")
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds for the calls of one operation: slow ones are called less often, but five times [default: 5]")
    parser.add_argument("--seed", type=int, default=7, help="of all texts and arguments [default: 7]")
    parser.add_argument("--details", type=Path, help="write all figures as JSON, with the slowest arguments of each operation")
    parser.add_argument("--cache", type=Path, help="where compiled components are kept, to start sooner the next time [default: in the data]")
    parser.add_argument("--keep", action="store_true", help="leave the data directory and say where it is")
    asked = parser.parse_args()
    if not asked.binary.is_file():
        parser.error(f"`{asked.binary}` is no file: run `cargo build --release`, or name the program with --binary")
    if not 0 < asked.scale <= 100 or asked.calls < 1:
        parser.error("--scale is over 0, --calls is at least 1")
    return asked


def head(asked: argparse.Namespace, host: Host, load: Load) -> str:
    version = subprocess.run([str(asked.binary), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    counts = ", ".join(f"{count:,} {kind}" for kind, count in load.stored.items())
    return (
        f"Written by `python3 benches/layers.py --scale {asked.scale:g} --calls {asked.calls}` on {datetime.now(timezone.utc):%Y-%m-%d}: {version}, "
        f"{os.cpu_count()} cores ({platform.machine()}), default configuration, durability full.\nStored: {counts}; {host.disk():,.0f} MB on disk."
    )


def run(asked: argparse.Namespace, folder: Path) -> int:
    host = Host(asked.binary.resolve(), folder, asked.cache.resolve() if asked.cache else None)
    load = Load(host, asked.seed, asked.scale, folder, int(time.time() * 1000))
    for granted in (load.documents, load.code):
        granted.mkdir()
    try:
        say("starting; the first time components are compiled")
        cold = host.start()
        compiling = host.memory()["VmHWM"]
        host.stop()
        warm = host.start()
        empty = host.memory()["VmRSS"]
        rows = [
            measure.Figure("start, components to be compiled", cold, "s", note=f"{compiling:.0f} MB at most while compiling"),
            measure.Figure("start, compiled", warm * 1000, "ms"),
        ]
        say("a tenth of the data")
        fill(load, TENTH)
        tenth = host.memory()["VmRSS"]
        before = {one.name: one for one in measure.reads(host, load, asked.only, max(asked.calls // 4, 1), asked.seconds / 4)}
        say("all of the data")
        fill(load, 1.0)
        whole = host.memory()["VmRSS"]
        times = measure.reads(host, load, asked.only, asked.calls, asked.seconds)
        read = host.memory()["VmRSS"]
        rows += measure.over_all(times)
        rows += report.growth(times, before, (empty, tenth, whole), TENTH)
        if not asked.only:
            say("writes, many clients, recovery")
            rows += measure.overhead(host, asked.calls)
            rows += measure.writes(host, load, asked.calls)
            rows += measure.several(host, load, asked.seconds)
        rows.append(measure.Figure("resident memory after all read operations", read, "MB"))
        rows.append(measure.Figure("the whole process at most (VmHWM)", host.memory()["VmHWM"], "MB", 1_000, 1_000, "peak memory < 1 GB"))
        if not asked.only:
            rows += measure.recovery(host, load)
        text = report.page(head(asked, host, load), rows, times, before, load.faults)
    finally:
        host.stop()
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    if asked.details:
        asked.details.write_text(json.dumps({
            "figures": [row.__dict__ for row in rows],
            "operations": [{
                "name": one.name, "calls": len(one.took), "p50": one.at(0.5), "p95": one.at(0.95), "p99": one.at(0.99), "bytes": one.answered // max(len(one.took), 1),
                "p95_tenth": before[one.name].at(0.95) if one.name in before else None, "slowest": one.slowest, "errors": dict(one.errors),
            } for one in times],
            "faults": load.faults,
        }, indent=1), encoding="utf-8")
    return 0


def main() -> int:
    asked = options()
    folder = Path(tempfile.mkdtemp(prefix="memstrata-layers-"))
    try:
        return run(asked, folder)
    except Failed as failed:
        print(f"FAILED: {failed}", file=sys.stderr)
        return 1
    finally:
        if asked.keep:
            say(f"the data is in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
