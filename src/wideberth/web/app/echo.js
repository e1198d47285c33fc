// Reading back, checked while it is typed. In: what was typed, what was sent. Out: what is wrong with it, and where.
// The node decides; what is wrong here is wrong there (`words.readback`, `words.check`).

export const ITEMS = ["position", "cell", "bearing", "band", "window", "version", "seal"];

/** What was said or typed as digits and capitals, without what parts its groups. */
const heard = (said) => said.normalize("NFKC").replace(/[\s\p{Cf}\-‐‑‒–—.,:;/_'’]/gu, "").toUpperCase();

/** null where nothing is said; "right"; else what is wrong with it, and at which character it first differs. */
export function compare(said, right) {
  const [a, b] = [heard(said), heard(right)];
  if (!a) return null;
  if (a === b) return { wrong: "right" };
  const at = [...b].findIndex((character, i) => a[i] !== character);
  return { wrong: checkHolds(a) ? "other" : "misheard", at: (at < 0 ? b.length : at) + 1 };
}

/** ISO/IEC 7064 MOD 1271-36: whether the last two characters fit what stands before them. */
export function checkHolds(text) {
  const plain = heard(text);
  if (!/^[0-9A-Z]{3,}$/.test(plain)) return false;
  let sum = 0;
  for (const character of plain) sum = (sum * 36 + parseInt(character, 36)) % 1271;
  return sum === 1;
}

const UNBROKEN = 5;
/** In groups for reading aloud: letters and digits apart, long runs of digits in fours from their end, the check characters last. */
export function groups(text) {
  const runs = text.slice(0, -2).match(/\d+|[A-Z]+/g) ?? [];
  const cut = (run) => (/\d/.test(run) && run.length > UNBROKEN ? run.match(/^\d{1,3}(?=(?:\d{4})+$)|\d{4}/g) : [run]);
  return [...runs.flatMap(cut), text.slice(-2)].join(" ");
}
