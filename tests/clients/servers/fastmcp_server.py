"""A server on FastMCP, which speaks both eras: `pid` tells its process, `die` ends it in the middle of the call.

    fastmcp_server.py [http | sse]

Over HTTP it listens on MCP_PORT.
"""

import os
import signal
import sys

from fastmcp import FastMCP

server = FastMCP("fastmcp")


@server.tool
def pid() -> str:
    return str(os.getpid())


@server.tool
def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if len(sys.argv) > 1:
    server.run(transport=sys.argv[1], port=int(os.environ["MCP_PORT"]), show_banner=False)
else:
    server.run(show_banner=False)
