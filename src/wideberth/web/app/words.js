// Words in the chosen language. In: a key of words/<language>.json or <language>.rooms.json and its values. Out: text, or DOM with isolated codes.
// A value made by `code()` is a time, number or coordinate: left to right and unbroken in every language.

export const LANGUAGES = ["en", "de"];
const catalogues = {};
let language = "en";
let plural = new Intl.PluralRules("en");

class Code {
  constructor(text) {
    this.text = text;
  }
  toString() {
    return this.text;
  }
}
export const code = (text) => new Code(String(text));

/** What the rooms say that are not on the first screen. */
export const ROOMS = ".rooms";
const loaded = new Map();

/** Fetches a catalogue, or a part of one, once. */
export function load(name, part = "") {
  const file = `words/${name}${part}.json`;
  const fetched = async () => Object.assign((catalogues[name] ??= {}), await (await fetch(file)).json());
  if (!loaded.has(file)) loaded.set(file, fetched().catch((error) => (loaded.delete(file), Promise.reject(error))));
  return loaded.get(file);
}

/** Speaks a language whose catalogue is loaded. */
export function choose(name) {
  language = name;
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
  document.documentElement.dir = "ltr";
}
export const current = () => language;
export const has = (key) => key in catalogues[language];

function template(key, values) {
  const words = catalogues[language];
  if (values && "count" in values) {
    const form = `${key}.${plural.select(values.count)}`;
    if (form in words) return words[form];
  }
  return words[key] ?? key;
}

function pieces(key, values) {
  return template(key, values)
    .split(/(\{\w+\})/)
    .filter((piece) => piece !== "")
    .map((piece) => {
      const name = /^\{(\w+)\}$/.exec(piece)?.[1];
      if (!name) return piece;
      const value = values?.[name] ?? "";
      return typeof value === "number" ? code(number(value)) : value;
    });
}

/** Plain text, for attributes and SVG. Codes are isolated only where the text runs right to left. */
export function text(key, values) {
  const isolate = document.documentElement.dir === "rtl";
  return pieces(key, values)
    .map((piece) => (piece instanceof Code && isolate ? `\u2066${piece}\u2069` : String(piece)))
    .join("");
}

/** Nodes, for HTML: codes and names of others are isolated. */
export function t(key, values) {
  return pieces(key, values).map((piece) => (typeof piece === "string" ? bare(piece) : isolated(piece)));
}

const bare = (piece) => document.createTextNode(piece);
export function isolated(value) {
  const element = document.createElement("bdi");
  if (value instanceof Code) {
    element.dir = "ltr";
    element.className = "n";
  }
  element.textContent = String(value);
  return element;
}

/** A number with the language's decimal mark and narrow spaces between thousands. */
export function number(value, decimals = 0) {
  const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const sign = value < 0 && Number(value.toFixed(decimals)) !== 0 ? "\u2212" : "";
  return sign + grouped + (part ? (language === "de" ? "," : ".") + part : "");
}

/** Fills every `data-t` and `data-label` of the document. */
export function fill(root = document) {
  for (const element of root.querySelectorAll("[data-t]")) element.replaceChildren(...t(element.dataset.t));
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label));
    if (element.tagName === "BUTTON") element.title = text(element.dataset.label);
  }
}
