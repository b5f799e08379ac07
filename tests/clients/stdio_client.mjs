// Drives one stdio MCP server through the official TypeScript SDK:
//     stdio_client.mjs COMMAND [ARGUMENT…]
// The JSON lines it speaks with the test are described in stdio_client.py. It runs from beside the installed SDK, because
// that is where Node looks for it. This SDK knows the era of the handshake only; stateless_client.mjs drives its successor.

import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  ErrorCode,
  McpError,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

const tell = (event, fields = {}) => console.log(JSON.stringify({ event, ...fields }));

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "mcp-hook-tests", version: "0" });

await client.connect(new StdioClientTransport({ command, args }));
const { tools } = await client.listTools();
tell("tools", { names: tools.map((tool) => tool.name) });

const call = (order) =>
  client
    .callTool({ name: order.tool, arguments: order.arguments })
    .then(({ content }) => tell("text", { text: content.map((part) => part.text ?? "").join("") }))
    .catch((error) => {
      if (!(error instanceof McpError) || error.code === ErrorCode.ConnectionClosed) tell("eof", { cause: error.message });
      else tell("error", { code: error.code, message: error.message, data: error.data });
    });

const listen = async ({ uri }) => {
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => tell("changed"));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => tell("updated", { uri: params.uri }));
  if (uri) await client.subscribeResource({ uri });
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
