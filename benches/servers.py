"""What servers cost."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from measure import Fifo, Row, in_turns, millis, output, run, spawn, wait_until
from sandbox import TRUE, say

SERVERS = 100
IDLE = 20
# Lines of 64 bytes; with their stamps they fit into the files that are kept.
PRINTED = 400_000
SHELL = "/bin/sh"
# For servers that nobody listens to.
NOWHERE = "/dev/null"


class Session:
    """A session whose owner is this process."""

    def __init__(self, sandbox, env=None):
        self.sandbox = sandbox
        env = dict(env or sandbox.environment())
        owner = str(os.getpid())
        # One line: export NAME='VALUE' NAME='VALUE' …
        line = output([sandbox.binary, "open", "--owner", owner], env)
        env |= dict(word.split("=", 1) for word in line.replace("'", "").split()[1:])
        self.env = env
        self.pids = Path(env["MCP_PID_FILE"]).parent

    def start(self, name, *command, wait=False, how=()):
        how = [*how] if wait else [*how, "--no-wait"]
        output([self.sandbox.binary, "start", name, *how, "--", *command], self.env)

    def running(self):
        """How many servers have been started; the session itself has a pid file, too."""
        return sum(1 for _ in self.pids.glob("*.pid")) - 1

    def stop_all(self):
        output([self.sandbox.binary, "stop", "--all"], self.env)

    def close(self):
        """The time that a shell waits for `close`; what goes on in the background is waited for, too."""
        seconds = run([self.sandbox.binary, "close", self.env["MCP_HOOK_OWNER"]], self.env)
        wait_until(lambda: not self.pids.exists(), "the end of a session")
        return seconds


def closing(sandbox):
    def close(servers):
        session = Session(sandbox)
        for number in range(servers):
            session.start(f"s{number}", sandbox.probe, "fifo", NOWHERE)
        wait_until(lambda: session.running() == servers, "all servers")
        return session.close()

    medians = in_turns(5, none=lambda: close(0), many=lambda: close(SERVERS))
    ratio = medians["many"] / medians["none"]
    text = f"{millis(medians['many'])} ({ratio:.2f} × of none)"
    return [Row(f"exit with {SERVERS} servers: what the shell waits", text, medians["many"] * 1000, 5, "ms")]


def starting(sandbox):
    fifo = Fifo(sandbox.path("fifo"))
    session = Session(sandbox)
    command = [sandbox.probe, "fifo", str(fifo.path)]

    def bare():
        start = time.monotonic()
        pid = spawn(command, session.env)
        first = fifo.seconds()
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        fifo.seconds()
        return first - start

    def supervised():
        start = time.monotonic()
        pid = spawn([sandbox.binary, "start", "x", "--no-wait", "--", *command], session.env)
        first = fifo.seconds()
        os.waitpid(pid, 0)
        session.stop_all()
        fifo.seconds()
        return first - start

    medians = in_turns(60, bare=bare, start=supervised)
    session.close()
    ratio = medians["start"] / medians["bare"]
    text = f"{ratio:.2f} × ({millis(medians['start'])} / {millis(medians['bare'])})"
    return [Row("start --no-wait: to the server's first instruction, / fork + exec", text, ratio, 3.0)]


def running(sandbox):
    session = Session(sandbox)
    server = [sandbox.probe, "stdout"]

    def first_byte(command):
        (stdin, to_server), (from_server, stdout) = os.pipe(), os.pipe()
        streams = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)]
        start = time.monotonic()
        pid = spawn(command, session.env, streams)
        os.close(stdin)
        os.close(stdout)
        assert os.read(from_server, 1) == b"x"
        seconds = time.monotonic() - start
        os.close(to_server)
        os.waitpid(pid, 0)
        os.close(from_server)
        return seconds

    wrapped = [sandbox.binary, "run", "--direct", "x", "--", *server]
    medians = in_turns(60, alone=lambda: first_byte(server), run=lambda: first_byte(wrapped))
    session.close()
    ratio = medians["run"] / medians["alone"]
    text = f"{ratio:.2f} × ({millis(medians['run'])} / {millis(medians['alone'])})"
    return [Row("run --direct: to the server's first byte, / the server alone", text, ratio, 2.5)]


def logging(sandbox):
    """A server that prints as fast as it can, through us and through what one would use otherwise."""
    text = sandbox.path("text")
    text.write_bytes((b"x" * 63 + b"\n") * PRINTED)
    fifo = Fifo(sandbox.path("fifo"))
    # The FIFO takes a line once the last byte was taken by whoever logs.
    server = f"cat {text}; date +%s%N >{fifo.path}"
    dropped = 0

    def through(logger):
        def timed():
            start = time.monotonic()
            pid = spawn([SHELL, "-c", f"{{ {server}; }} | {logger}"], os.environ)
            fifo.seconds()
            os.waitpid(pid, 0)
            return time.monotonic() - start

        return timed

    def supervised():
        nonlocal dropped
        session = Session(sandbox)
        start = time.monotonic()
        session.start("x", SHELL, "-c", f"{server}; exec sleep 1000")
        fifo.seconds()
        # `stop` returns once everything is in the log.
        session.stop_all()
        seconds = time.monotonic() - start
        logs = Path(session.env["MCP_LOG_DIR"]).glob("x.log*")
        dropped += PRINTED - sum(log.read_bytes().count(b" out x") for log in logs)
        session.close()
        return seconds

    cases = {"start": supervised, "cat": through(f"cat >{sandbox.path('copy')}")}
    if shutil.which("s6-log"):
        directory = sandbox.path("s6")
        cases["s6-log"] = through(f"s6-log t n3 s10485760 {directory}")
    else:
        say("SKIPPED: the comparison with s6-log, which is not installed")
    medians = in_turns(9, **cases)
    rate = PRINTED * 64 / 1e6 / medians["start"]
    rows = [Row("start: lines dropped of a server that prints as fast as it can", f"{dropped}", dropped, 0, "lines")]
    for other in [name for name in cases if name != "start"]:
        text = f"{medians['start'] / medians[other]:.2f} × ({rate:.0f} MB/s)"
        rows.append(Row(f"start: to log what a server prints, / {other}", text))
    return rows


def dying(sandbox):
    """How long it takes until the last server of a shell that was killed is told to end."""

    def death(servers):
        fifo = Fifo(sandbox.path("fifo"))
        env = sandbox.environment(PROBE=sandbox.probe, FIFO=str(fifo.path))
        starts = "; ".join(f'mcp-hook start --no-wait s{number} -- "$PROBE" fifo "$FIFO"' for number in range(servers))
        shell = [SHELL, "-c", f'eval "$(mcp-hook open)"; {starts}; read -r line']
        with subprocess.Popen(shell, env=env, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
            for _ in range(servers):
                fifo.seconds()
            time.sleep(0.4)
            start = time.monotonic()
            owner.kill()
            last = max(fifo.seconds() for _ in range(servers))
        return last - start

    medians = in_turns(15, one=lambda: death(1), ten=lambda: death(10))
    return [
        Row(f"SIGKILL of the shell: to SIGTERM at {whom}", millis(seconds), seconds * 1000, 10, "ms")
        for whom, seconds in zip(["the server", "the last of ten servers"], medians.values(), strict=True)
    ]


def idling(sandbox):
    session = Session(sandbox)
    # It waits for its input, as an MCP server does. One that only rests is looked at a few times more in its first half minute.
    session.start("x", "cat", wait=True)
    report = json.loads(output([sandbox.binary, "status", "--json"], session.env))
    server = report["sessions"][0]["servers"][0]
    watchers = [server["supervisor_pid"], server["keeper_pid"]]
    time.sleep(1)
    before = sum(map(wake_ups, watchers))
    time.sleep(IDLE)
    woken = sum(map(wake_ups, watchers)) - before
    dirty, proportional = (sum(memory(pid, key) for pid in watchers) for key in ("Private_Dirty", "Pss"))
    session.close()
    text = f"{dirty} KiB (proportional set size {proportional} KiB)"
    return [
        Row("idle supervisor and keeper: private dirty memory", text, dirty, 300, "KiB"),
        Row(f"idle supervisor and keeper: wake-ups in {IDLE} s", f"{woken}", woken, 0, "wake-ups"),
    ]


def wake_ups(pid):
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines())
    return int(status["voluntary_ctxt_switches"]) + int(status["nonvoluntary_ctxt_switches"])


def memory(pid, key):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:"))


def looking(sandbox):
    session = Session(sandbox)
    status = [sandbox.binary, "status"]
    cost = {}
    for count in (10, SERVERS):
        for number in range(session.running(), count):
            session.start(f"s{number}", sandbox.probe, "fifo", NOWHERE)
        wait_until(lambda count=count: session.running() == count, "all servers")
        rounds = 60 if count == 10 else 20
        cost[count] = in_turns(rounds, true=lambda: run([TRUE], session.env), status=lambda: run(status, session.env))
    session.close()
    ten, many = (medians["status"] / medians["true"] for medians in cost.values())
    each = (cost[SERVERS]["status"] - cost[10]["status"]) / (SERVERS - 10) * 1e6
    times = [f"({millis(medians['status'])} / {millis(medians['true'])})" for medians in cost.values()]
    return [
        Row("status of 10 servers, / true", f"{ten:.2f} × {times[0]}", ten, 2.0),
        Row(f"status of {SERVERS} servers, / true", f"{many:.2f} × {times[1]}, {each:.0f} µs for each more"),
    ]


def size(sandbox):
    mebibytes = os.stat(sandbox.binary).st_size / 2**20
    return [Row("size of the release binary", f"{mebibytes:.2f} MiB", mebibytes, 2.0, "MiB")]


CASES = [
    closing,
    starting,
    running,
    logging,
    dying,
    idling,
    looking,
    size,
]
