// The table of last choices: why clients were given their coordinators. Asked for while it is seen.

import { $, ago, counted, get, row, rows, text } from "./dom.js";

const EACH = 4;

/** Candidates that are shown, of those that could be chosen if there are any; all of them stand in the title. */
const BEST = 3;
const REFRESH_MILLIS = 2000;

const choiceRow = () => row("client", ["when", "listener", "client", "coordinator", "rule", "candidates"]);

function candidate(it) {
  if (it.excluded) return `${it.coordinator}: ${it.excluded}`;
  const parts = [counted(it.sessions, "session")];
  if (it.load !== null) parts.unshift(`load ${it.load.toFixed(1)}`);
  if (it.score !== null) parts.unshift(`score ${it.score.toFixed(1)}`);
  return `${it.coordinator}: ${parts.join(", ")}`;
}

/** Returns the candidates as they were preferred: the one that was chosen first, those that were none last. */
function best(it) {
  const order = (each) => (each.coordinator === it.coordinator ? -1 : each.excluded ? Number.MAX_VALUE : each.score ?? 0);
  return [...it.candidates].sort((a, b) => order(a) - order(b));
}

function updateChoice({ cell }, it) {
  text(cell.when, `${ago(it.at)} ago`);
  for (const key of ["listener", "client", "coordinator", "rule"]) text(cell[key], it[key]);
  const all = best(it);
  const could = all.filter((each) => !each.excluded);
  const shown = (could.length ? could : all).slice(0, BEST).map(candidate);
  const more = all.length - shown.length;
  text(cell.candidates, [...shown, ...(more ? [`and ${more} more`] : [])].join("\n"));
  cell.candidates.title = all.map(candidate).join("\n");
}

async function loadChoices() {
  try {
    const { listeners } = await get("/listeners");
    const each = await Promise.all(listeners.map(async ({ name }) =>
      (await get(`/listeners/${encodeURIComponent(name)}/choices`)).choices.slice(0, EACH).map((it) => ({ listener: name, ...it }))));
    const choices = each.flat();
    rows($("choice-rows"), choices, (it) => `${it.listener} ${it.at} ${it.client}`, choiceRow, updateChoice, "No client was given a coordinator yet.");
  } catch {
    // It is asked for again soon.
  }
}

let seen = false;
new IntersectionObserver(([entry]) => {
  seen = entry.isIntersecting;
  if (seen) loadChoices();
}).observe($("choices"));
setInterval(() => seen && !document.hidden && loadChoices(), REFRESH_MILLIS);
