// What the page knows. One object, changed only through the functions here; panels listen and draw from it.

export const world = {
  about: null,
  theatre: null,
  view: null,
  land: null,
  signer: null,
  /** loading | live | lost */
  link: "loading",
  /** the last tick: position, time in ms, and when it was heard (performance.now) */
  tick: null,
  /** node clock minus this clock, ms */
  offset_ms: 0,
  /** whether this ledger is another than the one that was seen before */
  forked: false,
  /** the newest checkpoint this page saw: size and root */
  seen: { size: 0, root: new Uint8Array() },
  room: "watch",
  /** the document's title while no alarm stands in it */
  title: "",
  palette: "day",
  letters: true,
  /** the time shown, ms, or null for now */
  look_ms: null,
  playing: false,
  as_table: false,
  conflict: null,
  /** chosen way to settle, by conflict id */
  chosen: new Map(),
  /** options that the node offers, by conflict id and position */
  options: new Map(),
  need: null,
  /** open messages, lines and cells, as the node gave them */
  hotline: null,
  /** STOPs by sender and id; the version of those put away; until when the sound of some is off (performance.now) */
  stops: new Map(),
  put_away: new Map(),
  silenced: new Map(),
  /** the message that is open in the Messages room, and what is being done about it */
  message: null,
  doing: null,
  outbox: [],
  saying: null,
  /** free text that is being written: {kind, conflict or plan} */
  writing: null,
  drafts: new Map(),
  /** what takes the focus as soon as it is there, as a `data-k` */
  focus: null,
};

const listeners = new Set();
let asked = false;

export const listen = (listener) => listeners.add(listener);

/** Says that something changed; all panels draw once in the next frame. */
export function changed() {
  if (asked) return;
  asked = true;
  queueMicrotask(() => {
    asked = false;
    for (const listener of listeners) listener(world);
  });
}

export function set(values) {
  Object.assign(world, values);
  changed();
}

export const now = () => Date.now() + world.offset_ms;
/** The time the picture shows: now, or the time looked at. While the link is lost, the last that was heard. */
export const shown = () => world.look_ms ?? (world.link === "lost" && world.tick ? world.tick.time : now());

/** Notes position and, where the node gives it, the root of what was read; signed with each command. */
export function saw(as_of, fromBase64) {
  if (!as_of) return;
  if (as_of.root && as_of.position >= world.seen.size) world.seen = { size: as_of.position, root: fromBase64(as_of.root) };
}

const SETTINGS = ["palette", "letters"];
export function remember() {
  try {
    for (const key of SETTINGS) localStorage.setItem(`wideberth.${key}`, JSON.stringify(world[key]));
  } catch {
    return; // a browser that keeps nothing is no reason to stop
  }
}
export function recall() {
  for (const key of SETTINGS) {
    try {
      const value = JSON.parse(localStorage.getItem(`wideberth.${key}`));
      if (value !== null) world[key] = value;
    } catch {
      continue;
    }
  }
}
