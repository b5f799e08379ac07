"""Lists the tools of a streamable HTTP MCP server through the official Python SDK.

    http_client.py URL
"""

import json
import sys

import anyio
from mcp import Client


async def main() -> None:
    async with Client(sys.argv[1]) as client:
        listed = await client.list_tools()
    print(json.dumps([tool.name for tool in listed.tools]))


anyio.run(main)
