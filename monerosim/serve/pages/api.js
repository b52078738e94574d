// The server's API: questions, requests with the token, and the stream of events.

const KEY = "monerosim-token";

// The address that the server prints has the token; it is kept until the tab is closed, and taken out of the address.
export function keepToken() {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (!found) return;
  sessionStorage.setItem(KEY, found[1]);
  history.replaceState(null, "", "#/");
}

export const hasToken = () => sessionStorage.getItem(KEY) !== null;

export class ApiError extends Error {}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError("the server does not answer");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok && !answer.answer) throw new ApiError(answer.error ?? `the server answers ${response.status}`);
  return answer;
}

export const of = (run, path, query = {}) => `${path}?${new URLSearchParams({ run, ...query })}`;

export const get = (path) => ask(path, {});

export function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (hasToken()) headers.Authorization = `Bearer ${sessionStorage.getItem(KEY)}`;
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

// All events of a run that fit a query, from its beginning and then as they come. A browser comes back by itself, with the id of the last
// event; where the server was away for longer, this does it.
export function follow(run, take, ended, query = {}) {
  let source = null, after = "", closed = false, again = null;
  const open = () => {
    source = new EventSource(of(run, "/api/events", after ? { ...query, after } : query));
    source.onmessage = (message) => {
      after = message.lastEventId;
      take(JSON.parse(message.data));
    };
    source.addEventListener("end", () => { source.close(); ended(); });
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED || closed) return;
      again = setTimeout(open, 1000);
    };
  };
  open();
  return () => { closed = true; clearTimeout(again); source.close(); };
}
