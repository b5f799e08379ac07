"""A server on the official Python SDK, with one tool, one prompt and one resource: `pid` tells its process.

    sdk_server.py [streamable-http | sse]

Over HTTP it listens on MCP_PORT.
"""

import os
import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("sdk")


@server.tool()
def pid() -> str:
    """Tells the process of this server."""
    return str(os.getpid())


@server.prompt()
def greet(name: str) -> str:
    """Greets somebody."""
    return f"Say hello to {name}."


@server.resource("note://one")
def note() -> str:
    """A note."""
    return "one"


if len(sys.argv) > 1:
    server.run(transport=sys.argv[1], port=int(os.environ["MCP_PORT"]))
else:
    server.run()
