// @openai/agents-realtime: a session as an application of it lives, by either transport.
//
// `open(options)` connects and returns {session, transport, kinds, errors, heard, close};
// heard() tells how much sound has arrived, in a unit of its own.

import { Skipped, expect, until } from './judge.mjs';

const SHORT = 'Please say: one two three.';
const LONG = 'Please say all of these numbers: ' + Array.from({ length: 30 }, (_, n) => n + 101).join(' ');
const NO_CALL = 'the model answers in words where a tool was to be called; choose one that calls tools';
const CALL = 'Please call get_weather {"city": "Paris"}';

const words = (item) => (item.content ?? []).map((part) => part.transcript ?? part.text ?? '').join('');
const said = (talk, role) =>
  talk.session.history.filter((item) => item.type === 'message' && item.role === role);
const told = (talk) => [...new Set(talk.kinds)].join(', ') || 'no events';
const count = (talk, kind) => talk.kinds.filter((each) => each === kind).length;
const done = (talk, times) =>
  until(() => count(talk, 'response.done') >= times, `response.done, ${times} times`, () => told(talk));

async function withTalk(open, options, act) {
  const talk = await open(options);
  try {
    await act(talk);
    expect(talk.errors.length === 0, 'no errors in the session', talk.errors);
  } finally {
    await talk.close();
  }
}

export const turn = (open) => () =>
  withTalk(open, {}, async (talk) => {
    talk.session.sendMessage(SHORT);
    await done(talk, 1);
    await until(talk.heard, 'an answer that can be heard', () => told(talk));
    await until(
      () => said(talk, 'assistant')[0]?.status === 'completed',
      'a completed answer in the history',
      () => talk.session.history,
    );
    const [question] = said(talk, 'user');
    expect(words(question) === SHORT, 'the question in the history', question);
    const [answer] = said(talk, 'assistant');
    expect(words(answer).length > 3, 'its words in the history', answer);
    expect(talk.session.history.length === 2, 'two items in the history', talk.session.history);
  });

export const interrupt = (open, wanted) => () =>
  withTalk(open, {}, async (talk) => {
    talk.session.sendMessage(LONG);
    await until(talk.heard, 'an answer that can be heard', () => told(talk));
    talk.session.interrupt();
    await until(() => talk.kinds.includes(wanted), wanted, () => told(talk));
    await done(talk, 1);
    await until(
      () => said(talk, 'assistant')[0]?.status === 'incomplete',
      'an incomplete answer in the history',
      () => talk.session.history,
    );
    talk.session.sendMessage(SHORT);
    await done(talk, 2);
    await until(
      () => said(talk, 'assistant')[1]?.status === 'completed',
      'the next answer in the history',
      () => talk.session.history,
    );
  });

export const tool = (open, sdk) => () => {
  const asked = [];
  const weather = sdk.tool({
    name: 'get_weather',
    description: 'The weather in a city.',
    strict: false,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: true,
    },
    execute: async (given) => {
      asked.push(given.city);
      return 'sunny';
    },
  });
  return withTalk(open, { tools: [weather] }, async (talk) => {
    talk.session.sendMessage(CALL);
    const inWords = () => said(talk, 'assistant')[0]?.status === 'completed';
    await until(() => asked.length || inWords(), 'a call of the tool', () => told(talk));
    if (!asked.length) throw new Skipped(NO_CALL);
    expect(asked[0] === 'Paris', 'its argument, Paris', asked);
    await until(
      () => said(talk, 'assistant').some((item) => words(item).toLowerCase().includes('sunny')),
      'an answer that knows what the tool returned',
      () => talk.session.history,
    );
    const call = talk.session.history.find((item) => item.type === 'function_call');
    expect(call?.status === 'completed' && call.output, 'the call and its output', call ?? null);
  });
};

export const voice = (open) => () =>
  withTalk(open, {}, async (talk) => {
    await talk.speak();
    await done(talk, 1);
    await until(
      () => said(talk, 'user').some((item) => words(item)) && said(talk, 'assistant').length,
      'what was said in the history, and an answer',
      () => talk.session.history,
    );
  });

// `tells`: the application has to stop the sound, and is told to.
export const bargeIn = (open, tells = false) => () =>
  withTalk(open, {}, async (talk) => {
    let interrupted = 0;
    talk.session.on('audio_interrupted', () => { interrupted += 1; });
    talk.session.sendMessage(LONG);
    await until(talk.heard, 'an answer that can be heard', () => told(talk));
    await talk.speak();
    await until(() => interrupted || !tells, 'audio_interrupted from the SDK', () => told(talk));
    const truncated = 'conversation.item.truncated';
    await until(() => talk.kinds.includes(truncated), truncated, () => told(talk));
    await done(talk, 2);
    await until(
      () => said(talk, 'user').length === 2 && words(said(talk, 'user')[1]),
      'what was said in the history',
      () => talk.session.history,
    );
    const [cut] = said(talk, 'assistant');
    expect(cut?.status === 'incomplete', 'an incomplete answer in the history', cut ?? null);
  });

// A session of the SDK, and what its listeners hear.
export async function connected(sdk, transport, given, tools = [], apiKey = given.token) {
  const agent = new sdk.RealtimeAgent({ name: 'check', instructions: 'Be brief.', tools });
  const session = new sdk.RealtimeSession(agent, { transport, model: given.model });
  const kinds = [];
  const errors = [];
  transport.on('*', (event) => kinds.push(event.type));
  session.on('error', (error) => errors.push(JSON.stringify(error).slice(0, 300)));
  const began = performance.now();
  await session.connect({ apiKey, url: given.url });
  const seconds = (performance.now() - began) / 1000;
  expect(seconds < 4.5, 'session.updated before the SDK gives up waiting (5 s)', `${seconds} s`);
  return { session, transport, kinds, errors };
}
