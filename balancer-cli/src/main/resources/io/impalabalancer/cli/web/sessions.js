// The table of sessions: asked for while it is seen.

import { $, act, age, bytes, confirmed, count, get, make, numeric, row, rows, text } from "./dom.js";

const PAGE = 25;
const REFRESH_MILLIS = 2000;
let offset = 0;

function sessionRow(it) {
  const element = row("client", ["id", "client", "listener", "coordinator", "who", "phase", "age", "idle", "out", "in", "cut"]);
  numeric(element, ["id", "age", "idle", "out", "in"]);
  element.cell.cut.className = "admin";
  element.cell.cut.append(make("button", {
    type: "button", className: "danger", textContent: "Cut", "aria-label": `cut session ${it.id} of ${it.client}`,
    click: async () => {
      if (await confirmed(`Cut session ${it.id} of ${it.client} on ${it.coordinator ?? "no coordinator"}? Its query fails.`, "Cut the session")) {
        await act(`/sessions/${it.id}/cut`, {});
        loadSessions();
      }
    },
  }));
  return element;
}

/** Returns who it is, for whom, and how much runs. */
function person({ user, delegatedUser, queries }) {
  return `${user || "nobody logged in"}${delegatedUser ? ` for ${delegatedUser}` : ""}${queries ? `, ${count(queries)} running` : ""}`;
}

function updateSession({ cell }, it) {
  text(cell.id, it.id);
  text(cell.client, it.client);
  text(cell.listener, it.listener);
  text(cell.coordinator, it.coordinator ?? "none yet");
  text(cell.who, it.who ? person(it.who) : "");
  cell.who.title = it.who ? it.who.sessions.map((each) => `${each.type} ${each.id}: ${each.queries === 1 ? "1 query runs" : `${count(each.queries)} queries run`}`).join("\n") : "";
  text(cell.phase, it.phase);
  text(cell.age, age(it.ageMillis));
  text(cell.idle, age(it.idleMillis));
  text(cell.out, bytes(it.bytesToClient));
  text(cell.in, bytes(it.bytesToCoordinator));
}

let asked = 0;

async function loadSessions() {
  const mine = ++asked;
  const query = new URLSearchParams({ search: $("search").value, sort: $("sort").value, offset, limit: PAGE, who: $("ask-who").checked });
  try {
    const { total, found, sessions, whoProblems } = await get(`/sessions?${query}`);
    if (mine !== asked) return;
    if (offset > 0 && sessions.length === 0) {
      offset = 0;
      return loadSessions();
    }
    rows($("session-rows"), sessions, (it) => it.id, sessionRow, updateSession, total ? "No session matches." : "There are no sessions.");
    const range = found ? `${offset + 1} to ${offset + sessions.length} of ` : "";
    text($("session-count"), `${range}${count(found)}${found === total ? "" : ` found among ${count(total)}`}${Object.entries(whoProblems).map(([name, why]) => `; ${name} does not say who: ${why}`).join("")}`);
    $("previous").disabled = offset === 0;
    $("next").disabled = offset + sessions.length >= found;
  } catch (error) {
    text($("session-count"), error.message);
  }
}

let sessionsSeen = false;
new IntersectionObserver(([entry]) => {
  sessionsSeen = entry.isIntersecting;
  if (sessionsSeen) loadSessions();
}).observe($("sessions"));
setInterval(() => sessionsSeen && !document.hidden && loadSessions(), REFRESH_MILLIS);
$("search").addEventListener("input", () => { offset = 0; loadSessions(); });
$("ask-who").addEventListener("change", loadSessions);
$("sort").addEventListener("change", () => { offset = 0; loadSessions(); });
$("previous").addEventListener("click", () => { offset = Math.max(0, offset - PAGE); loadSessions(); });
$("next").addEventListener("click", () => { offset += PAGE; loadSessions(); });
