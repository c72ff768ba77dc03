// The table of coordinators: what each is, and the buttons that change it.

import { $, act, ago, attribute, badge, breakable, bytes, confirmed, count, counted, make, numeric, rate, row, rows, sum, text } from "./dom.js";

let coordinators = [];
let history = {};
let points = 120;

/** Takes the points of all coordinators, and how many there are at most. */
export function setHistory(loaded) {
  history = loaded.coordinators;
  points = loaded.points;
}

export function showCoordinators(next) {
  coordinators = next;
  rows($("coordinator-rows"), coordinators, (it) => it.name, coordinatorRow, updateCoordinator, "There are none.");
  for (const element of $("coordinator-rows").children) {
    const track = history[element.dataset.key];
    if (track) drawSpark(element.parts.spark, track);
  }
}

/** Verdicts under which a coordinator gets no new sessions while another is better. */
const REFUSES = ["stale", "stalled", "quiescing", "not-a-coordinator"];

/** Returns how a coordinator stands: what a person has said first, then what checks say. */
function standing(coordinator) {
  if (coordinator.leaving) return "warn";
  if (coordinator.admin.value !== "ready") return "warn";
  if (coordinator.status.value === "down") return "bad";
  if (coordinator.status.value === "checking") return "warn";
  if (REFUSES.includes(coordinator.verdict.value)) return "bad";
  if (coordinator.verdict.value === "strained") return "warn";
  return coordinator.ports.some((port) => port.used && (!port.open || port.stalled)) ? "warn" : "good";
}

export const serves = (coordinator) =>
  coordinator.status.value === "up" && coordinator.admin.value === "ready" && !coordinator.leaving &&
  !REFUSES.includes(coordinator.verdict.value);

async function setState(name, state) {
  const it = coordinators.find((coordinator) => coordinator.name === name);
  const last = state !== "ready" && serves(it) && coordinators.filter(serves).length === 1;
  if (last && !(await confirmed(`${name} is the only coordinator in service: new clients will be turned away.`, `Set ${state}`))) return;
  await act(`/coordinators/${encodeURIComponent(name)}/state`, { state });
}

async function cutAll(name) {
  const it = coordinators.find((coordinator) => coordinator.name === name);
  const sessions = counted(it.sessions, "session");
  if (await confirmed(`Cut ${sessions} of ${name}? What runs there fails.`, `Cut ${sessions}`)) {
    await act(`/coordinators/${encodeURIComponent(name)}/cut`, {});
  }
}

function coordinatorRow(coordinator) {
  const { name } = coordinator;
  const element = row("name", ["name", "state", "ports", "sessions", "history", "rate", "traffic", "check", "weight", "set"]);
  numeric(element, ["sessions", "rate", "traffic", "weight"]);
  const cell = element.cell;
  element.parts = {
    host: make("small"),
    status: make("span", { className: "badge" }),
    admin: make("span", { className: "badge" }),
    verdict: make("span", { className: "badge" }),
    why: make("small", { className: "why" }),
    load: make("span"),
    limit: make("small"),
    meter: make("i"),
    rate: make("span"),
    errors: make("small"),
    out: make("span"),
    in: make("span"),
    check: make("span"),
    checkWhy: make("small", { className: "why" }),
    weight: make("span", { className: "reader" }),
    share: make("small"),
    input: make("input", {
      className: "admin", type: "number", min: 0, max: 256, title: "weight, 0 to 256, then Enter", "aria-label": `weight of ${name}`,
      keydown: (event) => {
        if (event.key === "Enter" && event.target.value !== "") {
          act(`/coordinators/${encodeURIComponent(name)}/weight`, { weight: Number(event.target.value) });
          event.target.blur();
        }
      },
    }),
    cut: make("button", { type: "button", className: "danger", textContent: "Cut", click: () => cutAll(name), "aria-label": `cut all sessions of ${name}` }),
  };
  const part = element.parts;
  part.states = ["ready", "drain", "maint"].map((state) =>
    make("button", {
      type: "button", textContent: state[0].toUpperCase() + state.slice(1),
      "aria-label": `${state} ${name}`, "data-state": state, click: () => setState(name, state),
    }));
  part.bar = make("span", { className: "meter" }, part.meter);
  part.spark = spark(name);
  cell.name.append(...breakable(name), make("br"), part.host);
  cell.state.append(part.status, part.admin, part.verdict, part.why);
  cell.sessions.append(part.load, part.limit, part.bar);
  cell.history.append(part.spark);
  cell.rate.append(part.rate, make("br"), part.errors);
  cell.traffic.append(part.out, make("br"), part.in);
  cell.check.append(part.check, part.checkWhy);
  cell.weight.append(part.weight, part.input, make("br"), part.share);
  cell.set.className = "admin";
  cell.set.append(make("div", { className: "set" },
    make("span", { className: "group", role: "group", "aria-label": `state of ${name}` }, ...part.states), part.cut));
  return element;
}

const STATUS = { up: ["▲ UP", "good"], down: ["▼ DOWN", "bad"], checking: ["… CHECKING", "warn"] };
const ADMIN = { ready: ["READY", ""], drain: ["◑ DRAIN", "warn"], maint: ["■ MAINT", "warn"] };

const VERDICT = {
  open: ["", ""], unknown: ["", ""], strained: ["◔ STRAINED", "warn"], stale: ["◌ STALE", "bad"], stalled: ["◌ STALLED", "bad"],
  quiescing: ["◑ QUIESCING", "bad"], "not-a-coordinator": ["✗ NO COORDINATOR", "bad"],
};

/** Returns what its pages say, a line each. */
function said({ facts }) {
  const lines = [
    [facts.problem, facts.problem], [facts.version, facts.version], [facts.startTime, `started ${facts.startTime}`], [facts.executor, "executes queries of others too"],
    [facts.queriesRegistered, `queries: ${facts.queriesRegistered} registered, ${facts.queriesExecuting ?? "?"} executing, ${facts.queriesQueued ?? 0} queued`],
    [facts.catalogVersion, `catalog version ${facts.catalogVersion}, ${facts.catalogLag ?? "?"} behind`], [facts.cacheHitPercent, `catalog cache hit rate ${facts.cacheHitPercent} %`],
    [facts.memoryLimitBytes, `memory ${bytes(facts.memoryBytes ?? 0)} of ${bytes(facts.memoryLimitBytes ?? 0)}`],
  ];
  return lines.filter(([is]) => is || is === 0).map(([, line]) => line).join("\n");
}

function updateCoordinator(element, it) {
  const { parts: part, cell } = element;
  element.className = standing(it);
  text(part.host, it.addressProblem ? `${it.host}: ${it.addressProblem}` : it.host === it.name ? it.address ?? "" : it.host);
  badge(part.status, STATUS[it.status.value], `${it.status.reason}, since ${ago(it.status.since)}`);
  badge(part.admin, it.leaving ? ["LEAVING", "warn"] : ADMIN[it.admin.value], `${it.admin.reason}, since ${ago(it.admin.since)}`);
  badge(part.verdict, VERDICT[it.verdict.value], `${it.verdict.reason}, since ${ago(it.verdict.since)}\n${said(it)}`);
  part.verdict.hidden = !VERDICT[it.verdict.value][0];
  const told = it.admin.value !== "ready" ? it.admin : it.status.value === "up" && VERDICT[it.verdict.value][0] ? it.verdict : it.status;
  text(part.why, `${ago(told.since)}: ${told.reason}`);
  part.why.title = `${told.reason}\n${said(it)}`;
  updatePorts(cell.ports, it.ports.filter((port) => port.used || !port.open));
  text(part.load, count(it.sessions));
  text(part.limit, it.maxconn ? ` / ${count(it.maxconn)}` : "");
  part.bar.hidden = !it.maxconn;
  if (it.maxconn) {
    part.meter.style.width = `${Math.min(100, (100 * it.sessions) / it.maxconn)}%`;
    part.bar.classList.toggle("full", it.sessions >= it.maxconn);
  }
  text(part.rate, `${rate(it.rates.sessions)}/s`);
  text(part.errors, `${rate(it.rates.connectErrors)} errors/s`);
  part.errors.className = it.rates.connectErrors > 0 ? "danger" : "";
  text(part.out, `${bytes(it.rates.bytesToClient)}/s ↓`);
  text(part.in, `${bytes(it.rates.bytesToCoordinator)}/s ↑`);
  cell.traffic.title = "↓ to clients, ↑ to the coordinator";
  if (it.check) {
    text(part.check, `${it.check.ok ? "✓" : "✗"} ${it.check.kind} ${it.check.durationMillis.toFixed(1)} ms`);
    part.check.className = it.check.ok ? "" : "danger";
    text(part.checkWhy, `${ago(it.check.at)} ago${it.check.ok ? "" : `: ${it.check.reason}`}`);
    part.checkWhy.title = it.check.reason;
  } else {
    text(part.check, "none yet");
  }
  const weights = [...new Set(it.weights.map((each) => each.weight))];
  text(part.weight, weights.join(" / ") || "none");
  part.weight.title = it.weights.map((each) => `${each.pool}: ${each.weight}${each.backup ? " (backup)" : ""}`).join("\n");
  const backup = it.weights.length > 0 && it.weights.every((each) => each.backup);
  text(part.share, it.sharePercent < 100 ? `${it.sharePercent} % of it now` : backup ? "backup" : "");
  if (document.activeElement !== part.input) part.input.value = weights[0] ?? "";
  for (const button of part.states) attribute(button, "aria-pressed", String(button.dataset.state === it.admin.value));
  part.cut.disabled = it.sessions === 0;
}

function updatePorts(cell, ports) {
  while (cell.children.length > ports.length) cell.lastElementChild.remove();
  while (cell.children.length < ports.length) {
    cell.append(make("span", { className: "port" }, make("b"), make("span"), make("small")));
  }
  ports.forEach((port, index) => {
    const [load, name, detail] = cell.children[index].children;
    cell.children[index].classList.toggle("closed", !port.open || port.stalled !== "");
    cell.children[index].title = `port ${port.port}: ${port.stalled || `${port.reason}, since ${ago(port.since)}`}`;
    text(load, !port.used ? "" : port.sessionLimit ? `${count(port.sessions)} / ${count(port.sessionLimit)}` : count(port.sessions));
    text(name, port.protocol);
    text(detail, !port.open ? `${port.port} ✗ closed` : port.stalled ? `${port.port} ✗ stalled` : `${port.port}`);
  });
}

// ---- sparklines

const SVG = "http://www.w3.org/2000/svg";

function spark(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "spark");
  svg.setAttribute("viewBox", "0 0 120 34");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `sessions of ${name} over ten minutes`);
  for (const kind of ["area", "line", "error"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", kind);
    svg.append(path);
  }
  return svg;
}

function drawSpark(svg, track) {
  const { sessions, connectErrors } = track;
  const most = Math.max(1, ...sessions);
  const x = (index) => (index + points - sessions.length) * (120 / (points - 1)) ;
  const y = (value) => 31 - (28 * value) / most;
  const line = sessions.map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const [area, stroke, error] = svg.children;
  attribute(stroke, "d", line);
  attribute(area, "d", line && `${line}L120 34L${x(0).toFixed(1)} 34Z`);
  attribute(error, "d", connectErrors.map((value, index) => (value ? `M${x(index).toFixed(1)} 31h1.6v3h-1.6z` : "")).join(""));
  const last = sessions[sessions.length - 1] ?? 0;
  attribute(svg, "aria-label", `sessions over ten minutes: now ${last}, at most ${Math.max(0, ...sessions)}, connect errors ${sum(connectErrors, (each) => each)}`);
}

/** Adds the newest point, which comes with every document. */
export function takePoint(it) {
  const track = (history[it.name] ??= { sessions: [], assigned: [], connectErrors: [] });
  for (const key of Object.keys(track)) {
    track[key].push(...it.point[key]);
    track[key].splice(0, track[key].length - points);
  }
}
