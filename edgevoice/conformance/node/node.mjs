// Runs in Node. A line of JSON tells of the server; then one for each check, and one back.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import * as agents from './agents.mjs';
import * as openai from './openai.mjs';
import { Skipped, expect, report } from './judge.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const given = JSON.parse((await lines.next()).value);
const load = createRequire(given.modules + '/');
// A promise of the client that nobody waits for is reported by the check it belongs to, or not.
const stray = [];
process.on('unhandledRejection', (error) => stray.push(String(error?.stack ?? error)));

const [major] = process.versions.node.split('.').map(Number);
const tooOld = major < 20 && `Node ${process.versions.node} is too old for OpenAI's packages: 20 or newer`;
const sdk = tooOld ? {} : load('@openai/agents-realtime');
const url = `${given.socket}?model=${encodeURIComponent(given.model)}`;

async function open({ tools }) {
  const transport = new sdk.OpenAIRealtimeWebSocket({ url });
  let bytes = 0;
  transport.on('audio', (event) => { bytes += event.data.byteLength; });
  const talk = await agents.connected(sdk, transport, { ...given, url }, tools);
  return { ...talk, heard: () => bytes > 4800, close: () => talk.session.close() };
}

async function turn() {
  if (!given.api.startsWith('https:')) throw new Skipped('this client speaks TLS only (wss://)');
  const { OpenAI } = load('openai');
  const { OpenAIRealtimeWS } = load('openai/realtime/ws');
  const client = new OpenAI({ apiKey: given.token, baseURL: given.api });
  const connection = new OpenAIRealtimeWS({ model: given.model }, client);
  const came = [];
  const errors = [];
  connection.on('event', (event) => came.push(event));
  connection.on('error', (error) => errors.push(String(error)));
  try {
    await openai.turn((event) => {
      if (connection.socket.readyState === 1) connection.send(event);
      else connection.socket.once('open', () => connection.send(event));
    }, came, errors);
  } finally {
    connection.close();
  }
}

const checks = {
  'agents-node.turn': agents.turn(open),
  'agents-node.interrupt': agents.interrupt(open, 'conversation.item.truncated'),
  'agents-node.tool': agents.tool(open, sdk),
  'openai-node.turn': turn,
};

for await (const line of lines) {
  const answer = tooOld ? { skipped: tooOld } : await report(checks[JSON.parse(line).check]);
  if (stray.length && !answer.expected) {
    Object.assign(answer, { expected: 'no stray exceptions in the client', came: stray[0] });
  }
  stray.length = 0;
  process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit(0);
