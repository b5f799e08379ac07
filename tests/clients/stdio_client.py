"""Drives one stdio MCP server through the official Python SDK.

    stdio_client.py COMMAND [ARGUMENT…]

Speaks JSON lines with the test, the same in every client of this folder:

    out  {"event": "tools", "names": […]}      after the handshake
    in   {"do": "call", "tool": …, "arguments": {…}}
    out  {"event": "text", "text": …}          what the tool answered
    out  {"event": "eof", "cause": …}          the server has gone
    in   {"do": "close"}                       close as the SDK does
    out  {"event": "closed"}                   the SDK has finished closing
"""

import json
import sys

import anyio
import anyio.to_thread
from mcp import Client, MCPError, StdioServerParameters, stdio_client


def tell(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def answer_of(result) -> str:
    return "".join(part.text for part in result.content if part.type == "text")


async def call(client: Client, order: dict) -> None:
    try:
        result = await client.call_tool(order["tool"], order["arguments"])
        tell("text", text=answer_of(result))
    except (MCPError, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
        tell("eof", cause=str(error))


async def obey(client: Client) -> None:
    """Carries out orders until told to close; calls run beside each other."""
    async with anyio.create_task_group() as calls:
        while line := await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
            order = json.loads(line)
            if order["do"] == "close":
                break
            calls.start_soon(call, client, order)
        calls.cancel_scope.cancel()


async def main() -> None:
    command, *arguments = sys.argv[1:]
    server = StdioServerParameters(command=command, args=arguments)
    async with Client(stdio_client(server), mode="legacy") as client:
        listed = await client.list_tools()
        tell("tools", names=[tool.name for tool in listed.tools])
        await obey(client)
    tell("closed")


anyio.run(main)
