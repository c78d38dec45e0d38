// The way to the server: one token, problems as errors, and a word when it is gone.

const KEPT = "covey-token";

/** What the server refused. */
export class Problem extends Error {
  constructor(status, told) {
    super(told.detail || told.title || `The server answered ${status}`);
    this.status = status;
  }

  /** Whether somebody was faster, or what was seen is not there any more. */
  get conflict() {
    return this.status === 409 || this.status === 412;
  }
}

/** No answer at all. */
export class Lost extends Error {}

/** Takes the token from the address, so that it is in no bookmark and on no picture of the screen. */
export function takeToken() {
  const address = new URL(location.href);
  const token = address.searchParams.get("token");
  if (!token) return;
  sessionStorage.setItem(KEPT, token);
  address.searchParams.delete("token");
  history.replaceState(null, "", address);
}

/** Calls the server. `seen` is the last event that the page knows of, for changes. */
export async function ask(method, path, { body, seen, signal } = {}) {
  const headers = { Accept: "application/json" };
  const token = sessionStorage.getItem(KEPT);
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (seen !== undefined) headers["If-Match"] = `"${seen}"`;
  let answer;
  try {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    answer = await fetch(path, { method, headers, body: sent, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    gone(true);
    throw new Lost("The server does not answer.");
  }
  gone(false);
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  return answer.json();
}

/** Reads. Values that are null or "" are left out of the query. */
export function get(path, query = {}, given = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== "");
  const asked = new URLSearchParams(pairs);
  return ask("GET", pairs.length ? `${path}?${asked}` : path, given);
}

/** Address of the picture of an item. */
export const thumbnail = (item, size) => `/v1/items/${item}/thumbnail${size ? `?size=${size}` : ""}`;

const PATIENCE = 3000;
let waiting = 0;

/** Tells once that the server is lost, and asks until it is back. */
function gone(lost) {
  if (lost === Boolean(waiting)) return;
  const bar = document.getElementById("lost");
  bar.hidden = !lost;
  bar.textContent = lost
    ? "The server does not answer. Is “covey review” still running? Nothing was lost; trying again…"
    : "";
  clearInterval(waiting);
  waiting = lost ? setInterval(() => get("/v1/project").then(back, () => {}), PATIENCE) : 0;
}

function back() {
  document.dispatchEvent(new Event("covey:back"));
}
