#!/usr/bin/env python3
"""Time other libraries on tasks A to D of `saturn bench`, with Saturn between them.

A  a training step (forward, back-propagation through time, Adam): 64 lanes, T = 100, hidden 256, ms
B  streaming one lane, one step at a time, microseconds a step
C  inference on 64 lanes, T = 1,000, thousand lane-steps a second
D  A with hidden 1,024 and 32 lanes

Each library has a file `with_*.py`; one that is not installed is left out and named. Each (task, cores)
runs in a process of its own, since thread pools are sized at the start, and in rounds: Saturn, then each
library, then Saturn again. The best round counts.
"""

import argparse
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys

from work import ALL, TASKS, shortest

FAMILIES = ["torch", "snntorch", "norse", "spikingjelly", "spyx", "jax", "numpy"]


def entries(task, density, wanted):
    """Every net of everything that is installed, and the names of what is not."""
    found, missing = [], []
    for family in wanted:
        try:
            found += importlib.import_module(f"with_{family}").found(task, density)
        except ImportError as error:
            missing.append(f"{family} ({error})")
        except Exception as error:  # Installed, but of another version than was tried.
            missing.append(f"{family} ({type(error).__name__}: {error})")
    return found, missing


def saturn_figures(saturn, task, cores, density, seconds):
    """model -> (value, spike rate), of the program."""
    if saturn is None:
        return {}
    command = [saturn, "bench", "--json", "--task", task, "--cores", str(cores)]
    command += ["--density", str(density), "--seconds", str(seconds)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    figures = [json.loads(line) for line in lines]
    # The program has more nets than the others.
    return {f["model"]: (f["minimum"], f["hidden_rate"]) for f in figures if f["model"] in ALL}


def one(name, cores, args):
    """All of one task on some cores: rounds of Saturn and every library."""
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(cores)
    task = TASKS[name]
    found, missing = entries(task, args.density, args.libraries.split(","))
    best, rates, made, failed = {}, {}, {}, set()

    def note(key, value, rate):
        best[key] = task.better(best.get(key, value), value)
        rates[key] = rate

    for _ in range(args.rounds):
        for model, (value, rate) in saturn_figures(args.saturn, name, cores, args.density, args.seconds).items():
            note(("Saturn", model), value, rate)
        for entry in found:
            key = (entry.library, entry.model)
            if key in failed:
                continue
            try:
                if key not in made:
                    made[key] = entry.make()
                note(key, task.in_unit(shortest(made[key], args.seconds)), made[key].rate)
            except Exception as error:  # A library of another version than was tried is no reason to stop.
                print(f"{key}: left out, {type(error).__name__}: {error}", file=sys.stderr)
                failed.add(key)
    rows = [
        {"task": name, "cores": cores, "unit": task.unit, "library": k[0], "model": k[1], "best": v, "hidden_rate": rates[k]}
        for k, v in best.items()
    ]
    return {"rows": rows, "missing": missing}


def three_digits(x):
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def table(rows):
    """One Markdown table: a row a (task, model, library), a column a number of cores."""
    cores = sorted({r["cores"] for r in rows})
    lines = ["| task | model | library | " + " | ".join(f"{c} core{'s' * (c > 1)}" for c in cores) + " | unit | spiking |"]
    lines.append("|---|---|---|" + "---|" * (len(cores) + 2))
    seen = dict.fromkeys((r["task"], r["model"], r["library"]) for r in rows)
    for task, model, library in sorted(seen, key=lambda k: (k[0], ALL.index(k[1]))):
        mine = {r["cores"]: r for r in rows if (r["task"], r["model"], r["library"]) == (task, model, library)}
        any_row = next(iter(mine.values()))
        rate = any_row["hidden_rate"]
        cells = [three_digits(mine[c]["best"]) if c in mine else "-" for c in cores]
        cells += [any_row["unit"], "-" if rate is None else f"{100 * rate:.1f} %"]
        lines.append(f"| {task} | {model} | {library} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saturn", default=shutil.which("saturn"), help="the program; without it, peers alone are timed")
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--cores", default="1,2")
    parser.add_argument("--libraries", default=",".join(FAMILIES))
    parser.add_argument("--density", type=float, default=0.015)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="also write all rows here")
    parser.add_argument("--read", metavar="FILE", nargs="+", help="time nothing: the table of rows written before")
    parser.add_argument("--one", metavar="TASK:CORES", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        task, cores = args.one.split(":")
        print(json.dumps(one(task, int(cores), args)))
        return
    if args.read:
        rows = []
        for path in args.read:
            with open(path, encoding="utf-8") as file:
                rows += json.load(file)
        print(table(rows))
        return
    if args.saturn is None:
        print("no `saturn` on the path and no --saturn: peers alone are timed", file=sys.stderr)
    rows, missing = [], set()
    for task in args.tasks.split(","):
        for cores in args.cores.split(","):
            if TASKS[task].streams and cores != "1":
                continue  # One lane is one core's work.
            print(f"task {task} on {cores} core(s)", file=sys.stderr)
            part = apart(task, cores, args)
            rows += part["rows"]
            missing |= set(part["missing"])
    print(table(rows))
    for name in sorted(missing):
        print(f"not installed or not usable, left out: {name}")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


def apart(task, cores, args):
    """`one` in a process of its own, on as many cores."""
    environment = dict(os.environ, OMP_NUM_THREADS=cores, MKL_NUM_THREADS=cores, OPENBLAS_NUM_THREADS=cores)
    prefix = []
    if hasattr(os, "sched_getaffinity") and shutil.which("taskset"):
        # JAX takes its threads from the cores that it sees.
        allowed = sorted(os.sched_getaffinity(0))[: int(cores)]
        prefix = ["taskset", "-c", ",".join(map(str, allowed))]
    command = prefix + [sys.executable, os.path.abspath(__file__), "--one", f"{task}:{cores}"]
    command += ["--density", str(args.density), "--seconds", str(args.seconds), "--rounds", str(args.rounds)]
    command += ["--libraries", args.libraries]
    if args.saturn:
        command += ["--saturn", args.saturn]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
