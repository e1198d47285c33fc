// Small helpers that build DOM without HTML strings. In: tag, properties, children. Out: elements. Data goes in as text only.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function apply(element, props) {
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (key === "vars") for (const [name, v] of Object.entries(value)) element.style.setProperty(name, v);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key === "value" || key === "checked") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
}

function append(element, children) {
  for (const child of children.flat(3)) if (child !== undefined && child !== null && child !== false) element.append(child);
  return element;
}

/** An HTML element; `vars` sets CSS custom properties through the CSSOM, which the content policy allows. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  apply(element, props);
  return append(element, children);
}

/** An SVG element. */
export function s(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  apply(element, props);
  return append(element, children);
}

/** A sign from the symbols of index.html. */
export const sign = (id, cls) => s("svg", { class: "sym", "aria-hidden": "true" }, s("use", { href: `#${id}`, class: cls }));

/** Loads a room's own style sheet; what fits the page to its screen keeps the last word. */
export const sheet = (name) => new Promise((done) => $("link[href='css/fit.css']").before(h("link", { rel: "stylesheet", href: `css/${name}.css`, on: { load: done, error: done } })));

const PRESSABLE = "button, a, input, label, summary";
const TAP_MS = 60; // a tap's click comes a little after its release
const PRESS_MS = 1000; // no press holds a panel back for longer
const drawn = new WeakMap();
/** What is being pressed, and what would have been drawn over it meanwhile. */
let pressed = null;
let lifting = 0;
const held = new Map();

function lift() {
  pressed = null;
  const late = [...held];
  held.clear();
  for (const [element, [signature, build]] of late) draw(element, signature, build);
}
const liftIn = (ms) => (clearTimeout(lifting), (lifting = setTimeout(lift, ms)));

/** A button stays from press to click: a click whose two halves fall on two drawings of it would be lost. */
export function heedPresses() {
  const press = (event) => ((pressed = event.target.closest?.(PRESSABLE) ?? null), liftIn(PRESS_MS));
  const on = (names, heed) => names.forEach((name) => addEventListener(name, heed, { capture: true }));
  on(["pointerdown"], press);
  on(["keydown"], (event) => event.key === " " && press(event));
  on(["pointerup", "pointercancel", "keyup"], () => pressed && liftIn(TAP_MS));
  on(["click"], () => pressed && liftIn(0));
}

/**
 * Replaces what is in `element` when `signature` changed. Keyboard focus and a half-typed text survive by `data-k`, and
 * what is being pressed is drawn after its release, so that a notice arriving never takes the place from under
 * somebody's fingers.
 */
export function draw(element, signature, build) {
  held.delete(element);
  if (drawn.get(element) === signature) return;
  if (element.contains(pressed)) {
    held.set(element, [signature, build]);
    return;
  }
  drawn.set(element, signature);
  const active = element.contains(document.activeElement) ? document.activeElement : null;
  const caret = active?.tagName === "TEXTAREA" ? [active.selectionStart, active.selectionEnd] : null;
  const tops = new Map([element, ...$$("[data-scroll]", element)].map((e) => [e.dataset.scroll ?? "", e.scrollTop]));
  element.replaceChildren(...[build()].flat(2).filter(Boolean));
  for (const e of [element, ...$$("[data-scroll]", element)]) e.scrollTop = tops.get(e.dataset.scroll ?? "") ?? 0;
  const again = active?.dataset.k && element.querySelector(`[data-k="${CSS.escape(active.dataset.k)}"]`);
  if (again) {
    again.focus({ preventScroll: true });
    if (caret) again.setSelectionRange(...caret);
  }
}

/** Forgets what was drawn, so that the next draw builds anew (another language, another palette). */
export const forget = (element) => drawn.delete(element);
