"""How long it takes until nothing of a tree is left, whatever ended it.

The server is the one of the tests that is hard to end. All of its processes have a FIFO open: its reader sees a hang-up
once the last of them is gone.
"""

import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

from measure import Row, wait_until
from sandbox import PROJECT, say
from servers import Session

ROUNDS = 5
TREE = PROJECT / "tests/fixtures/tree"
# One in the group, one that left it, one that ignores SIGTERM, one that is stopped.
HARD = [word for name in ("child", "setsid", "deaf", "frozen") for word in ("--member", name)]


class Tree:
    """A server of which nothing may be left."""

    def __init__(self, sandbox, program, options):
        self.report, self.hold = sandbox.path("report"), sandbox.path("hold")
        for fifo in (self.report, self.hold):
            os.mkfifo(fifo)
        self.reports = os.open(self.report, os.O_RDWR)
        self.held = os.open(self.hold, os.O_RDONLY | os.O_NONBLOCK)
        self.command = [program, "--report", str(self.report), "--hold", str(self.hold), *options, "--ready"]

    def wait_ready(self):
        said = b""
        while b"leader " not in said:
            said += os.read(self.reports, 4096)

    def seconds_until_gone(self, end):
        """The time from an event to the end of the last process."""
        poll = select.poll()
        poll.register(self.held, 0)
        start = time.monotonic()
        end()
        if not poll.poll(60_000):
            raise RuntimeError(f"something of {' '.join(self.command)} is still alive")
        seconds = time.monotonic() - start
        os.close(self.held)
        os.close(self.reports)
        return seconds


class Shell:
    """A shell with a session, whose servers are `trees`."""

    def __init__(self, sandbox, trees):
        script = 'eval "$(mcp-hook open)"; read -r line; eval "$line"; read -r line'
        command = [shutil.which("sh"), "-c", script]
        self.process = subprocess.Popen(command, env=sandbox.environment(), stdin=subprocess.PIPE)
        starts = [f"mcp-hook start --no-wait s{number} -- {' '.join(tree.command)}" for number, tree in enumerate(trees)]
        self.process.stdin.write(("; ".join(starts) + "\n").encode())
        self.process.stdin.flush()
        for tree in trees:
            tree.wait_ready()

    def kill(self):
        self.process.kill()


def build_tree(sandbox):
    program = sandbox.path("tree")
    subprocess.run(["cc", "-O1", "-o", program, *sorted(TREE.glob("*.c"))], check=True)
    return str(program)


def by_shell(count):
    def timed(sandbox, program):
        trees = [Tree(sandbox, program, HARD) for _ in range(count)]
        shell = Shell(sandbox, trees)
        seconds = trees[0].seconds_until_gone(shell.kill)
        for tree in trees[1:]:
            seconds += tree.seconds_until_gone(lambda: None)
        shell.process.wait()
        shell.process.stdin.close()
        return seconds

    return timed


def by_stop(options):
    def timed(sandbox, program):
        session, tree = started(sandbox, program, options)
        seconds = tree.seconds_until_gone(session.stop_all)
        session.close()
        return seconds

    return timed


def by_signal(options, *victims):
    """SIGKILL of the keeper, of the supervisor, or of the server's first process."""

    def timed(sandbox, program):
        session, tree = started(sandbox, program, options, "--restart", "no")
        pid_file = session.pids / "x.pid"
        wait_until(pid_file.exists, "the server's pid")
        leader = int(pid_file.read_text("ascii"))
        supervisor = parent(leader)
        pids = {"leader": leader, "supervisor": supervisor, "keeper": parent(supervisor)}

        def kill():
            for victim in victims:
                os.kill(pids[victim], signal.SIGKILL)

        seconds = tree.seconds_until_gone(kill)
        session.close()
        return seconds

    return timed


def by_client(sandbox, program):
    """The client of `run` closes its end, and the server does not care."""
    tree = Tree(sandbox, program, HARD)
    command = [sandbox.binary, "run", "x", "--", *tree.command]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=sandbox.environment(), **streams) as client:
        tree.wait_ready()
        return tree.seconds_until_gone(client.stdin.close)


def started(sandbox, program, options, *how):
    session, tree = Session(sandbox), Tree(sandbox, program, options)
    session.start("x", *tree.command, how=how)
    tree.wait_ready()
    return session, tree


def parent(pid):
    # The name in parentheses may hold anything.
    return int(Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[1])


ENDINGS = [
    ("SIGKILL of the shell", by_shell(1), 2),
    ("SIGKILL of the shell of ten servers", by_shell(10), 3),
    ("stop of a server that leaves when it is asked to", by_stop(["--member", "child"]), 1),
    ("SIGKILL of a launcher above a server that leaves", by_signal(["--member", "child"], "leader"), 1),
    ("stop of one that ignores SIGTERM", by_stop(["--ignore-term"]), 3.5),
    ("SIGKILL of the supervisor", by_signal(HARD, "supervisor"), 0.1),
    ("SIGKILL of the supervisor of one that forks for ever", by_signal(["--member", "hydra"], "supervisor"), 1),
    ("SIGKILL of the supervisor of 2,000 daemons", by_signal(["--swarm", "2000"], "supervisor"), 2),
    ("SIGKILL of the keeper", by_signal(HARD, "keeper"), 0.1),
    ("SIGKILL of both, nobody escaped", by_signal(["--member", "child"], "keeper", "supervisor"), 0.25),
    ("run: end of its input, which the server ignores", by_client, 2),
]


def endings(sandbox):
    if not shutil.which("cc"):
        say("SKIPPED: the ends of trees, for want of a C compiler")
        return []
    program = build_tree(sandbox)
    rows = []
    for what, timed, limit in ENDINGS:
        worst = max(timed(sandbox, program) for _ in range(ROUNDS))
        rows.append(Row(f"until nothing is left: {what}", f"{worst:.3f} s, the worst of {ROUNDS}", worst, limit, "s"))
    return rows
