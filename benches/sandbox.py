"""A home and a runtime directory of the benchmarks' own, as on a desktop: the one on disk, the other in memory."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcp-hook-benches"
TRUE = shutil.which("true")


def say(text):
    print(text, file=sys.stderr, flush=True)


def build():
    """The release binary; built if need be."""
    command = ["cargo", "build", "--release", "--locked", "--message-format=json-render-diagnostics"]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True)
    messages = map(json.loads, done.stdout.splitlines())
    return Path(next(message["executable"] for message in messages if message.get("executable")))


def build_probe(directory):
    """A server that does nothing but say when its first instruction runs."""
    directory.mkdir()
    source, probe = PROJECT / "benches/probe/probe.rs", directory / "probe"
    flags = ["--edition=2024", "-O", "-Ctarget-feature=+crt-static", "-Crelocation-model=static"]
    subprocess.run(["rustc", *flags, "-o", probe, source], check=True)
    return probe


def install(program, place):
    """A copy, as people have: of a file that a linker has just written in pieces, Linux keeps smaller pieces in memory."""
    return str(shutil.copy(program, place))


def zoxide():
    """zoxide, installed once into a cache; None where that does not work."""
    program = shutil.which("zoxide") or shutil.which("zoxide", path=CACHE / "zoxide/bin")
    if program is None:
        say("installing zoxide, to compare with (once) …")
        command = ["cargo", "install", "--quiet", "--locked", "--root", CACHE / "zoxide", "zoxide"]
        if subprocess.run(command, cwd="/", check=False).returncode == 0:
            program = shutil.which("zoxide", path=CACHE / "zoxide/bin")
    return program


class Sandbox:
    """Files and environment of one run; removed at the end of it."""

    def __init__(self, binary):
        self.home = Path(tempfile.mkdtemp(prefix="mcp-hook-bench-"))
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.runtime = Path(tempfile.mkdtemp(prefix="mcp-hook-bench-", dir=memory))
        self.bin = self.home / "bin"
        self.bin.mkdir()
        self.binary = install(binary, self.bin / "mcp-hook")
        self.probe = install(build_probe(self.home / "built"), self.home / "probe")
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.home)
        shutil.rmtree(self.runtime)

    def environment(self, **more):
        """What a terminal gives a shell, and a runtime directory that nobody has used yet."""
        self.count += 1
        runtime = self.runtime / str(self.count)
        runtime.mkdir(mode=0o700)
        path = f"{self.bin}:/usr/local/bin:/usr/bin:/bin"
        home = self.home / str(self.count)
        home.mkdir(mode=0o700)
        standard = {"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "PATH": path, "TERM": "dumb", "LANG": "C.UTF-8"}
        return {**standard, **more}

    def path(self, name):
        """A path in the sandbox that nobody has used yet."""
        self.count += 1
        return self.home / f"{name}-{self.count}"

    def where(self):
        """Where the two directories lie, for the reader of the figures."""
        kinds = [file_system(directory) for directory in (self.runtime, self.home)]
        return f"runtime directory on {kinds[0]}, home on {kinds[1]}"


def file_system(directory):
    """The type of the file system that a directory is on."""
    done = subprocess.run(["stat", "-f", "-c", "%T", directory], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "an unknown file system"
