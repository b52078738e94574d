// Elements, and how times and amounts are written.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "g", "line", "circle", "rect", "path", "text", "title"]);

// Make an element: `text` is its text, `on...` a listener, everything else an attribute; children follow.
export function make(name, attributes = {}, ...children) {
  const element = DRAWN.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "text") element.textContent = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function table(headings, rows) {
  const head = make("tr", {}, ...headings.map((text) => make("th", { text })));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}

export function row(...cells) {
  return make("tr", {}, ...cells.map((cell) => (cell instanceof Node ? make("td", {}, cell) : make("td", { text: cell }))));
}

// A part that scrolls by itself, with the keyboard too.
export const scroller = (id, label) => make("div", { class: "scroll", id, tabindex: 0, role: "region", "aria-label": label });

// Replace what an element has; a link that had the focus has it again.
export function refill(element, ...children) {
  const link = element.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  element.replaceChildren(...children);
  if (link !== null) [...element.querySelectorAll("a")].find((one) => one.getAttribute("href") === link)?.focus();
}

// Microseconds as h:mm:ss.
export function clock(microseconds) {
  const whole = Math.floor(Math.abs(microseconds) / 1e6), pad = (number) => String(number).padStart(2, "0");
  return `${microseconds < 0 ? "-" : ""}${Math.floor(whole / 3600)}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
}

export function number(value) {
  return value.toLocaleString("en");
}

export function notify(text) {
  document.getElementById("notice").textContent = text;
}
