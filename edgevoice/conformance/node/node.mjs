// Runs in Node. A line of JSON tells of the server; then one for each check, and one back.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import * as agents from './agents.mjs';
import * as openai from './openai.mjs';
import { Skipped, pause, report, stray } from './judge.mjs';

// semantic_vad waits for 4 s at most, unless it is told otherwise.
const SILENCE_S = 5;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const given = JSON.parse((await lines.next()).value);
const load = createRequire(given.modules + '/');
for (const kind of ['unhandledRejection', 'uncaughtException']) {
  process.on(kind, (error) => stray.push(String(error?.stack ?? error).slice(0, 300)));
}

const [major] = process.versions.node.split('.').map(Number);
const tooOld = major < 20 && `Node ${process.versions.node} is too old for OpenAI's packages: 20 or newer`;
const sdk = tooOld ? {} : load('@openai/agents-realtime');
const url = `${given.socket}?model=${encodeURIComponent(given.model)}`;

async function open({ tools }) {
  const transport = new sdk.OpenAIRealtimeWebSocket({ url });
  let bytes = 0;
  transport.on('audio', (event) => { bytes += event.data.byteLength; });
  const talk = await agents.connected(sdk, transport, { ...given, url }, tools);
  const speak = async () => {
    for (const block of speech()) {
      transport.sendAudio(block);
      await pause(0.02);
    }
  };
  return { ...talk, speak, heard: () => bytes > 4800, close: () => talk.session.close() };
}

// 24 kHz in blocks of 0.1 s, from a WAV file of 16 kHz, and the silence that ends a turn.
function* speech() {
  const file = readFileSync(given.speech);
  const start = file.indexOf('data') + 8;
  const spoken = new Int16Array(file.buffer.slice(file.byteOffset + start, file.byteOffset + file.length));
  const samples = new Int16Array(Math.floor(spoken.length * 1.5) + SILENCE_S * 24000);
  for (let at = 0; at < spoken.length * 1.5 - 2; at += 1) {
    const from = Math.floor(at / 1.5);
    const part = at / 1.5 - from;
    samples[at] = spoken[from] * (1 - part) + spoken[from + 1] * part;
  }
  for (let at = 0; at < samples.length; at += 2400) yield samples.slice(at, at + 2400).buffer;
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
  'agents-node.voice': agents.voice(open),
  'agents-node.barge-in': agents.bargeIn(open, true),
  'openai-node.turn': turn,
};

for await (const line of lines) {
  const { check } = JSON.parse(line);
  const answer = { check, ...(tooOld ? { skipped: tooOld } : await report(checks[check])) };
  process.stdout.write(JSON.stringify(answer) + '\n');
}
process.exit(0);
