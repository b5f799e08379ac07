"""What the benchmarks stand on: whole processes on pipes and terminals, timed in turns, and a table.

Machines are shared and their speed drifts. So what is compared is run in turns, and what is reported is the ratio of
two medians of the same turns.
"""

import os
import pty
import select
import signal
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

NULL = "/dev/null"


@dataclass
class Row:
    """One line of the table. `limit` and `value` are in the same unit; a row without a limit only informs."""

    what: str
    measured: str
    value: float | None = None
    limit: float | None = None
    unit: str = "×"

    def cells(self):
        if self.limit is None:
            return self.what, self.measured, "", ""
        sign = "=" if self.limit == 0 else "≤"
        return self.what, self.measured, f"{sign} {self.limit:g} {self.unit}", "met" if self.is_met() else "NOT MET"

    def is_met(self):
        return self.limit is None or (self.value is not None and self.value <= self.limit)


def show(rows):
    """Prints the table and says how many aims were missed."""
    heads = ("what", "measured", "aim", "")
    table = [heads, *(row.cells() for row in rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(heads))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    missed = sum(not row.is_met() for row in rows)
    print(f"\n{missed} of {sum(row.limit is not None for row in rows)} aims missed")
    return missed


def in_turns(rounds, **cases):
    """Runs each case once a round, in an order that rotates, after one round that does not count.

    Returns the median of each, in seconds.
    """
    times = {name: [] for name in cases}
    names = list(cases)
    for number in range(-1, rounds):
        shift = number % len(names)
        for name in names[shift:] + names[:shift]:
            seconds = cases[name]()
            if number >= 0:
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def millis(seconds):
    return f"{seconds * 1000:.2f} ms"


def spawn(arguments, env, actions=(), **attributes):
    """Starts a program with the streams that `actions` give it; the rest is /dev/null."""
    files = [(os.POSIX_SPAWN_OPEN, fd, NULL, os.O_RDWR, 0) for fd in (0, 1, 2)]
    return os.posix_spawn(arguments[0], arguments, env, file_actions=[*files, *actions], **attributes)


def run(arguments, env):
    """The time from the start of a program to its end."""
    start = time.monotonic()
    os.waitpid(spawn(arguments, env), 0)
    return time.monotonic() - start


def output(arguments, env):
    """What a program prints; fails loudly."""
    done = subprocess.run(arguments, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def on_terminal(arguments, env, typed):
    """The life of a program on a terminal of its own, on which `typed` has been typed ahead."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)
    os.write(master, typed)
    actions = [
        (os.POSIX_SPAWN_CLOSE, master),
        (os.POSIX_SPAWN_OPEN, 0, name, os.O_RDWR, 0),
        (os.POSIX_SPAWN_DUP2, 0, 1),
        (os.POSIX_SPAWN_DUP2, 0, 2),
    ]
    start = time.monotonic()
    pid = os.posix_spawn(arguments[0], arguments, env, file_actions=actions, setsid=True)
    os.close(slave)
    pidfd = os.pidfd_open(pid)
    printed = read_until_exit(master, pidfd)
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - start
    os.close(master)
    os.close(pidfd)
    if status != 0:
        raise RuntimeError(f"{' '.join(arguments)}: wait status {status}\n{printed.decode(errors='replace')}")
    return seconds


def read_until_exit(master, pidfd):
    """Reads what appears on a terminal, so that nobody has to wait for a reader, until a process has ended."""
    poll = select.poll()
    poll.register(master, select.POLLIN)
    poll.register(pidfd, select.POLLIN)
    printed = b""
    deadline = time.monotonic() + 20
    while True:
        ready = {fd for fd, _ in poll.poll(1000)}
        if pidfd in ready:
            return printed
        if master in ready:
            try:
                printed += os.read(master, 65536)
            except OSError:
                poll.unregister(master)
        if time.monotonic() > deadline:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def wait_until(is_true, what, seconds=30):
    """Waits for something that no event tells of."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain: {what}")
        time.sleep(0.01)


class Fifo:
    """A FIFO on which a probe reports."""

    def __init__(self, path):
        self.path = Path(path)
        os.mkfifo(self.path)
        # Open for writing too, so that reading does not end between two probes.
        self.stream = os.fdopen(os.open(self.path, os.O_RDWR), "r", encoding="ascii", buffering=1)

    def seconds(self):
        """When the next event happened, on the monotonic clock."""
        return int(self.stream.readline()) / 1e9
