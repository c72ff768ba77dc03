// What all parts of the page share: elements, words and requests.

// The origin has no user and password in it, as the address of the page may have.
export const API = `${location.origin}/api/v1`;
const MESSAGE_MILLIS = 6000;
/** What reading takes. */
const MILLIS_PER_LETTER = 50;
export const $ = (id) => document.getElementById(id);

/** How far this machine's clock is ahead of the balancer's, in milliseconds. */
let skew = 0;

export function setClock(balancerNow) {
  skew = Date.now() - balancerNow;
}

// ---- elements

/** Makes an element; properties that are functions are listeners. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export function text(element, value) {
  const next = String(value);
  if (element.textContent !== next) element.textContent = next;
}

export function attribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Returns the parts of a name, which is broken behind dots only, where it has to be. */
export const breakable = (name) => name.split(/(?<=\.)/).flatMap((part) => [make("span", { className: "part", textContent: part }), make("wbr")]);

/** Makes the rows of a table those of the items, in their order, and keeps the ones that stay. */
export function rows(body, items, key, create, update, empty) {
  const old = new Map([...body.children].map((row) => [row.dataset.key, row]));
  let at = body.firstElementChild;
  for (const item of items) {
    const id = String(key(item));
    let row = old.get(id);
    if (row) old.delete(id);
    else {
      row = create(item);
      row.dataset.key = id;
    }
    if (row === at) at = at.nextElementSibling;
    else body.insertBefore(row, at);
    update(row, item);
  }
  for (const row of old.values()) row.remove();
  if (items.length === 0) {
    const columns = body.parentElement.tHead.rows[0].cells.length;
    const row = make("tr", {}, make("td", { className: "empty", colSpan: columns, textContent: empty }));
    row.dataset.key = "(empty)";
    body.append(row);
  }
}

/** Makes a row of cells that are found again by name. */
export function row(head, names) {
  const element = make("tr");
  element.cell = {};
  for (const name of names) {
    const isHead = name === head;
    const cell = make(isHead ? "th" : "td");
    if (isHead) cell.scope = "row";
    element.cell[name] = cell;
    element.append(cell);
  }
  return element;
}

export function numeric(element, names) {
  for (const name of names) element.cell[name].className = "n";
}

/** Shows a word in the colour of its meaning: good, warn, bad or none. */
export function badge(element, [word, meaning], title) {
  text(element, word);
  element.className = `badge ${meaning}`;
  element.title = title;
}

// ---- words

export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let number = value;
  while (number >= 999.5 && unit < units.length - 1) {
    number /= 1000;
    unit++;
  }
  return `${unit === 0 || number >= 99.95 ? Math.round(number) : number.toFixed(1)} ${units[unit]}`;
}

export function age(millis) {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${seconds < 600 ? ` ${seconds % 60}s` : ""}`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ${Math.floor((seconds % 3600) / 60)}m`;
  return `${Math.floor(seconds / 86400)}d ${Math.floor((seconds % 86400) / 3600)}h`;
}

const now = () => Date.now() - skew;
export const ago = (at) => age(now() - at);
export const rate = (value) => (value === 0 ? "0" : value < 9.95 ? value.toFixed(1) : String(Math.round(value)));
export const count = (value) => value.toLocaleString("en");

/** Says how many there are: "1 session", "2 sessions". */
export const counted = (value, what) => `${count(value)} ${what}${value === 1 ? "" : "s"}`;
export const sum = (items, of) => items.reduce((total, item) => total + of(item), 0);

export function message(words) {
  text($("message"), words);
  $("message").hidden = false;
  clearTimeout(message.timer);
  message.timer = setTimeout(() => ($("message").hidden = true), MESSAGE_MILLIS + MILLIS_PER_LETTER * words.length);
}

// ---- requests

export async function get(path) {
  const answer = await fetch(`${API}${path}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

/** Asks for a change; gives the answer, null if it was refused, which is shown. */
export async function act(path, body) {
  try {
    const answer = await fetch(`${API}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Requested-With": "impala-balancer" },
      body: JSON.stringify(body),
    });
    if (answer.ok) return await answer.json();
    message((await answer.text()).trim());
  } catch {
    message("The balancer did not answer.");
  }
  return null;
}

/** Asks before something is cut. */
export function confirmed(question, yes) {
  const dialog = $("confirm");
  text($("confirm-text"), question);
  text($("confirm-yes"), yes);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}
