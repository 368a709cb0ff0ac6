// Runs in the browser: asks where it comes from for checks, makes them, reports.

import * as agents from './agents.mjs';
import * as openai from './openai.mjs';
import { expect, pause, report, stray, until } from './judge.mjs';
import * as sdk from '/modules/@openai/agents-realtime/dist/bundle/openai-realtime-agents.mjs';
import { OpenAIRealtimeWebRTC } from '/modules/openai/realtime/webrtc.mjs';

addEventListener('error', (event) => stray.push(String(event.error?.stack ?? event.message)));
addEventListener('unhandledrejection', (event) => stray.push(String(event.reason)));

const given = await (await fetch('/given')).json();
const callsUrl = `${given.api}/realtime/calls`;
const sounds = new AudioContext();
const speech = await sounds.decodeAudioData(await (await fetch('/speech.wav')).arrayBuffer());

// A microphone in a silent room, in which somebody speaks when told to.
function microphone() {
  const room = sounds.createMediaStreamDestination();
  // Without a source Chromium sends nothing at all; a microphone never ends.
  const silence = new ConstantSourceNode(sounds, { offset: 0 });
  silence.connect(room);
  silence.start();
  const speak = async () => {
    const source = new AudioBufferSourceNode(sounds, { buffer: speech });
    source.connect(room);
    source.start();
    await pause(speech.duration);
  };
  return { stream: room.stream, speak };
}

async function energy(connection) {
  let total = 0;
  (await connection.getStats()).forEach((entry) => {
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') total += entry.totalAudioEnergy;
  });
  return total;
}

async function open({ tools, apiKey }) {
  const { stream, speak } = microphone();
  const transport = new sdk.OpenAIRealtimeWebRTC({
    mediaStream: stream,
    audioElement: new Audio(),
    baseUrl: callsUrl,
    useInsecureApiKey: !apiKey,
  });
  const talk = await agents.connected(sdk, transport, given, tools, apiKey);
  const { peerConnection } = transport.connectionState;
  expect(/^rtc_/.test(transport.callId ?? ''), 'a call id read from Location', transport.callId ?? null);
  const heard = async () => (await energy(peerConnection)) > 0.0005;
  return { ...talk, speak, heard, close: () => talk.session.close() };
}

// A page that was given a client secret, by a server that has the key.
async function openWithSecret(options) {
  const answer = await fetch(`${given.api}/realtime/client_secrets`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${given.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ session: { type: 'realtime', model: given.model } }),
  });
  expect(answer.ok, 'a client secret', `status ${answer.status}`);
  return open({ ...options, apiKey: (await answer.json()).value });
}

async function turn() {
  const came = [];
  const errors = [];
  const client = new OpenAIRealtimeWebRTC({});
  client.onEvent((event) => came.push(event));
  // Chromium decodes, and counts, only what is played.
  const speaker = new Audio();
  client.peerConnection.ontrack = ({ streams: [sound] }) => {
    speaker.srcObject = sound;
    speaker.play();
  };
  const { stream } = microphone();
  client.peerConnection.addTrack(stream.getTracks()[0], stream);
  const exchangeSdp = async (sdp) => {
    const answer = await fetch(callsUrl, {
      method: 'POST',
      body: sdp,
      headers: { Authorization: `Bearer ${given.token}`, 'Content-Type': 'application/sdp' },
    });
    expect(answer.status === 201, '201 with an SDP answer', `status ${answer.status}`);
    return answer.text();
  };
  try {
    await client.connect({ exchangeSdp });
    await openai.turn((event) => client.send(event), came, errors);
    await until(async () => (await energy(client.peerConnection)) > 0.0005, 'an audible answer');
  } finally {
    client.close();
  }
}

const checks = {
  'agents-browser.turn': agents.turn(open),
  'agents-browser.secret': agents.turn(openWithSecret),
  'agents-browser.interrupt': agents.interrupt(open, 'output_audio_buffer.cleared'),
  'agents-browser.tool': agents.tool(open, sdk),
  'agents-browser.voice': agents.voice(open),
  'agents-browser.barge-in': agents.bargeIn(open),
  'openai-browser.turn': turn,
};

for (;;) {
  const { check } = await (await fetch('/check')).json();
  const body = JSON.stringify({ check, ...(await report(checks[check])) });
  await fetch('/report', { method: 'POST', body });
}
