// Sign-on: a party and its watch key. In: a seed file or a pasted seed. Out: a signer; the seed is not kept anywhere.

import { Offline, Problem } from "./api.js";
import { $, h } from "./dom.js";
import { BadKey, readSeed } from "./keys.js";
import { world } from "./state.js";
import { has, t, text } from "./words.js";

const WRONG_KEY = ["unknown-key", "bad-signature"];
const wrongKey = (error) => error instanceof Problem && WRONG_KEY.includes(error.reason);

function sentenceOf(error, party) {
  if (wrongKey(error)) return ["signon.wrong_key", { party }];
  if (error instanceof BadKey) return [error.message === "sealed" ? "signon.sealed_key" : "signon.bad_key"];
  if (error instanceof Offline) return ["offline"];
  if (error instanceof Problem) {
    const reason = `reason.${error.reason}`;
    return ["refused", { why: has(reason) ? text(reason) : error.message, detail: error.detail }];
  }
  return ["signon.no_crypto"];
}

function seedField(state) {
  const area = h("input", { type: "password", class: "field", id: "seed", autocomplete: "off", spellcheck: "false", required: true });
  const file = h("input", { type: "file", class: "field", id: "seed-file", on: {
    change: async () => {
      const text_of = await file.files[0]?.text();
      if (!text_of) return;
      area.value = text_of.trim();
      try {
        const { party } = readSeed(text_of);
        if (party) $("#party").value = party;
      } catch (error) {
        if (!(error instanceof BadKey)) throw error;
        state.fail(error);
      }
    },
  } });
  return { area, file };
}

/** Shows the panel; `failure` is what went wrong the last time, `who` the party that tried. What was typed stays. */
export function show(handlers, failure = null, who = "") {
  const box = $("#signon");
  const message = h("p", { class: "problem", role: "alert", hidden: !failure });
  const fail = (error) => (message.replaceChildren(...t(...sentenceOf(error, party.value.trim()))), (message.hidden = false));
  const { area, file } = seedField({ fail });
  const party = h("input", { class: "field", id: "party", autocomplete: "username", autocapitalize: "characters", spellcheck: "false", required: true, maxlength: "80", value: $("#party")?.value || who });
  const keep = h("input", { type: "checkbox", id: "keep" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const { seed, party: named } = readSeed(area.value);
      await handlers.signOn(party.value.trim() || named, seed, keep.checked);
      area.value = "";
    } catch (error) {
      if (error instanceof TypeError) throw error;
      fail(error);
      if (!wrongKey(error)) return;
      area.value = "";
      area.focus();
    }
  };
  const about = world.about;
  box.replaceChildren(h("form", { on: { submit } },
    h("h1", {}, t("signon.title", { theatre: about?.name ?? "" })),
    about?.exercise && h("p", {}, h("b", {}, t("signon.exercise"))),
    message,
    h("label", {}, h("span", {}, t("signon.party")), party),
    h("label", {}, h("span", {}, t("signon.seed")), area),
    h("label", {}, h("span", {}, t("signon.file")), file),
    h("label", { class: "check" }, keep, h("span", {}, t("signon.keep"))),
    h("button", { type: "submit", class: "btn go" }, t("signon.go")),
    h("p", { class: "muted" }, t("signon.note")),
    about?.not_certified && h("p", { class: "muted" }, h("bdi", { lang: "en" }, about.not_certified))));
  if (failure) fail(failure);
  box.hidden = false;
  (party.value ? area : party).focus();
}

/** The node does not answer yet. */
export function waiting() {
  const box = $("#signon");
  box.replaceChildren(h("form", {}, h("h1", {}, t("signon.waiting")), h("p", { class: "muted" }, t("signon.waiting_sub"))));
  box.hidden = false;
}
