// What every part of the page uses: the data, elements, the tooltip and number formats. Names come from files: they
// enter the page as text nodes and attributes only, never as markup.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

/** Sets attributes (functions become listeners) and appends children (strings become text). */
function furnish(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** An HTML element: element("p", {class: "hint", click: listener}, "text", child). */
function element(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** An SVG element. */
function shape(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** A labelled choice; `choices` are [value, text]; `changed` gets the value. */
function choice(label, choices, changed) {
  const select = element("select", { change: () => changed(select.value) });
  for (const [value, text] of choices) select.append(element("option", { value: String(value) }, text));
  return element("label", { class: "choice" }, label + " ", select);
}

/** 0.5364 -> "53.64 %". */
function percent(share) {
  return (100 * share).toFixed(2) + " %";
}

/** A measurement with about five digits; "–" where there is none. */
function measure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  const short = Number(value.toPrecision(5));
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? short.toExponential() : String(short);
}

/** Value of a variable of the style sheet, which knows light and dark. */
function styled(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Colour of series 0, 1, 2, ... */
function seriesColour(index) {
  return styled("--series-" + (index % 7));
}

/** Calls back when the colours or sizes on the page change. */
function whenRestyled(listener) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", listener);
}

/** The one tooltip: lines of [what, value], beside a point of the window. Read aloud by screen readers. */
const tooltip = {
  node: element("div", { class: "tooltip", role: "status", hidden: true }),
  show(lines, x, y) {
    this.node.replaceChildren(
      ...lines.map(([what, value]) => element("div", {}, element("b", {}, what), " ", element("span", {}, value))));
    this.node.hidden = false;
    const { width, height } = this.node.getBoundingClientRect();
    const left = x + 16 + width > innerWidth ? x - 16 - width : x + 16;
    const top = y + 16 + height > innerHeight ? y - 16 - height : y + 16;
    this.node.style.left = Math.max(4, Math.min(left, innerWidth - width - 4)) + "px";
    this.node.style.top = Math.max(4, top) + "px";
  },
  hide() {
    this.node.hidden = true;
  },
};

/** Makes a mark show `lines()` while the pointer or the keyboard is on it. */
function explain(node, lines) {
  const text = lines().map(([what, value]) => what + " " + value).join(", ");
  furnish(node, {
    tabindex: "0",
    role: "img",
    "aria-label": text,
    pointermove: (event) => tooltip.show(lines(), event.clientX, event.clientY),
    pointerleave: () => tooltip.hide(),
    focus: () => {
      const box = node.getBoundingClientRect();
      tooltip.show(lines(), box.left + box.width / 2, box.bottom);
    },
    blur: () => tooltip.hide(),
  }, []);
  return node;
}

/** The element that the page keeps for a part, or null. */
function placeOf(part) {
  return document.querySelector(`[data-part="${part}"]`);
}
