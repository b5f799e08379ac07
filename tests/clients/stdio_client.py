"""Drives one stdio MCP server through the official Python SDK.

    stdio_client.py [--stateless] COMMAND [ARGUMENT…]

By default in the era of the handshake, else in the one of 2026-07-28. Speaks JSON lines with the test, the same in every client
of this folder:

    out  {"event": "tools", "names": […]}      after the handshake
    in   {"do": "call", "tool": …, "arguments": {…}}
    out  {"event": "text", "text": …}          what the tool answered
    out  {"event": "error", "code": …, "message": …, "data": …}
    out  {"event": "eof", "cause": …}          the server has gone
    in   {"do": "listen", "uri": …}            to changes of the list of tools, and of a resource if there is a URI
    out  {"event": "listening"}
    out  {"event": "changed"}                  the list of tools may have changed
    out  {"event": "updated", "uri": …}        the resource has
    in   {"do": "close"}                       close as the SDK does
    out  {"event": "closed"}                   the SDK has finished closing
"""

import json
import sys

import anyio
import anyio.to_thread
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.subscriptions import ResourceUpdated, ToolsListChanged
from mcp.types import CONNECTION_CLOSED, ResourceUpdatedNotification, ToolListChangedNotification


def tell(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def answer_of(result) -> str:
    return "".join(part.text for part in result.content if part.type == "text")


async def call(client: Client, order: dict) -> None:
    try:
        result = await client.call_tool(order["tool"], order["arguments"])
        tell("text", text=answer_of(result))
    except MCPError as error:
        if error.error.code == CONNECTION_CLOSED:
            tell("eof", cause=str(error))
        else:
            tell("error", code=error.error.code, message=error.error.message, data=error.error.data)
    except (anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
        tell("eof", cause=str(error))


class Listener:
    """Tells of changes once it has been told to listen."""

    def __init__(self) -> None:
        self.is_listening = False

    async def notified(self, message) -> None:
        if not self.is_listening:
            return
        if isinstance(message, ToolListChangedNotification):
            tell("changed")
        elif isinstance(message, ResourceUpdatedNotification):
            tell("updated", uri=str(message.params.uri))

    async def listen(self, client: Client, order: dict) -> None:
        self.is_listening = True
        if uri := order.get("uri"):
            await client.subscribe_resource(uri)
        tell("listening")


async def subscribe(client: Client, order: dict) -> None:
    uris = [order["uri"]] if order.get("uri") else []
    async with client.listen(tools_list_changed=True, resource_subscriptions=uris) as events:
        tell("listening")
        async for event in events:
            if isinstance(event, ToolsListChanged):
                tell("changed")
            elif isinstance(event, ResourceUpdated):
                tell("updated", uri=str(event.uri))


async def obey(client: Client, listen) -> None:
    """Carries out orders until told to close; calls run beside each other."""
    async with anyio.create_task_group() as tasks:
        while line := await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
            order = json.loads(line)
            if order["do"] == "close":
                break
            tasks.start_soon(call if order["do"] == "call" else listen, client, order)
        tasks.cancel_scope.cancel()


async def main() -> None:
    words = sys.argv[1:]
    is_stateless = words[0] == "--stateless"
    command, *arguments = words[is_stateless:]
    server = stdio_client(StdioServerParameters(command=command, args=arguments))
    listener = Listener()
    mode = "auto" if is_stateless else "legacy"
    async with Client(server, mode=mode, message_handler=listener.notified) as client:
        listed = await client.list_tools()
        tell("tools", names=[tool.name for tool in listed.tools])
        await obey(client, subscribe if is_stateless else listener.listen)
    tell("closed")


anyio.run(main)
