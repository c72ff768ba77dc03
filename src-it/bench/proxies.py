"""What the benchmark starts and stops: the load generator's sink, this balancer, HAProxy and nginx.

Everything runs unprivileged. Started by root, each program is a user of its own, because the kernel limits the pipes
of a user; else all are the caller's, and share that limit. What is started dies with the benchmark, however it ends.
"""

import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import string
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
COORDINATORS = 4
DESCRIPTORS = 16000  # of a HAProxy with maxconn 6000 and the pipes that it reckons with
FIRST_USER = 61001
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
THREADS = int(os.environ.get("THREADS", "1"))
FULL = "FULL" in os.environ


class Failed(Exception):
    """Something that the user of the benchmark can mend."""


def find_jdk(feature):
    """Returns the home of an installed Java of that version, or None."""
    for release in sorted(pathlib.Path("/usr/lib/jvm").glob("*/release")):
        if re.search(rf'^JAVA_VERSION="{feature}[."]', release.read_text(), re.M):
            return str(release.parent)
    return None


def java_home():
    """Returns the Java that the balancer is measured on."""
    home = os.environ.get("JAVA_HOME") or find_jdk(25)
    if not home or not os.access(f"{home}/bin/java", os.X_OK):
        raise Failed("JAVA_HOME names no Java, and none of version 25 is in /usr/lib/jvm")
    return home


def haproxy_binaries():
    """Returns the HAProxies to measure, each as name and path: the one on the PATH first."""
    paths = [shutil.which("haproxy", path=PATH), os.environ.get("HAPROXY")]
    found = []
    for path in filter(None, paths):
        text = subprocess.run([path, "-v"], capture_output=True, text=True, check=True).stdout
        version = re.search(r"version (\d+\.\d+(?:-dev\d+)?)", text)[1]
        found.append((f"haproxy-{version}", path))
    return found


def needs(*programs):
    """Refuses to go on without these programs, and says how to get them."""
    packages = {"nginx": "nginx libnginx-mod-stream", "setpriv": "util-linux", "perf": "linux-perf", "chrt": "util-linux"}
    missing = [p for p in programs if not shutil.which(p, path=PATH)]
    if missing:
        names = " ".join(packages.get(p, p) for p in missing)
        raise Failed(f"{', '.join(missing)} not found. On Debian: apt-get install --no-install-recommends {names}")
    program = TOP / "balancer-cli/target/impala-balancer"
    if not (program / "impala-balancer").exists():
        raise Failed(f"there is no {program}. Build it: mvn package -pl balancer-cli -am -DskipTests")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit < DESCRIPTORS:
        raise Failed(f"{DESCRIPTORS} open files are needed, ulimit -Hn is {limit}. Raise it: ulimit -n {DESCRIPTORS}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if os.getuid() != 0:
        print("bench: not root, so all proxies share one user's pipes, and spliced figures suffer", file=sys.stderr)


def free_port():
    """Returns a free port below those that the kernel gives to clients."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Bench:
    """A directory with the programs in it, and everything that was started."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="impala-balancer-bench."))
        self.directory.chmod(0o755)
        self.running = []
        self.pages = None
        self.users = 0
        self.loadgen = str(self.directory / "loadgen")
        subprocess.run(["gcc", "-O2", "-Wall", "-o", self.loadgen, HERE / "loadgen.c"], check=True)
        # A copy, so that no user needs to reach the checkout.
        self.program = self.directory / "impala-balancer"
        shutil.copytree(TOP / "balancer-cli/target/impala-balancer", self.program)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        signal.signal(signal.SIGINT, lambda *_: sys.exit(130))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in list(self.running):
            process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def as_user(self, user):
        """Returns what a command line begins with so that it runs as that user, and ends with the benchmark."""
        command = ["setpriv", "--pdeathsig", "TERM"]
        if os.getuid() == 0:
            command += ["--reuid", str(user), "--regid", str(user), "--clear-groups"]
        return command

    def load(self, *arguments, **named):
        """Starts the load generator; returns it when its connections are open."""
        command = [self.loadgen, *map(str, arguments), *(f"{k}={v}" for k, v in named.items())]
        return Load(self.as_user(FIRST_USER) + command)


class Load:
    """The load generator: its connections are open, and stay so until it is stopped."""

    def __init__(self, command):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "ready\n":
            self.stop()
            raise Failed(f"no answers: {' '.join(command)}")

    def run(self):
        """Does the work and returns what it tells, as a dictionary of numbers."""
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise Failed(f"gave up: {' '.join(self.child.args)}")
        return {k: float(v) for k, v in (pair.split("=") for pair in line.split())}

    def stop(self):
        self.child.kill()
        self.child.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Process:
    """A program under the benchmark's care, in a directory of its own."""

    def __init__(self, bench, name, command, environment=None):
        bench.users += 1
        self.bench = bench
        self.name = name
        self.user = FIRST_USER + bench.users
        self.directory = bench.directory / f"{name}-{bench.users}"
        self.directory.mkdir()
        if os.getuid() == 0:
            os.chown(self.directory, self.user, self.user)
        self.command = command
        self.environment = {**os.environ, **(environment or {})}

    def start(self):
        with open(self.directory / "out.log", "wb") as out:
            self.child = subprocess.Popen(
                self.bench.as_user(self.user) + self.command,
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.bench.running.append(self)

    def stop(self):
        if self not in self.bench.running:
            return
        self.bench.running.remove(self)
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def pids(self):
        """Returns the process and its children."""
        pid = self.child.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def cpu(self):
        """Returns the CPU time in seconds that its processes have taken, by the kernel's clock of each."""
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.pids())

    def memory(self, key):
        """Returns a value of /proc/PID/status in MB, summed over the processes."""
        kilobytes = 0
        for pid in self.pids():
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            kilobytes += int(re.search(rf"^{key}:\s+(\d+)", status, re.M)[1])
        return kilobytes * 1024 / 1e6

    def log(self):
        return "\n".join((self.directory / "out.log").read_text().splitlines()[-8:])

    def await_answer(self, port, seconds=30):
        """Returns when something behind the port answers."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.child.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", port), 1) as s:
                    s.sendall((1).to_bytes(8, "little"))
                    if s.recv(1):
                        return
            except OSError:
                pass
            time.sleep(0.002)
        raise Failed(f"{self.name} does not serve port {port}:\n{self.log()}")


class Sink(Process):
    """The server behind every proxy."""

    def __init__(self, bench):
        self.ports = [free_port() for _ in range(COORDINATORS)]
        super().__init__(bench, "sink", [bench.loadgen, "sink", *map(str, self.ports)])

    def start(self):
        super().start()
        self.await_answer(self.ports[0])


class Pages(Process):
    """The web pages of as many simulated coordinators as the sink has ports."""

    def __init__(self, bench):
        base = free_port()
        self.ports = [base + 10 * i + 2 for i in range(COORDINATORS)]
        command = [str(bench.program / "impala-balancer"), "simulate", "--fe-service-threads", "6000"]
        command += ["--coordinators", str(COORDINATORS), "--base-port", str(base)]
        super().__init__(bench, "pages", command, {"JAVA_HOME": java_home()})

    def start(self):
        super().start()
        for port in self.ports:
            await_page(f"http://127.0.0.1:{port}/healthz", self)


def await_page(url, process):
    """Returns when a page is there."""
    limit = time.monotonic() + 30
    while time.monotonic() < limit and process.child.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Failed(f"{process.name} does not serve {url}:\n{process.log()}")


class Proxy(Process):
    """A proxy in front of the sink."""

    ours = haproxy = False
    # What a dashboard asks for once a second, and what a browser reads as it comes.
    scraped = watched = None

    def __init__(self, bench, sink, name, command, **environment):
        self.port = free_port()
        self.stats_port = free_port()
        pages = bench.pages.ports if bench.pages else ["none"] * COORDINATORS
        self.settings = {
            "PORT": str(self.port),
            "STATS_PORT": str(self.stats_port),
            "THREADS": str(THREADS),
            "CHECK": "impala" if bench.pages else "tcp",
            **{f"SINK_{i + 1}": str(port) for i, port in enumerate(sink.ports)},
            **{f"WEB_{i + 1}": str(port) for i, port in enumerate(pages)},
            **environment,
        }
        super().__init__(bench, name, command, self.settings)
        for file in (HERE / "conf").iterdir():
            shutil.copy(file, self.directory)

    def start(self):
        """Starts it; returns the seconds until a client got an answer through it."""
        began = time.monotonic()
        super().start()
        self.await_answer(self.port)
        return time.monotonic() - began

    def look_at(self):
        """Has its pages read until it stops."""
        url = f"http://127.0.0.1:{self.stats_port}"

        def scrape():
            while self in self.bench.running:
                urllib.request.urlopen(url + self.scraped, timeout=10).read()
                time.sleep(1)

        def watch():
            with urllib.request.urlopen(url + self.watched, timeout=10) as stream:
                while self in self.bench.running and stream.read1():
                    pass

        for look, path in ((scrape, self.scraped), (watch, self.watched)):
            if path:
                threading.Thread(target=look, daemon=True).start()


class Direct(Proxy):
    """No proxy."""

    def __init__(self, bench, sink, name):
        super().__init__(bench, sink, name, ["sleep", "1000000"])
        self.port = sink.ports[0]


class Balancer(Proxy):
    """This balancer."""

    ours = True
    scraped, watched = "/metrics", "/api/v1/stream"

    def __init__(self, bench, sink, name, wire="epoll", home=None, options=""):
        command = [str(bench.program / "impala-balancer"), "run", "-c", "impala-balancer.conf"]
        super().__init__(bench, sink, name, command, WIRE=wire, JAVA_HOME=home or java_home())
        self.environment["IMPALA_BALANCER_JAVA_OPTS"] = options

    @staticmethod
    def prepare(bench, home):
        """Prepares the program for a Java, as a package does when it is installed."""
        subprocess.run(
            ["setpriv", "--pdeathsig", "TERM", str(bench.program / "impala-balancer"), "prepare"],
            env={**os.environ, "JAVA_HOME": home},
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def scrape(self, metric):
        url = f"http://127.0.0.1:{self.stats_port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as page:
            found = re.search(rf"^{re.escape(metric)} (\S+)", page.read().decode(), re.M)
        return float(found[1])

    def compiled(self):
        """Returns the CPU time in seconds that its compilers have taken."""
        ticks = 0
        for thread in pathlib.Path(f"/proc/{self.child.pid}/task").iterdir():
            try:
                name, _, rest = (thread / "stat").read_text().rpartition(") ")
            except OSError:
                continue  # a thread that has ended
            if "CompilerThre" in name:
                ticks += sum(map(int, rest.split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def allocated(self):
        """Returns the bytes that its event loops have allocated."""
        return self.scrape('impala_balancer_jvm_allocated_bytes_total{threads="relay"}')


class Haproxy(Proxy):
    """HAProxy in one of its configurations."""

    haproxy = True
    scraped = "/;csv"

    def __init__(self, bench, sink, name, binary, splice):
        super().__init__(bench, sink, name, [binary, "-db", "-f", "haproxy.cfg"], SPLICE=splice)


class Nginx(Proxy):
    """nginx with its stream module."""

    def __init__(self, bench, sink, name):
        binary = shutil.which("nginx", path=PATH)
        super().__init__(bench, sink, name, [binary])
        file = self.directory / "nginx.conf"
        file.write_text(string.Template(file.read_text()).safe_substitute(self.settings))
        self.command += ["-p", str(self.directory), "-c", str(file)]
