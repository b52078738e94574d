// All participants, and one with its actors, their last logs and buttons for their commands.

import { get, hasToken, of, post } from "./api.js";
import { clock, make, notify, row, scroller, table } from "./dom.js";

const LOOK = 2000;

export async function showParticipants(page, run) {
  const agents = await get(of(run, "/api/agents"));
  const search = make("input", { type: "search", id: "search", "aria-label": "search", placeholder: "name, group, actor", oninput: () => draw() });
  const list = make("div", { class: "scroll", id: "participants" });
  page.append(make("h1", { text: "Participants" }), make("div", { class: "bar" }, search), list);
  const draw = () => {
    const wanted = agents.filter((agent) => `${agent.participant} ${agent.group} ${agent.actors}`.includes(search.value.trim()));
    const rows = wanted.map((agent) => {
      const link = make("a", { href: `#/run/${encodeURIComponent(run)}/participants/${agent.participant}`, text: agent.participant });
      return row(link, agent.group, agent.actors.join(", "), agent.state, agent.own_node ? "own" : (agent.node ?? ""), agent.hashrate || "");
    });
    list.replaceChildren(table(["participant", "group", "actors", "state", "node", "hashrate"], rows));
  };
  draw();
}

export async function showParticipant(page, run, name) {
  const path = `/api/agents/${encodeURIComponent(name)}`;
  const state = make("p", { class: "facts", id: "state" });
  const traces = scroller("traces", "last lines of logs");
  const first = await get(of(run, path));
  page.append(make("h1", { text: name }), state, ...first.parts.map((part) => partOf(run, path, part)), make("h2", { text: "Last lines of its actors' logs" }), traces);
  const draw = (agent) => {
    state.textContent = `${agent.state}, group ${agent.group}, ${agent.address}, ${agent.wallets} wallet${agent.wallets === 1 ? "" : "s"}`;
    const rows = [...agent.traces].reverse().map((line) => {
      const made = row(clock(line.t), line.actor, line.level, line.text);
      made.lastChild.className = "wide";
      return made;
    });
    traces.replaceChildren(table(["time", "actor", "level", "text"], rows));
  };
  draw(first);
  const timer = setInterval(() => {
    if (!document.hidden) get(of(run, path)).then(draw, (error) => notify(error.message));
  }, LOOK);
  return () => clearInterval(timer);
}

// One actor: its configuration, and a button for each of its commands; the field above has the arguments.
function partOf(run, path, part) {
  const given = make("input", { "aria-label": `arguments for ${part.name}`, placeholder: '{"key": value}' });
  const answer = make("output", { class: "facts" });
  const send = async (command) => {
    answer.textContent = `${command}: sent`;
    try {
      const body = { command, actor: part.name, arguments: given.value.trim() ? JSON.parse(given.value) : {} };
      const sent = await post(of(run, `${path}/command`), body);
      const told = sent.answer ? `${sent.answer.ok ? "done" : "failed"}: ${sent.answer.text} ${answers(sent.answer)}` : "answered when the run has gone on";
      answer.textContent = `${command}: ${told}`;
    } catch (error) {
      answer.textContent = `${command}: ${error.message}`;
    }
  };
  const buttons = Object.entries(part.commands).map(([command, does]) =>
    make("button", { type: "button", text: command, title: does, disabled: !hasToken(), onclick: () => send(command) }));
  return make("section", { class: "part", "data-actor": part.name }, make("h2", { text: part.name }),
    make("details", {}, make("summary", { text: `${part.use}, from ${clock(part.start)}` }), make("pre", { text: JSON.stringify(part.config, null, 2) })),
    make("div", { class: "bar" }, given, ...buttons), answer);
}

const answers = (answer) => (Object.keys(answer.answers ?? {}).length ? JSON.stringify(answer.answers) : "");
