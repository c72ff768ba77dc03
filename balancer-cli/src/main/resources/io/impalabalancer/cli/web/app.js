// The stats page: shows what /api/v1 says, live, and changes elements in place, so that nothing flickers.

import { serves, setHistory, showCoordinators, takePoint } from "./coordinators.js";
import { $, API, act, age, ago, badge, bytes, confirmed, count, counted, get, make, message, numeric, rate, row, rows, setClock, sum, text } from "./dom.js";
import "./choices.js";
import "./sessions.js";

const RETRY_MILLIS = 3000;
let overview = null;
let newestPoint = -1;
let lastEvent = -1;
let events = [];

// ---- listeners

function listenerRow() {
  const element = row("name", ["name", "state", "address", "protocol", "pool", "balance", "sessions", "peak", "limit", "queued", "queuePeak", "rate", "accepted"]);
  numeric(element, ["sessions", "peak", "limit", "queued", "queuePeak", "rate", "accepted"]);
  element.parts = { badge: make("span", { className: "badge" }) };
  element.cell.state.append(element.parts.badge);
  return element;
}

function updateListener(element, it) {
  const { cell, parts: part } = element;
  const state = it.leaving ? ["LEAVING", "warn"]
    : !it.enabled ? ["■ DISABLED", "warn"]
    : !it.available ? ["▼ NOBODY SERVES", "bad"]
    : it.addresses.length === 0 ? ["◑ NOT BOUND", "warn"]
    : ["▲ OPEN", "good"];
  text(cell.name, it.name);
  badge(part.badge, state, "");
  text(cell.address, it.addresses.join(", ") || "none");
  for (const key of ["protocol", "pool", "balance"]) text(cell[key], it[key]);
  text(cell.sessions, count(it.sessions));
  text(cell.peak, count(it.sessionsMax));
  text(cell.limit, count(it.maxconn));
  text(cell.queued, count(it.queued));
  cell.queued.className = it.queued > 0 ? "n danger" : "n";
  text(cell.queuePeak, count(it.queuedMax));
  text(cell.rate, `${rate(it.rates.sessions)}/s`);
  text(cell.accepted, count(it.accepted));
}

// ---- totals

function totals() {
  const { info, coordinators, listeners } = overview;
  const queued = sum(listeners, (each) => each.queued);
  const items = {
    Sessions: [count(info.sessions), `of ${count(info.maxconn)}`],
    "New sessions": [rate(sum(coordinators, (each) => each.rates.sessions)), "/s"],
    "In queue": [count(queued), ""],
    Coordinators: [`${coordinators.filter(serves).length}`, `of ${coordinators.length} serve`],
    "Connect errors": [rate(sum(coordinators, (each) => each.rates.connectErrors)), "/s"],
    "To clients": [bytes(sum(coordinators, (each) => each.rates.bytesToClient)), "/s"],
    "To coordinators": [bytes(sum(coordinators, (each) => each.rates.bytesToCoordinator)), "/s"],
    Uptime: [age(info.now - info.started), ""],
  };
  const list = $("totals");
  for (const [name, [value, unit]] of Object.entries(items)) {
    let item = list.querySelector(`[data-key="${name}"]`);
    if (!item) {
      item = make("div", {}, make("dt", { textContent: name }), make("dd", {}, make("span"), make("small")));
      item.dataset.key = name;
      list.append(item);
    }
    const [number, small] = item.lastElementChild.children;
    text(number, value);
    text(small, unit && (unit.startsWith("/") ? unit : ` ${unit}`));
  }
}

function header() {
  const { info } = overview;
  text($("version"), info.version);
  badge($("ready"), info.ready ? ["✓ READY", "good"] : ["✗ NOT READY", "bad"], info.notReady);
  document.title = `${info.ready ? "" : "✗ "}${counted(info.sessions, "session")} · impala-balancer`;
  const last = info.lastReload;
  const what = last.by === "start" ? "Configuration read at the start" : `Last reload ${last.ok ? "✓ applied" : "✗ refused"}, by ${last.by}`;
  text($("reload-state"), `${what}, ${ago(last.at)} ago; configuration ${last.config}`);
  $("reload-state").className = last.ok ? "soft" : "danger";
  $("reload-state").title = [...last.problems, ...last.changes].join("\n");
  discovery();
  text($("process"), `pid ${info.pid}, Java ${info.java}, wire ${info.wire}, loops ${info.loopLagMillis.toFixed(1)} ms late, ${bytes(info.heldBytes)} held`);
}

/** Says what was found, and if the last round went wrong, that. */
function discovery() {
  const { on, found, answered, problems } = overview.discovery;
  const element = $("discovery-state");
  element.hidden = !on;
  const missing = found.filter((each) => each.missing).length;
  text(element, `${counted(found.length, "coordinator")} found${missing ? `, ${missing} of them missing now` : ""}, ` +
    `last answer ${answered ? `${ago(answered)} ago` : "none yet"}${problems.length ? ` ✗ ${problems[0]}` : ""}`);
  element.className = problems.length ? "danger" : "soft";
  element.title = [...problems, ...found.map((each) => `${each.name}: ${each.source}${each.missing ? ", missing" : ""}`)].join("\n");
}

function render() {
  header();
  totals();
  showCoordinators(overview.coordinators);
  rows($("listener-rows"), overview.listeners, (it) => it.name, listenerRow, updateListener, "There are none.");
}

// ---- events

function eventRow() {
  const element = row("", ["when", "what", "coordinator", "change", "reason"]);
  element.parts = { badge: make("span", { className: "badge" }) };
  element.cell.what.append(element.parts.badge);
  return element;
}

function updateEvent({ cell, parts: part }, it) {
  text(cell.when, `${new Date(it.at).toLocaleTimeString("en-GB")} (${ago(it.at)} ago)`);
  cell.when.title = new Date(it.at).toString();
  const meaning = ["DOWN", "CLOSED", "STALE", "STALLED", "QUIESCING", "NOT_A_COORDINATOR", "OVERRULED", "refused", "failed"].includes(it.to) ? "bad" : ["UP", "OPEN", "READY", "ENABLED", "applied", "taken over"].includes(it.to) ? "good" : "warn";
  badge(part.badge, [it.kind, meaning], "");
  text(cell.coordinator, it.coordinator);
  text(cell.change, `${it.subject ? `${it.subject}: ` : ""}${it.from ? `${it.from} → ` : ""}${it.to}`);
  text(cell.reason, it.reason);
}

const showEvents = () => rows($("event-rows"), events, (it) => it.id, eventRow, updateEvent, "Nothing has happened since the start.");

async function loadEvents(newest) {
  events = (await get("/events?limit=200")).events;
  lastEvent = newest;
  showEvents();
}

// ---- reload

/** Shows the plan of a reload, and asks before it is carried out. */
async function reload() {
  const plan = (await act("/reload", { dryRun: true }))?.reload;
  if (!plan) return;
  if (!plan.ok) {
    message(`The configuration would be refused: ${plan.problems.join("; ")}`);
  } else if (plan.changes.length === 0) {
    message("The configuration file says what is in force: nothing to reload.");
  } else if (await confirmed(`The reload would change:\n${plan.changes.join("\n")}`, "Reload")) {
    const done = (await act("/reload", {}))?.reload;
    if (done) message(done.ok ? "Reloaded." : `Refused, nothing has changed: ${done.problems.join("; ")}`);
  }
}

$("reload").addEventListener("click", reload);

// ---- the stream

function take(document) {
  overview = document;
  setClock(document.info.now);
  if (document.info.newestPoint !== newestPoint) {
    if (newestPoint >= 0) document.coordinators.forEach(takePoint);
    newestPoint = document.info.newestPoint;
  }
  render();
  if (document.info.lastEvent !== lastEvent) loadEvents(document.info.lastEvent).catch(() => {});
  else showEvents();
}

async function listen() {
  const stream = new EventSource(`${API}/stream`);
  const live = (on) => {
    text($("live"), on ? "live" : "reconnecting");
    $("live").className = on ? "live on" : "live";
  };
  stream.addEventListener("open", async () => {
    newestPoint = -1;
    await get("/history").then(setHistory, () => {});
    live(true);
  });
  stream.addEventListener("message", (event) => take(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    live(false);
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MILLIS);
  });
}

async function start() {
  const me = await get("/me");
  document.body.classList.toggle("may-act", me.role === "admin");
  if (me.user) text($("who"), `${me.user} (${me.role})`);
  else $("who").append(make("a", { href: "/login", textContent: "Log in" }));
  await listen();
}

/** Tries until it is told who looks: a balancer may start just now, or be busy. */
function tryToStart() {
  start().catch((error) => {
    message(error.message);
    setTimeout(tryToStart, RETRY_MILLIS);
  });
}

tryToStart();
