// The network drawn, and the replay of what spread over it so far.

import { get, of } from "./api.js";
import { make } from "./dom.js";
import { mount } from "/shared/replay.js";

export async function showNetwork(page, run) {
  const root = make("div", { id: "player" });
  const told = make("p", { class: "facts", id: "so-far" });
  let player = null;
  const draw = async () => {
    const [status, data] = await Promise.all([get(of(run, "/api/status")), get(of(run, "/api/replay"))]);
    told.textContent = `${data.items.length} blocks and payments${status.ended ? "" : " so far"}`;
    player?.stop();
    player = mount(root, data);
    again.hidden = status.ended;
  };
  const again = make("button", { type: "button", text: "Up to now", onclick: draw });
  page.append(make("h1", { text: "Network" }), make("div", { class: "bar" }, told, again), root);
  await draw();
  return () => player?.stop();
}
