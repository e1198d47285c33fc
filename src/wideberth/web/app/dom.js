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

const drawn = new WeakMap();

/**
 * Replaces what is in `element` when `signature` changed. Keyboard focus and a half-typed text survive by `data-k`,
 * so that a notice arriving never takes the place from under somebody's fingers.
 */
export function draw(element, signature, build) {
  if (drawn.get(element) === signature) return false;
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
  return true;
}

/** Forgets what was drawn, so that the next draw builds anew (another language, another palette). */
export const forget = (element) => drawn.delete(element);
