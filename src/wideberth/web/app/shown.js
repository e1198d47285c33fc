// Text of others as it may be shown. In: any text. Out: the same with what cannot be seen, turns the line around or
// poses as another letter escaped, as the house's `words.show` does it, so that page, terminal and paper show it alike.

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u;
const SPACE = /\p{Zs}/u;
const SPACES = " \u00a0\u202f";
const MARK = /[\p{Mn}\p{Me}]/u;
const MARKS_MAX = 3;
const ARABIC = /(?=\p{Script=Arabic})[\p{Lo}\p{Mn}]/u;
const WORD = /[\p{L}\p{N}_]+/gu;
const ALIKE = { LATIN: /\p{Script=Latin}/u, CYRILLIC: /\p{Script=Cyrillic}/u, GREEK: /\p{Script=Greek}|\p{Script=Coptic}/u, ARMENIAN: /\p{Script=Armenian}/u, CHEROKEE: /\p{Script=Cherokee}/u };
const LATIN_LIKE = new Set("АВЕЅІЈКМНОРСТУХҮԌԚԜЗБасеѕіјорухһԁԛԝԍΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρϲϳιՕՏՍԼօսոցհᎪᏴᏟᎬᎻᎫᏦᏞᎷΝᏢᏒᏚᎢᏙᎳᏃ");
const STYLED = /[\u0250-\u02af\u1d00-\u1dbf\u2460-\u24ff\uff10-\uff5a\u{1d400}-\u{1d7ff}\u{1f100}-\u{1f1ff}]/u;
const DIGIT_LIKE = /(?<=\p{Nd})[OoIlОоІЗзбΟοΙՕօ](?=\p{Nd})/gu;

const escaped = (character) => {
  const code = character.codePointAt(0);
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
};

function hidden(characters) {
  const found = new Set();
  let marks = 0;
  characters.forEach((c, i) => {
    marks = MARK.test(c) ? marks + 1 : 0;
    const joins = (c === "\u200c" || c === "\u200d") && ARABIC.test(characters[i - 1] ?? "") && ARABIC.test(characters[i + 1] ?? "");
    if ((HIDDEN.test(c) && c !== "\n" && c !== "\t" && !joins) || (SPACE.test(c) && !SPACES.includes(c)) || marks > MARKS_MAX) found.add(i);
  });
  return found;
}

const scriptOf = (c) => (/\p{L}/u.test(c) ? Object.keys(ALIKE).find((name) => ALIKE[name].test(c)) ?? "" : "");

/** Letters of a word that mixes alphabets, and words that only look Latin in a text that is. */
function posing(text, characters) {
  const found = new Set();
  const suspects = [];
  const honest = new Set();
  const places = new Map();
  let unit = 0;
  characters.forEach((c, i) => (places.set(unit, i), (unit += c.length)));
  for (const match of text.matchAll(WORD)) {
    const at = places.get(match.index);
    const word = [...match[0]];
    const scripts = word.map(scriptOf);
    word.forEach((c, i) => STYLED.test(c) && found.add(at + i));
    const counts = {};
    for (const script of scripts) if (script) counts[script] = (counts[script] ?? 0) + 1;
    const names = Object.keys(counts);
    if (names.length > 1) {
      const main = names.sort((a, b) => counts[b] - counts[a] || Number(b === "LATIN") - Number(a === "LATIN"))[0];
      scripts.forEach((script, i) => script && script !== main && found.add(at + i));
    } else if (names.length && names[0] !== "LATIN" && word.every((c) => LATIN_LIKE.has(c) || !/\p{L}/u.test(c))) suspects.push([at, word, names[0]]);
    else if (names.length) honest.add(names[0]);
  }
  for (const [at, word, script] of suspects)
    if (!honest.has(script) && honest.has("LATIN")) word.forEach((c, i) => /\p{L}/u.test(c) && found.add(at + i));
  for (const match of text.matchAll(DIGIT_LIKE)) found.add(places.get(match.index));
  return found;
}

/** The text, with what deceives the eye escaped. */
export function shown(text) {
  const characters = [...text];
  const wrong = new Set([...hidden(characters), ...posing(text, characters)]);
  return characters.map((c, i) => (wrong.has(i) ? escaped(c) : c === "\\" ? "\\\\" : c)).join("");
}
