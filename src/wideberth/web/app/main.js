// The page's beginning: settings, words, sign-on, then the picture and the stream that keeps it. Order matters, so it stands here.

import * as actions from "./actions.js";
import * as alarm from "./alarm.js";
import { Node, Offline, Problem } from "./api.js";
import * as commands from "./commands.js";
import { $, $$, draw, h, heedPresses } from "./dom.js";
import * as facts from "./facts.js";
import * as f from "./format.js";
import { dm } from "./geo.js";
import * as help from "./help.js";
import * as hotline from "./hotline.js";
import * as keys from "./keys.js";
import * as lanes from "./lanes.js";
import { fromBase64 } from "./msgpack.js";
import * as needs from "./needs.js";
import { changed, listen, now, recall, remember, saw, set, world } from "./state.js";
import { choose, code, current, fill, LANGUAGES, load, ROOMS, t, text } from "./words.js";

const SILENCE_MS = 15000;
const THEATRE_MS = 30000;
const POINT_MS = 150;
const REFETCH_MS = 200;
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
const node = new Node();
let heard_number = 0;
let stopping = null;
let fetching = null;

let conflict = null;
let messages = null;
let table = null;
let live = null;
let map = null;
let marks = null;

const fragment = keys.fromFragment();

/** What is not on the first screen comes right after it: the other room, the table, the other languages. */
async function loadRest() {
  [conflict, messages, table, live] = await Promise.all([import("./conflict.js"), import("./messages.js"), import("./table.js"), import("./live.js"), import("./about.js"), ...LANGUAGES.flatMap((l) => [load(l), load(l, ROOMS)])]);
  live.begin(node);
  changed();
}

async function fetchTheatre() {
  const theatre = await node.get("v1/theatre");
  saw(theatre.as_of, fromBase64);
  set({ theatre });
  const told = theatre.parties.find((p) => p.mine)?.told;
  if (told && !heard_number) heard_number = told.number;
}

/** A name for what came without one, from its id. */
function named(view) {
  const short = (id) => id.slice(0, 8);
  for (const list of [view.operations, view.constraints, view.protected]) for (const item of list) item.label ||= short(item.id);
  for (const conflict of view.conflicts) conflict.mine.label ||= short(conflict.mine.id);
  for (const asked of view.asked) asked.operation.label ||= short(asked.operation.id);
  return view;
}

async function fetchView() {
  const before = new Set(facts.conflicts().filter(facts.open).map((c) => c.id));
  const view = named(await node.get("v1/view"));
  saw(view.as_of, fromBase64);
  const first_time = world.view === null;
  set({ view });
  const fresh = view.conflicts.filter((c) => facts.open(c) && !before.has(c.id));
  if (!first_time && fresh.length) actions.announce("new_conflict", { label: code(fresh[0].label) });
  const pressing = facts.needs().find((n) => n.kind === "conflict");
  if (pressing) actions.loadOptions(pressing.id);
  if (world.conflict) actions.loadOptions(world.conflict);
}

/** Fetches the view once, however many notices ask for it; one that comes meanwhile asks again. */
function refetch() {
  if (fetching) {
    fetching.again = true;
    return;
  }
  const run = { again: false };
  fetching = run;
  (async () => {
    try {
      do {
        run.again = false;
        await fetchView();
        if (run.again) await new Promise((resolve) => setTimeout(resolve, REFETCH_MS));
      } while (run.again);
    } catch (error) {
      trouble(error);
    } finally {
      fetching = null;
    }
  })();
}

function trouble(error) {
  if (error instanceof Offline || error.name === "AbortError" || error instanceof TypeError) return;
  if (error instanceof Problem && error.reason === "forked") return forked();
  if (error instanceof Problem && error.status === 401) return signOff();
  if (error instanceof Problem) return set({ saying: { kind: "refused", sentence: actions.problemSentence(error) } });
  throw error;
}

/** The ledger is not the one that was seen: say so loudly, and follow it no further. */
function forked() {
  stopping?.abort();
  set({ forked: true, link: "lost" });
  actions.announce("fork.text");
}

function hearTick(tick) {
  if (world.tick && tick.position < world.tick.position) return forked();
  const offset_ms = f.ms(tick.node_time) - Date.now();
  const was_lost = world.link !== "live";
  set({ tick: { position: tick.position, time: f.ms(tick.node_time), at: performance.now() }, offset_ms, link: "live" });
  if (was_lost) {
    fetchTheatre().catch(trouble);
    refetch();
    hotline.refresh(node).catch(trouble);
  } else if (world.view && tick.open_version !== world.view.open_version) refetch();
  if (world.outbox.length) flush();
  return undefined;
}

async function flush() {
  const waiting = world.outbox.length;
  const refused = await commands.flush(node);
  if (world.outbox.length === waiting) return;
  if (refused.length) set({ saying: { kind: "refused", sentence: actions.problemSentence(refused[0]) } });
  refetch();
}

function heard(event, data) {
  if (event === "tick") hearTick(data);
  else if (event === "notice") {
    heard_number = Math.max(heard_number, data.number);
    refetch();
    hotline.refresh(node).catch(trouble);
    fetchTheatre().catch(trouble);
  } else if (event === "alert") live?.heard(data);
  else if (event === "missed") live?.refresh();
  else if (event === "stop" && hotline.heardStop(data)) alarm.beat();
}

async function follow(signal) {
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      await node.stream(heard_number, (event, data) => ((tries = 0), heard(event, data)), signal);
    } catch (error) {
      if (signal.aborted) return;
      trouble(error);
    }
    if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)] * (0.75 + Math.random() / 2)));
  }
}

/** The party is signed on: fetch the picture, then follow the stream. */
async function start(signer, keep) {
  await node.open(signer);
  if (keep) await keys.keep(signer).catch(() => undefined);
  set({ signer, link: "loading" });
  $("#signon").hidden = true;
  await Promise.all([fetchTheatre(), fetchView(), hotline.refresh(node)]);
  await fetchLand();
  const tick = world.view.as_of;
  set({ link: "live", tick: { position: tick.position, time: now(), at: performance.now() } });
  stopping = new AbortController();
  follow(stopping.signal);
  startMap();
  await loadRest();
}

/** Ends the watch on this device: the key is dropped, the picture with it. */
async function signOff() {
  stopping?.abort();
  node.close();
  await keys.drop().catch(() => undefined);
  location.reload();
}

async function fetchLand() {
  const lands = await (await node.send("land/index.json")).json();
  const file = lands[world.about.theatre];
  if (!file) return;
  set({ land: await (await node.send(`land/${file}`)).json() });
}

async function startMap() {
  [map, marks] = await Promise.all([import("./map.js"), import("./marks.js")]);
  const made = await map.make($("#gl"), { moved: marks.soon, pointed, failed: () => set({ as_table: true }) }).catch(() => false);
  world.gl_tried = true;
  if (made) {
    needs.useMap(map);
    map.get().once("load", () => changed()).on("moveend", () => changed());
  }
  pointed(home());
  changed();
}
const home = () => {
  const [south, north, west, east] = world.land?.view ?? world.theatre.charter.bounds;
  return [(west + east) / 2, (south + north) / 2];
};

let point_timer = 0;
let point_abort = null;
function readout(point, more = "") {
  $("#readout").textContent = dm(point) + more;
}
/** The position under the pointer: degrees and minutes at once, the grids as the node works them out. */
function pointed(point) {
  readout(point);
  clearTimeout(point_timer);
  point_abort?.abort();
  if (world.link !== "live") return;
  point_timer = setTimeout(async () => {
    point_abort = new AbortController();
    try {
      const found = await node.get(`v1/positions/show?lat=${point[1].toFixed(9)}&lon=${point[0].toFixed(9)}`, { signal: point_abort.signal });
      readout(point, `   ·   MGRS ${found.mgrs}   ·   GARS ${found.gars}`);
    } catch (error) {
      trouble(error);
    }
  }, POINT_MS);
}

function parties() {
  const lost = world.link === "lost";
  const list = world.theatre?.parties ?? [];
  $("#parties").style.setProperty("--cols", Math.min(Math.max(list.length, 1), list.length > 8 ? Math.ceil(list.length / 2) : 8));
  const per_row = list.length > 8 ? Math.ceil(list.length / 2) : 8;
  draw($("#parties"), JSON.stringify([list, lost, current(), Math.floor(now() / 5000), world.tick?.position === undefined]), () =>
    list.map((party, i) => h("li", { class: i % per_row ? "" : "first" }, h("i", { class: `pulse${party.heard || party.mine ? "" : " unheard"}` }), h("div", { class: "nm" }, h("b", {}, h("bdi", {}, party.name)), h("span", {}, t(...partySentence(party, lost)))))));
}
function partySentence(party, lost) {
  if (lost) return ["party.lost", { time: f.utc(world.tick.time, true) }];
  if (party.mine) return ["party.mine"];
  if (party.role !== "member" && party.role !== "convener") return ["party.role", { role: text(`role.${party.role}`) }];
  return party.heard ? ["party.heard", { ago: f.lasting(now() - f.ms(party.heard)) }] : ["party.unheard"];
}

function top() {
  const { about, view } = world;
  $("#theatre").textContent = world.theatre?.name ?? about?.name ?? "";
  $("#exer").hidden = !about?.exercise;
  $("#who").hidden = !world.signer;
  $("#stop-button").hidden = !world.signer;
  $("#me").textContent = view?.me.name ?? world.signer?.party ?? "";
  $("#me-key").replaceChildren(...(view?.me.watch_key_expires ? t("watch_until", { until: f.utc(f.ms(view.me.watch_key_expires)) }) : []));
  world.title = text("page_title", { theatre: about?.name ?? "", count: facts.conflicts().filter(facts.pressing).length });
}

/** Once a second: clocks, ages, countdowns, and whether the link is still alive. */
function beat() {
  const time = now();
  $("#utc-time").textContent = `${f.utcPlain(time)}:${String(new Date(time).getUTCSeconds()).padStart(2, "0")}Z`;
  $("#utc-date").textContent = f.isoDay(time);
  $("#clock-local").hidden = !f.hasLocal();
  if (f.hasLocal()) {
    $("#local-time").textContent = String(f.localTime(time, true));
    $("#local-zone").replaceChildren(...t("local_zone", { zone: f.zone() }));
  }
  const age = world.tick ? performance.now() - world.tick.at : 0;
  if (world.link === "live" && age > SILENCE_MS) {
    set({ link: "lost" });
    actions.announce("lost.first", lostValues());
  }
  status(age);
  lanes.beat();
  needs.beat();
  alarm.beat();
  if (world.outbox[0]?.urgent) flush();
}
const lostValues = () => ({ time: f.utc(world.tick.time, true), age: f.lasting(performance.now() - world.tick.at) });

function status(age) {
  const link = $("#link");
  const lost = world.link === "lost";
  const position = world.tick?.position ?? 0;
  link.className = lost ? "lost" : "";
  if (lost) link.replaceChildren(...t("status.lost", { position, time: f.utc(world.tick.time, true) }));
  else if (world.tick) link.replaceChildren(h("b", {}, t("status.live")), ...t("status.entry", { position, age: f.seconds(age) }));
  else link.replaceChildren(...t(world.signer ? "loading" : "status.signed_off"));
  const doubt = Math.abs(world.offset_ms) > 5000;
  $("#skew").className = doubt ? "opt2 doubt" : "opt2";
  $("#skew").replaceChildren(...(world.tick ? t("status.skew", { skew: f.seconds(Math.max(100, Math.abs(world.offset_ms))) }) : []));
  $("#outbox").hidden = !world.outbox.length;
  $("#outbox").replaceChildren(...t("kept.short", { count: world.outbox.length }));
  $("#lostveil").hidden = !lost;
  const told = $("#lostband");
  told.hidden = !lost || world.room === "watch";
  if (!told.hidden) told.replaceChildren(h("b", {}, t("lost.first", lostValues())), ...t("space"), ...t("lost_second"));
  if (lost) $("#lost-first").replaceChildren(...t("lost.first", lostValues()));
}

function render() {
  const root = document.documentElement.dataset;
  root.room = world.room;
  root.state = world.look_ms !== null && world.link === "live" ? "ahead" : world.link;
  for (const section of $$("main>[data-room]")) section.hidden = section.dataset.room !== world.room;
  for (const button of $$('[data-set="room"] [data-v]')) button.dataset.v === world.room ? button.setAttribute("aria-current", "page") : button.removeAttribute("aria-current");
  for (const button of $$('[data-set="palette"] [data-v]')) button.setAttribute("aria-pressed", String(button.dataset.v === world.palette));
  for (const button of $$('[data-set="lang"] [data-v]')) button.setAttribute("aria-pressed", String(button.dataset.v === current()));
  top();
  alarm.render();
  parties();
  needs.render();
  if (world.room === "watch") {
    lanes.render();
    table?.render();
    map?.render();
    marks?.soon();
  }
  conflict?.render();
  messages?.render();
  if (world.room === "watch") watchSaying();
  takeFocus();
  beat();
}

/** Gives the focus to what an action asked for, once it is drawn. */
function takeFocus() {
  const element = world.focus && document.querySelector(`[data-k="${world.focus}"]`);
  if (!element) return;
  world.focus = null;
  element.focus();
}

/** What a card's button led to, shown in the Watch room too. */
function watchSaying() {
  const cards = $("#cards");
  $(".card-saying", cards.parentNode)?.remove();
  const line = actions.sayingLine();
  if (!line) return;
  line.classList.add("card-saying");
  cards.before(line);
}

export function setPalette(name) {
  world.palette = name;
  document.documentElement.dataset.palette = name;
  remember();
  map?.repaint();
  changed();
}
async function setLanguage(name) {
  await Promise.all([load(name), load(name, ROOMS)]).catch(() => (name = current()));
  choose(name);
  localStorage.setItem("wideberth.lang", name);
  fill();
  if ($("#signon").hidden === false) askWho();
  changed();
}

function listenToButtons() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-v]");
    const what = button?.closest("[data-set]")?.dataset.set;
    if (what === "palette") setPalette(button.dataset.v);
    if (what === "lang") setLanguage(button.dataset.v);
    if (what === "room") set({ room: button.dataset.v, saying: null, writing: null, focus: null });
  });
  const on = (id, act) => $(id).addEventListener("click", act);
  on("#back", () => lanes.shift(-15));
  on("#ahead", () => lanes.shift(15));
  on("#to-now", () => lanes.look(null));
  on("#play", () => lanes.play());
  on("#zoom-in", () => map?.zoomBy(1));
  on("#zoom-out", () => map?.zoomBy(-1));
  on("#zoom-all", () => map?.whole());
  on("#table-button", () => set({ as_table: !world.as_table }));
  on("#prof-button", () => {
    const shownNow = $("#prof-box").classList.toggle("shown");
    $("#prof-button").setAttribute("aria-pressed", String(shownNow));
    changed();
  });
  on("#help-button", () => help.show());
  on("#sign-off", () => signOff());
}

function signonHandlers() {
  return {
    signOn: async (party, seed, keep) => start(await keys.Signer.from(party, seed), keep),
  };
}

/** The sign-on panel; `failure` is what went wrong before. */
async function askWho(failure, who) {
  const signon = await import("./signon.js");
  signon.show(signonHandlers(), failure, who);
}

async function beginSession() {
  world.about = await node.about();
  changed();
  let signer = null;
  if (fragment) {
    try {
      signer = await keys.Signer.from(fragment.party, keys.readSeed(fragment.seed).seed);
    } catch {
      signer = null;
    }
    fragment.seed = "";
  } else signer = await keys.kept();
  if (!signer) return askWho();
  try {
    await start(signer, Boolean(fragment));
  } catch (error) {
    askWho(error, signer.party);
  }
  return undefined;
}

async function main() {
  recall();
  const wanted = [localStorage.getItem("wideberth.lang"), ...navigator.languages.map((l) => l.slice(0, 2))];
  const language = wanted.find((l) => LANGUAGES.includes(l)) ?? "en";
  await load(language);
  choose(language);
  document.documentElement.dataset.palette = world.palette;
  fill();
  actions.use(node, refetch);
  listenToButtons();
  heedPresses();
  alarm.listenToStop();
  lanes.listenToDrag();
  help.listenToKeys({ setPalette, propose: () => conflict?.proposeChosen() });
  listen(render);
  render();
  setInterval(() => (beat(), lanes.playOn()), 1000);
  setInterval(() => world.signer && world.link === "live" && fetchTheatre().catch(trouble), THEATRE_MS);
  setInterval(() => world.signer && world.room === "watch" && changed(), 5000);
  for (let tries = 0; ; tries++) {
    try {
      return await beginSession();
    } catch (error) {
      if (!(error instanceof Offline)) throw error;
      (await import("./signon.js")).waiting();
      await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)]));
    }
  }
}

main();
