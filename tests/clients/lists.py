"""Counts what stdio MCP servers have, as the official Python SDK lists it.

    lists.py < {"NAME": {"command": …, "args": […], "env": {…}}, …}

Prints {"NAME": {"tools": …, "prompts": …, "resources": …}, …}.
"""

import json
import sys

import anyio
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.types import METHOD_NOT_FOUND


async def count(list_page, key: str) -> int:
    found, cursor = 0, None
    while True:
        try:
            page = await list_page(cursor=cursor)
        except MCPError as error:
            if error.error.code == METHOD_NOT_FOUND:
                return 0
            raise
        found += len(getattr(page, key))
        if not (cursor := page.next_cursor):
            return found


async def main() -> None:
    counts = {}
    for name, server in json.load(sys.stdin).items():
        async with Client(stdio_client(StdioServerParameters(**server))) as client:
            pages = {"tools": client.list_tools, "prompts": client.list_prompts, "resources": client.list_resources}
            counts[name] = {key: await count(pages[key], key) for key in pages}
    print(json.dumps(counts))


anyio.run(main)
