"""What a start by `npx` or `uvx` costs, and the same without them through mcp-hook: real servers, from the tests' cache."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure import Row, in_turns, millis, wait_until
from sandbox import PROJECT, say
from servers import Session, memory

TESTS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcp-hook-tests"
NPX = ["npx", "-y", "@modelcontextprotocol/server-memory@2026.8.31"]
UVX = ["uvx", "mcp-server-time"]
ROUNDS = 9
# Of many servers at once.
ROUNDS_OF_MANY = 3
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "benches", "version": "0"}},
}


class Client:
    """A client that starts a server and has the answer to `initialize`."""

    def __init__(self, words, env):
        self.began = time.monotonic()
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(words, env=env, cwd=env["HOME"], **streams)
        self.process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self):
        """The time until the answer, in seconds."""
        line = self.process.stdout.readline()
        assert b'"result"' in line, line
        return time.monotonic() - self.began

    def tree(self):
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                queue += map(int, (task / "children").read_text("ascii").split())
        return found

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Way:
    """One way to start servers, and what it took."""

    def __init__(self, commands, env):
        self.commands, self.env = commands, env
        self.processes, self.pss = [], []

    def start(self):
        """Starts all of them at once; the time until each has answered."""
        clients = [Client(command, self.env) for command in self.commands]
        seconds = max(client.answer() for client in clients)
        pids = [pid for client in clients for pid in client.tree()]
        self.processes.append(len(pids))
        self.pss.append(sum(memory(pid, "Pss") for pid in pids))
        for client in clients:
            client.close()
        return seconds


class Registry:
    """The registry of the tests."""

    def __init__(self):
        program = [sys.executable, PROJECT / "tests/fixtures/registry.py", TESTS / "servers"]
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = f"http://127.0.0.1:{self.process.stdout.readline().strip()}/"

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def launchers(sandbox):
    missing = [program for program in ("node", "npx") if shutil.which(program) is None]
    if missing or not (TESTS / "version").exists():
        say(f"SKIPPED: starts by launchers, which need {', '.join(missing) or 'what .ci/install installs'}")
        return []
    registry = Registry()
    rows = []
    try:
        session = Session(sandbox, environment(sandbox, registry))
        learn(session)
        for what, servers in {
            "npx with an exact version": [NPX],
            "uvx": [UVX],
            "ten servers at once, five of npx and five of uvx": [NPX] * 5 + [UVX] * 5,
        }.items():
            rows += compared(session, what, servers)
        session.close()
    finally:
        registry.close()
    return rows


def environment(sandbox, registry):
    """Where npm and uv find all that they need without a network."""
    env = sandbox.environment()
    places = [TESTS / "python/bin", Path(shutil.which("node")).parent, Path(shutil.which("npx")).parent]
    env["PATH"] = ":".join([str(sandbox.bin), *map(str, places), "/usr/local/bin", "/usr/bin", "/bin"])
    home = Path(env["HOME"])
    (home / ".npmrc").write_text(f"registry={registry.address}\nupdate-notifier=false\n", "ascii")
    settings = home / ".config/uv/uv.toml"
    settings.parent.mkdir(parents=True)
    shutil.copy(TESTS / "uv.toml", settings)
    return env


def hooked(session, server, number):
    return [session.sandbox.binary, "run", f"s{number}", "--launcher", "direct", "--", *server]


def learn(session):
    """Has the launchers fetch the servers, and uvx tell what it runs."""
    notes = Path(session.env["HOME"]) / ".local/state/mcp-hook/launches"
    for server in (NPX, UVX):
        client = Client(hooked(session, server, 0), session.env)
        client.answer()
        if server is UVX:
            wait_until(lambda: has_told(notes), "what uvx runs")
        client.close()


def has_told(notes):
    return any('"environment"' in note.read_text("utf-8") for note in notes.glob("*.json"))


def compared(session, what, servers):
    with_hook = Way([hooked(session, server, number) for number, server in enumerate(servers)], session.env)
    alone = Way(servers, session.env)
    rounds = ROUNDS if len(servers) == 1 else ROUNDS_OF_MANY
    medians = in_turns(rounds, hook=with_hook.start, alone=alone.start)
    ratio = medians["hook"] / medians["alone"]
    text = f"{ratio:.2f} × ({millis(medians['hook'])} / {millis(medians['alone'])})"
    pss = [statistics.median(way.pss) / 1024 for way in (with_hook, alone)]
    shares = f"{pss[0] / pss[1]:.2f} × ({pss[0]:.0f} / {pss[1]:.0f} MiB)"
    processes = [statistics.median(way.processes) for way in (with_hook, alone)]
    return [
        Row(f"{what}: to the answer of initialize, through mcp-hook / without", text, ratio, 1.0),
        Row("  memory of all processes (PSS)", shares, pss[0] / pss[1], 1.0),
        Row("  processes, two of mcp-hook for each among them", f"{processes[0]:.0f} / {processes[1]:.0f}"),
    ]
