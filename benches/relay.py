"""What the relay of `run` costs the messages that pass through it."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from measure import Row, in_turns, millis, spawn
from sandbox import CACHE, say
from servers import memory, wake_ups

# A wrapper that starts servers again, too; it hands on the server's output line by line, and the input as it is.
WRAPPER = "mcpmon==1.0.1"
CALLS = 2_000
LARGE = 64
KINDS = ("text", "objects")
IDLE = 10


class Client:
    """A client on two pipes."""

    def __init__(self, command, env):
        (stdin, self.input), (self.output, stdout) = os.pipe(), os.pipe()
        self.pid = spawn(command, env, [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, stdout, 1)])
        os.close(stdin)
        os.close(stdout)
        self.calls = 0
        self.ask("initialize")

    def say(self, method):
        self.calls += 1
        os.write(self.input, b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":{}}\n' % (self.calls, method.encode()))

    def ask(self, method):
        """The answer to a call."""
        self.say(method)
        answer = os.read(self.output, 1 << 16)
        while not answer.endswith(b"\n"):
            answer += os.read(self.output, 1 << 16)
        return answer

    def call(self):
        """How long a call and its answer take, in seconds."""
        start = time.monotonic()
        self.ask("tools/call")
        return time.monotonic() - start

    def large(self, kind):
        """How long a large answer takes, in seconds."""
        start = time.monotonic()
        self.say(f"{kind}/{LARGE << 20}")
        while not os.read(self.output, 1 << 20).endswith(b"\n"):
            pass
        return time.monotonic() - start

    def below(self, pid=None):
        """The processes below it, parents first."""
        children = Path(f"/proc/{pid or self.pid}/task/{pid or self.pid}/children").read_text("ascii").split()
        return [found for child in map(int, children) for found in [child, *self.below(child)]]

    def close(self):
        os.close(self.input)
        if not wait_end(self.pid):
            # Another wrapper may not notice the end of its input.
            os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self.output)


def wait_end(pid):
    """Whether a process ends within a moment."""
    pidfd = os.pidfd_open(pid)
    is_over = select.select([pidfd], [], [], 3)[0]
    os.close(pidfd)
    return is_over


def wrapper():
    """Another wrapper, installed once into a cache; None where that does not work."""
    place = CACHE / "wrapper"
    program = place / "bin/mcpmon"
    if not program.exists():
        say(f"installing {WRAPPER}, to compare with (once) …")
        for command in ([sys.executable, "-m", "venv", place], [place / "bin/pip", "-q", "install", WRAPPER]):
            if subprocess.run(command, check=False).returncode != 0:
                return None
    return str(program)


def commands(sandbox):
    """The ways between a client and a server, by name."""
    server = [sandbox.probe, "answer"]
    ways = {
        "alone": server,
        "direct": [sandbox.binary, "run", "--direct", "direct", "--", *server],
        "relay": [sandbox.binary, "run", "relay", "--", *server],
        "cat": ["/bin/sh", "-c", f"cat | {' '.join(server)} | cat"],
    }
    if program := wrapper():
        ways["mcpmon"] = [program, "--watch", str(sandbox.home), "--", *server]
    else:
        say(f"SKIPPED: the comparison with {WRAPPER}, which could not be installed")
    return ways


def relaying(sandbox):
    """A call and its answer, and large answers."""
    clients = {name: Client(command, sandbox.environment()) for name, command in commands(sandbox).items()}
    calls = in_turns(CALLS, **{name: client.call for name, client in clients.items()})
    added = (calls["relay"] - calls["direct"]) * 1e6
    text = ", ".join(f"{name} {seconds * 1e6:.0f} µs" for name, seconds in calls.items())
    rows = [Row("a call and its answer: what the relay adds to --direct", f"{added:.0f} µs ({text})", added, 60, "µs")]
    for name in [name for name in calls if name in ("cat", "mcpmon")]:
        ratio = calls["relay"] / calls[name]
        rows.append(Row(f"a call and its answer, / {name}", f"{ratio:.2f} ×"))
    for kind in KINDS:
        rows += large_rows(clients, kind)
    for client in clients.values():
        client.close()
    return rows


def large_rows(clients, kind):
    of = {name: lambda client=client: client.large(kind) for name, client in clients.items()}
    seconds = in_turns(9, **of)
    gigabytes = (LARGE << 20) / 1e9
    rates = ", ".join(f"{name} {gigabytes / median:.2f} GB/s" for name, median in seconds.items())
    each = seconds["relay"] / gigabytes
    ratio = seconds["relay"] / seconds["cat"]
    text = f"{each:.2f} s, {ratio:.2f} × of cat ({rates})"
    return [Row(f"run: a GB of answers of {LARGE} MiB, {kind}", text, each, 1, "s")]


def relay_idling(sandbox):
    """What it holds, and whether it wakes up, once it has worked."""
    ways = commands(sandbox)
    private, woken = {}, {}
    for name in ("direct", "relay"):
        client = Client(ways[name], sandbox.environment())
        for _ in range(CALLS):
            client.call()
        for kind in KINDS:
            client.large(kind)
        supervisor = client.below()[0]
        # What it looks at while a server starts is over, and memory that a start needed has been given back.
        time.sleep(7)
        before = wake_ups(supervisor)
        time.sleep(IDLE)
        woken[name] = wake_ups(supervisor) - before
        private[name] = memory(supervisor, "Private_Dirty")
        client.close()
    added = private["relay"] - private["direct"]
    text = f"{added} KiB ({private['relay']} / {private['direct']} KiB)"
    return [
        Row("run: private dirty memory that the relay adds", text, added, 64, "KiB"),
        Row(f"run: wake-ups of an idle relay in {IDLE} s", f"{woken['relay']}", woken["relay"], 0, "wake-ups"),
    ]


def recovering(sandbox):
    """From the SIGKILL of a server to the next answer, and from nothing to the first."""
    ways = commands(sandbox)

    def start():
        begin = time.monotonic()
        client = Client(ways["alone"], sandbox.environment())
        seconds = time.monotonic() - begin
        client.close()
        return seconds

    def recover():
        client = Client(ways["relay"], sandbox.environment())
        os.kill(client.below()[-1], signal.SIGKILL)
        begin = time.monotonic()
        # A call that crosses the end is answered with an error.
        while b"mcp-hook" in client.ask("tools/call"):
            pass
        seconds = time.monotonic() - begin
        client.close()
        return seconds

    medians = in_turns(9, start=start, recover=recover)
    text = f"{millis(medians['recover'])}, the server's own start {millis(medians['start'])}"
    return [Row("run: from SIGKILL of a server to the next answer", text)]


CASES = [relaying, relay_idling, recovering]
