"""What the benchmark tells: a CSV of every measurement, tables in Markdown, and a chart in SVG."""

import csv
import datetime
import os
import pathlib
import platform
import re
import shutil
import statistics

import proxies

IDLE_SESSIONS = 5000


def plain(name):
    return name.startswith("haproxy") and "1MiB" not in name


def piped(name):
    return "1MiB" in name


def any_haproxy(name):
    return name.startswith("haproxy")


# The targets: shape, what is compared, its column, with which HAProxy, and the ratio that is wanted.
TARGETS = [
    ("bulk", "CPU per GB, HAProxy default and splice-auto", "cost", plain, "<=", 0.9),
    ("bulk", "CPU per GB, HAProxy spliced by 1 MiB", "cost", piped, "<=", 1.0),
    ("pages", "CPU per GB, HAProxy default and splice-auto", "cost", plain, "<=", 0.9),
    ("pages", "CPU per GB, HAProxy spliced by 1 MiB", "cost", piped, "<=", 1.0),
    ("upload", "CPU per GB, HAProxy default and splice-auto", "cost", plain, "<=", 0.9),
    ("upload", "CPU per GB, HAProxy spliced by 1 MiB", "cost", piped, "<=", 1.0),
    ("fetch", "CPU per answer", "cost", any_haproxy, "<=", 1.0),
    ("small", "CPU per answer", "cost", any_haproxy, "<=", 0.95),
    ("small", "answers a second", "ops_s", any_haproxy, ">=", 1.1),
    ("connect", "CPU per connection", "cost", any_haproxy, "<=", 0.95),
    ("latency", "p50", "p50", any_haproxy, "<=", 1.0),
    ("latency", "p99", "p99", any_haproxy, "<=", 1.0),
    ("latency", "p99.9", "p999", any_haproxy, "<=", 1.1),
]


class Results:
    """The rows of a run, by shape and proxy, in the order measured."""

    def __init__(self, rows):
        self.rows = rows
        for row in rows:
            if "secs" in row:
                row["ops_s"] = row["ops"] / row["secs"]
        self.shapes = list(dict.fromkeys(row["shape"] for row in rows))

    def names(self, shape):
        return list(dict.fromkeys(row["proxy"] for row in self.rows if row["shape"] == shape))

    def values(self, shape, proxy, key):
        return [row[key] for row in self.rows if row["shape"] == shape and row["proxy"] == proxy]

    def median(self, shape, proxy, key):
        return statistics.median(self.values(shape, proxy, key))

    def best(self, shape, key, which):
        """Returns the proxy of those with the best median, None if there is none."""
        found = [p for p in self.names(shape) if which(p)]
        choose = max if key == "ops_s" else min
        return choose(found, key=lambda p: self.median(shape, p, key)) if found else None

    def ratio(self, shape, proxy, rival, key):
        """Returns minimum, median and maximum of the ratios of the same round."""
        pairs = zip(self.values(shape, proxy, key), self.values(shape, rival, key))
        found = sorted(a / b for a, b in pairs if b)
        return (found[0], statistics.median(found), found[-1]) if found else None


def spread(found):
    return "" if not found else f"{found[1]:.2f} ({found[0]:.2f}-{found[2]:.2f})"


def targets(results):
    lines = [
        "| shape | ratio of | target | epoll wire | channel wire | to | met |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for shape, what, key, which, sign, limit in TARGETS:
        rival = results.best(shape, key, which)
        if not rival or "ours-epoll" not in results.names(shape):
            continue
        epoll = results.ratio(shape, "ours-epoll", rival, key)
        channel = results.ratio(shape, "ours-channel", rival, key)
        shown = round(epoll[1], 2)
        met = shown <= limit if sign == "<=" else shown >= limit
        lines.append(
            f"| {shape} | {what} | {sign} {limit:g} | {spread(epoll)} | {spread(channel)} | {rival} | "
            f"{'yes' if met else '**no**'} |"
        )
    absolute = [
        ("idle", f"MB with {IDLE_SESSIONS} idle sessions", "ours-epoll", "rss_idle", 90 + IDLE_SESSIONS * 0.002),
        ("start", "seconds to the first answer, Java 25", "ours-epoll", "seconds", 0.35),
        ("start", "seconds to the first answer, Java 17", "ours-epoll-jdk17", "seconds", 0.9),
        ("small allocation", "bytes an answer, event loops", "ours-epoll", "allocated", 0.5),
        ("fetch allocation", "bytes an answer, event loops", "ours-epoll", "allocated", 0.5),
    ]
    for shape, what, name, key, limit in absolute:
        if name not in results.names(shape):
            continue
        found = results.median(shape, name, key)
        channel = name.replace("epoll", "channel")
        beside = f"{results.median(shape, channel, key):.3g}" if channel in results.names(shape) else ""
        lines.append(
            f"| {shape} | {what} | <= {limit:g} | {found:.3g} | {beside} | | {'yes' if found <= limit else '**no**'} |"
        )
    return lines


def shape_table(results, shape, unit):
    per_gb = unit == "GB"
    best = results.best(shape, "cost", any_haproxy)
    lines = [
        "",
        f"**{shape}**",
        "",
        f"| | CPU to the best HAProxy | CPU {'s/GB' if per_gb else 'us/op'} | of it user | "
        f"{'MB/s' if per_gb else 'ops/s'} | p50 us | p99 us | p99.9 us |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for proxy in results.names(shape):
        median = {
            key: results.median(shape, proxy, key)
            for key in ("cost", "user", "cpu", "bytes", "secs", "ops_s", "p50", "p99", "p999")
        }
        speed = median["bytes"] / median["secs"] / 1e6 if per_gb else median["ops_s"]
        if proxy == "direct":
            cpu = "| | "
        else:
            ratio = spread(results.ratio(shape, proxy, best, "cost")) if best else ""
            cost = f"{median['cost']:.3f}" if per_gb else f"{median['cost'] * 1e6:.2f}"
            cpu = f"{ratio} | {cost} | {median['user'] / median['cpu']:.0%}"
        lines.append(
            f"| {proxy} | {cpu} | {speed:,.0f} | {median['p50']:,.0f} | {median['p99']:,.0f} | "
            f"{median['p999']:,.0f} |"
        )
    return lines


def memory_table(results):
    """Returns the table of resident memory."""
    lines = [
        "",
        f"**memory** in MB: just started, with {IDLE_SESSIONS} idle sessions, and the most over all shapes",
        "",
        "| | started | idle sessions | KB a session | peak |",
        "| --- | --- | --- | --- | --- |",
    ]
    for proxy in results.names("idle"):
        started, held = (results.median("idle", proxy, key) for key in ("rss", "rss_idle"))
        peak = f"{results.median('peak', proxy, 'peak'):.0f}" if proxy in results.names("peak") else ""
        lines.append(
            f"| {proxy} | {started:.0f} | {held:.0f} | {(held - started) * 1000 / IDLE_SESSIONS:.2f} | {peak} |"
        )
    return lines


def allocation_table(results):
    lines = [
        "",
        "**allocation**: bytes that the event loops allocate for one operation",
        "",
        "| | epoll wire | channel wire |",
        "| --- | --- | --- |",
    ]
    for shape in (shape for shape in results.shapes if shape.endswith(" allocation")):
        found = [f"{results.median(shape, name, 'allocated'):.3g}" for name in results.names(shape)]
        lines.append(f"| {shape.removesuffix(' allocation')} | {' | '.join(found)} |")
    return lines


def start_table(results):
    lines = [
        "",
        "**start**: seconds from the command to a client's first answer, all coordinators checked",
        "",
        "| | median | least | most | CPU seconds |",
        "| --- | --- | --- | --- | --- |",
    ]
    for proxy in results.names("start"):
        found = sorted(results.values("start", proxy, "seconds"))
        lines.append(
            f"| {proxy} | {statistics.median(found):.3f} | {found[0]:.3f} | {found[-1]:.3f} | "
            f"{results.median('start', proxy, 'cpu'):.3f} |"
        )
    return lines


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    java = re.search(r'^JAVA_VERSION="(.*)"', pathlib.Path(proxies.java_home(), "release").read_text(), re.M)
    name = cpu[1] if cpu else platform.machine()
    return f"{os.cpu_count()} cores of {name}, Linux {platform.release()}, Java {java[1]}"


def markdown(results, units):
    launches = len({row["launch"] for row in results.rows})
    rounds = len({(row["launch"], row["round"]) for row in results.rows if row["round"]})
    lines = [
        f"{datetime.date.today()}; {machine()}; {launches} launches, {rounds} interleaved rounds, "
        f"{proxies.THREADS} thread(s) each. Medians, with minimum and maximum of the rounds.",
        "",
        *targets(results),
    ]
    for shape in results.shapes:
        if shape in units:
            lines += shape_table(results, shape, units[shape])
    if "idle" in results.shapes:
        lines += memory_table(results)
    if any(shape.endswith(" allocation") for shape in results.shapes):
        lines += allocation_table(results)
    if "start" in results.shapes:
        lines += start_table(results)
    return "\n".join(lines) + "\n"


def chart(results, units):
    """Returns the chart: a panel a shape, a bar a proxy, CPU to the best HAProxy with its spread."""
    width, bar, head = 520, 16, 34
    left = 16 + max(7 * len(name) for shape in results.shapes for name in results.names(shape))
    shapes = [s for s in results.shapes if s in units and results.best(s, "cost", any_haproxy)]
    most = 3.0  # where bars are cut
    parts, y = [], 50
    for shape in shapes:
        best = results.best(shape, "cost", any_haproxy)
        parts.append(f'<text x="10" y="{y + 14}" class="shape">{shape}</text>')
        y += 22
        for proxy in results.names(shape):
            if proxy == "direct":
                continue
            low, middle, high = results.ratio(shape, proxy, best, "cost")
            x = [left + min(v, most) / most * width for v in (low, middle, high)]
            kind = "ours" if proxy.startswith("ours") else "theirs"
            parts.append(
                f'<text x="{left - 6}" y="{y + 12}" class="name">{proxy}</text>'
                f'<rect x="{left}" y="{y + 2}" width="{x[1] - left:.1f}" height="{bar - 4}" class="{kind}"/>'
                f'<line x1="{x[0]:.1f}" x2="{x[2]:.1f}" y1="{y + bar / 2}" y2="{y + bar / 2}" class="spread"/>'
                f'<text x="{max(x[1], x[2]) + 5:.1f}" y="{y + 12}">{middle:.2f}</text>'
            )
            y += bar
        y += head - 22
    one = left + width / most
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{y + 10}" '
        'font-family="sans-serif" font-size="11">\n'
        "<style>.name{text-anchor:end}.shape{font-weight:bold;font-size:13px}.ours{fill:#2b6cb0}"
        ".theirs{fill:#b8c2cc}.spread{stroke:#222;stroke-width:1}.one{stroke:#c53030;stroke-dasharray:3 3}</style>\n"
        f'<rect width="100%" height="100%" fill="#fff"/>\n'
        '<text x="10" y="20" font-size="15">CPU for the same work, to the best HAProxy of the run '
        "(less is better)</text>\n"
        f'<text x="10" y="36">bar: median; line: least to most over the rounds; bars end at {most:g}</text>\n'
        + "\n".join(parts)
        + f'\n<line x1="{one:.1f}" x2="{one:.1f}" y1="44" y2="{y}" class="one"/>\n</svg>\n'
    )


def write(rows, units, publish):
    """Writes CSV, Markdown and SVG, prints the tables, and publishes them in docs if asked."""
    results = Results(rows)
    directory = proxies.TOP / "src-it/target/bench"
    directory.mkdir(parents=True, exist_ok=True)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    with open(directory / "results.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, keys)
        writer.writeheader()
        writer.writerows(rows)
    text = markdown(results, units)
    (directory / "results.md").write_text(text)
    (directory / "results.svg").write_text(chart(results, units))
    print(text)
    print(f"written: {directory}/results.csv, results.md, results.svg")
    if publish:
        shutil.copy(directory / "results.svg", proxies.TOP / "docs/performance.svg")
        document = proxies.TOP / "docs/performance.md"
        begin, end = "<!-- results -->\n", "<!-- end of results -->"
        before, _, rest = document.read_text().partition(begin)
        _, _, after = rest.partition(end)
        document.write_text(before + begin + text + end + after)
        print(f"published: {document}")
