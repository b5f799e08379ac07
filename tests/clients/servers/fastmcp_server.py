"""A server on FastMCP, which speaks both eras: `pid` tells its process, `die` ends it in the middle of the call."""

import os
import signal

from fastmcp import FastMCP

server = FastMCP("fastmcp")


@server.tool
def pid() -> str:
    return str(os.getpid())


@server.tool
def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


server.run(show_banner=False)
