// The live page: reads the relay's state as server-sent events and draws it.
// Read with fetch and not with EventSource, which can send no header: a token must not be in
// an address. Everything from the relay is put in as text, never as HTML.
"use strict";

const QUIET_MS = 25000; // a state comes every 10 s at least
const STAGES = [
  "speech_stopped", "transcript_ready", "response_created", "first_audio_made",
  "first_packet_sent", "response_done", "answer_ended",
];
const NAMES = {
  transcript_ready: "recognised", response_created: "answer begun",
  first_audio_made: "first sound made", first_packet_sent: "first packet sent",
  response_done: "response done", answer_ended: "answer ended",
};

const at = (id) => document.getElementById(id);
let state = null;
let receivedMs = 0;

// The token: from the fragment, which no server sees, or typed in; kept for this tab only.

function token() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token") || "";
}

function askForToken() {
  at("wrong").hidden = !token();
  sessionStorage.removeItem("token");
  at("main").hidden = true;
  at("ask").hidden = false;
  at("token").focus();
  return new Promise((resolve) => {
    at("ask").onsubmit = (submitted) => {
      submitted.preventDefault();
      sessionStorage.setItem("token", at("token").value.trim());
      at("token").value = "";
      at("ask").hidden = true;
      resolve();
    };
  });
}

// The stream.

async function follow() {
  let pause = 1000;
  for (;;) {
    let refused = false;
    try {
      const begun = Date.now();
      refused = await readOnce();
      if (Date.now() - begun > 5000) pause = 1000;
    } catch {
      // the relay is away, or the way to it: told below
    }
    if (refused) {
      tell("connecting", "a token is needed");
      await askForToken();
      continue;
    }
    tell("lost", "connection lost, trying again");
    await new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
    pause = Math.min(pause * 2, 10000);
  }
}

async function readOnce() {
  const abort = new AbortController();
  let quiet = setTimeout(() => abort.abort(), QUIET_MS);
  try {
    const headers = token() ? { Authorization: "Bearer " + token() } : {};
    const response = await fetch("/live/events", { headers, signal: abort.signal, cache: "no-store" });
    if (response.status === 401) return true;
    if (!response.ok) return false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return false;
      clearTimeout(quiet);
      quiet = setTimeout(() => abort.abort(), QUIET_MS);
      const events = (text + value).split("\n\n");
      text = events.pop();
      if (events.length) take(events.pop());
    }
  } finally {
    clearTimeout(quiet);
  }
}

function take(event) {
  const data = event.split("\n").find((line) => line.startsWith("data: "));
  if (!data) return;
  state = JSON.parse(data.slice(6));
  receivedMs = performance.now();
  tell("live", "live");
  draw();
}

function tell(link, words) {
  at("link").dataset.link = link;
  at("link").textContent = words;
}

// The drawing.

function draw() {
  if (!state) return;
  const sinceS = at("link").dataset.link === "live" ? (performance.now() - receivedMs) / 1000 : 0;
  const used = state.sessions.filter((session) => session.state !== "standby").length;
  at("main").hidden = false;
  at("relay").textContent = `version ${state.relay.version}, engine ${state.relay.engine}`;
  at("sum-sessions").textContent = state.sessions.length;
  at("sum-minutes").textContent = (state.today.minutes + used * sinceS / 60).toFixed(1);
  at("sum-turns").textContent = state.today.turns;
  at("sum-cost").textContent = money(state.today.cost_usd);
  at("sum-refused").textContent = Object.values(state.refusals).reduce((sum, n) => sum + n, 0);
  fill("sessions", state.sessions.map((session) => [
    cell(session.caller), cell(session.state, { state: session.state }),
    number(span(session.age_s + sinceS)), number(session.turns), number(session.tokens),
    number(money(session.cost_usd)), cell(session.transport === "webrtc" ? "WebRTC" : "WebSocket"),
    cell(session.engine), cell(session.id, {}, "id"),
  ]));
  fill("callers", state.callers.map((caller) => [
    cell(caller.caller), number(caller.minutes.toFixed(1)), number(caller.sessions),
    number(caller.turns), number(caller.tokens), number(money(caller.cost_usd)),
  ]));
  fill("refusals", Object.entries(state.refusals).map(([code, times]) => [cell(code), number(times)]));
  drawTurns(sinceS);
  at("machine").textContent = machine();
}

// How busy the relay's machine is, and what came of it.
function machine() {
  const told = [`In the last minute the event loop was at most ${state.loop_lag_ms} ms late.`];
  if (state.pacing_lag_ms !== null) {
    told.push(`Of today's packets, 95 % left within ${state.pacing_lag_ms} ms of their time.`);
  }
  if (state.dropped_events) told.push(`${state.dropped_events} events of clients were too many.`);
  return told.join(" ");
}

function fill(id, rows) {
  at(id).hidden = rows.length === 0;
  at("no-" + id).hidden = rows.length > 0;
  at(id).tBodies[0].replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells);
    return row;
  }));
}

function drawTurns(sinceS) {
  const turns = state.turns;
  at("turns").hidden = turns.length === 0;
  at("no-turns").hidden = turns.length > 0;
  const scaleS = nice(Math.max(0.1, ...turns.map((turn) => latency(turn).at)));
  const scale = node("div", "scale");
  for (const part of [0, 0.25, 0.5, 0.75, 1]) scale.append(node("span", "", seconds(part * scaleS)));
  at("axis").replaceChildren(scale);
  at("rows").replaceChildren(...turns.map((turn) => drawTurn(turn, scaleS, sinceS)));
}

function drawTurn(turn, scaleS, sinceS) {
  const row = document.createElement("li");
  const marks = Object.fromEntries(turn.marks);
  const who = node("span", "who");
  who.title = turn.caller;
  who.append(node("span", "", turn.caller), node("span", "when", span(turn.ago_s + sinceS) + " ago"));
  const bar = node("span", "bar");
  let before = 0;
  const told = [];
  for (const [stage, atS] of turn.marks) {
    if (stage === STAGES[0] || atS > latency(turn).at) continue;
    const part = node("span", "");
    part.dataset.part = stage;
    part.style.width = (100 * (atS - before)) / scaleS + "%";
    part.title = `${NAMES[stage]} after ${seconds(atS)} (+${seconds(atS - before)})`;
    told.push(part.title);
    bar.append(part);
    before = atS;
  }
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", told.join(", "));
  const heard = latency(turn);
  const first = node("span", "first", heard.stage === STAGES[0] ? "" : seconds(heard.at));
  const outcome = node("span", "outcome", outcomeOf(turn, marks));
  outcome.dataset.outcome = turn.outcome;
  outcome.title = outcome.textContent;
  row.append(who, bar, first, outcome);
  return row;
}

// What the user waited for: the first packet, or, when nothing was spoken, the whole response.
function latency(turn) {
  const marks = Object.fromEntries(turn.marks);
  for (const stage of ["first_packet_sent", "response_done", "response_created", "transcript_ready"]) {
    if (stage in marks) return { stage, at: marks[stage] };
  }
  return { stage: STAGES[0], at: 0 };
}

function outcomeOf(turn, marks) {
  const spoke = marks.answer_ended - marks.first_packet_sent;
  const asked = turn.spoken ? "" : ", asked by an event";
  return turn.outcome + (spoke > 0 ? `, spoke ${spoke.toFixed(1)} s` : "") + asked;
}

function cell(text, data = {}, kind = "") {
  const made = node("td", kind, text);
  Object.assign(made.dataset, data);
  return made;
}

const number = (text) => cell(text, {}, "n");

function node(tag, kind, text = "") {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.textContent = text;
  return made;
}

function seconds(s) {
  if (s < 0.9995) return Math.round(s * 1000) + " ms";
  return (s < 10 ? s.toFixed(2) : s.toFixed(0)) + " s";
}

function span(s) {
  if (s < 60) return Math.floor(s) + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
}

const money = (cost) => (cost === 0 ? "$0" : "$" + cost.toFixed(cost < 0.1 ? 4 : 2));

// The next round number: 0.5, 1, 2, 5, 10 ...
function nice(most) {
  for (let unit = 0.1; ; unit *= 10) {
    for (const step of [1, 2, 5]) if (unit * step >= most - 1e-9) return unit * step;
  }
}

setInterval(draw, 1000);
follow();
