// npm `openai`: one turn, as typed events, by either of its Realtime clients.

import { expect, until } from './judge.mjs';

const QUESTION = {
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text: 'Please say: one two three.' }],
};

// `send(event)`, and the growing lists of events that `came` and of the client's `errors`.
export async function turn(send, came, errors) {
  const told = () => errors[0] ?? ([...new Set(came.map((event) => event.type))].join(', ') || 'no events');
  const wait = (kind) =>
    until(() => came.find((event) => event.type === kind), kind, told);
  await wait('session.created');
  send({ type: 'conversation.item.create', item: QUESTION });
  send({ type: 'response.create' });
  const { response } = await wait('response.done');
  expect(response.status === 'completed', 'a completed response', response);
  const spoken = response.output[0]?.content?.[0]?.transcript ?? '';
  const deltas = came.filter((event) => event.type === 'response.output_audio_transcript.delta');
  const whole = deltas.map((event) => event.delta).join('');
  expect(errors.length === 0, 'no errors in the client', errors);
  expect(spoken && spoken === whole, 'the words of the deltas in response.output', spoken);
}
