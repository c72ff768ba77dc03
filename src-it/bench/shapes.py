"""The shapes of work that proxies are given, and how one of them is done and measured."""

import os

# What is done: arguments of the load generator (see loadgen.c), and the unit that CPU is counted for.
SHAPES = {
    "bulk": (("keep", 4, 64 << 20), {}, "GB"),
    "pages": (("keep", 8, 1 << 20), {}, "GB"),
    "fetch": (("keep", 200, 16 << 10), {"idle": 3000}, "op"),
    "small": (("keep", 32, 64), {}, "op"),
    "connect": (("connect", 16, 64), {}, "op"),
    "upload": (("upload", 4, 64 << 20), {}, "GB"),
    "latency": (("paced", 32, 64), {}, "op"),
}

SECS = float(os.environ.get("SECS", "2"))
WARM_UP = 2.0  # seconds a shape, each in turn; after that each until its code is compiled:
ENOUGH = 50000  # operations, for what is called once in each, and
RESTING = 0.03  # seconds of CPU that the compilers took at most in each of the last two seconds,
MOST_WARM_UP = 15  # but no more than so many


def load(bench, proxy, shape, rate, seconds):
    """Returns the load generator, ready for one shape of work through a proxy."""
    (kind, connections, size), named, _ = SHAPES[shape]
    if kind == "paced":
        named = {**named, "rate": rate}
    pids = ",".join(map(str, proxy.pids()))
    return bench.load(kind, proxy.port, connections, size, seconds, pids=pids, **named)


def measure(bench, proxy, shape, rate, seconds=SECS):
    """Does one shape of work through a proxy; returns the row of results."""
    with load(bench, proxy, shape, rate, seconds) as generator:
        row = generator.run()
    units = row["ops"] if SHAPES[shape][2] == "op" else row["bytes"] / 1e9
    row["cost"] = row["cpu"] / units if units else float("nan")
    return row


def warm_up(bench, proxy, shapes):
    """Has a JVM compile what will be measured, until there is nothing to compile; nothing of it is counted."""
    if not proxy.ours:
        return
    shapes = [shape for shape in shapes if shape != "latency"]  # which is `small`, slower
    for shape in shapes:
        measure(bench, proxy, shape, 0, WARM_UP)
    for shape in shapes:
        done = rested = 0
        for _ in range(MOST_WARM_UP):
            before = proxy.compiled()
            done += measure(bench, proxy, shape, 0, 1)["all"]
            rested = rested + 1 if proxy.compiled() - before <= RESTING else 0
            if rested >= 2 and (done >= ENOUGH or SHAPES[shape][2] != "op"):
                break
