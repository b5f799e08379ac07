// Drives one stdio MCP server through version 2 of the official TypeScript SDK, in the era of 2026-07-28:
//     stateless_client.mjs COMMAND [ARGUMENT…]
// The JSON lines it speaks with the test are described in stdio_client.py.

import { createInterface } from "node:readline";
import { Client, ProtocolError } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const tell = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }));

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "mcp-hook-tests", version: "0" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });

await client.connect(new StdioClientTransport({ command, args }));
const { tools } = await client.listTools();
tell("tools", { names: tools.map((tool) => tool.name) });

const call = (order) =>
  client
    .callTool({ name: order.tool, arguments: order.arguments })
    .then(({ content }) => tell("text", { text: content.map((part) => part.text ?? "").join("") }))
    .catch((error) => {
      if (error instanceof ProtocolError) tell("error", { code: error.code, message: error.message, data: error.data });
      else tell("eof", { cause: error.message });
    });

const listen = async ({ uri }) => {
  client.setNotificationHandler("notifications/tools/list_changed", () => tell("changed"));
  client.setNotificationHandler("notifications/resources/updated", ({ params }) => tell("updated", { uri: params.uri }));
  await client.listen({ toolsListChanged: true, ...(uri && { resourceSubscriptions: [uri] }) });
  tell("listening");
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if (order.do === "close") break;
  if (order.do === "call") call(order);
  else await listen(order);
}
await client.close();
tell("closed");
process.exit(0);
