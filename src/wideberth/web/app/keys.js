// The watch key in this browser. In: a party and a 32-byte Ed25519 seed (file, paste, or the address's fragment).
// Out: `Signer`, whose private key WebCrypto holds and nobody can read out again. Kept on the device only if asked.

import { fromBase64 } from "./msgpack.js";

// RFC 8410: PrivateKeyInfo of an Ed25519 key is this prefix and the seed.
const PKCS8 = Uint8Array.from("302e020100300506032b657004220420".match(/../g), (pair) => parseInt(pair, 16));
const STORE = "wideberth";

export class BadKey extends Error {}

/** Takes party and seed out of the fragment and removes it from the address bar at once. */
export function fromFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  const party = given.get("party");
  const seed = given.get("seed");
  if (!seed) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return party ? { party, seed } : null;
}

/** A seed as people have it: base64, base64url, hex, or a key file (JSON with `seed` and `party`). */
export function readSeed(text) {
  let given = text.trim();
  let party = null;
  if (given.startsWith("{")) {
    try {
      const object = JSON.parse(given);
      if (object.sealed) throw new BadKey("sealed");
      given = String(object.seed ?? "");
      party = object.party ?? null;
    } catch (error) {
      throw error instanceof BadKey ? error : new BadKey("form");
    }
  }
  const lines = given.split(/\s+/).filter((line) => line && !line.startsWith("#"));
  given = lines.at(-1) ?? "";
  if (/^[0-9a-f]{64}$/i.test(given)) return { party, seed: Uint8Array.from(given.match(/../g), (pair) => parseInt(pair, 16)) };
  if (!/^[\w+/-]{43}=?$/.test(given)) throw new BadKey("form");
  return { party, seed: fromBase64(given.replace("=", "")) };
}

async function importSeed(seed, extractable) {
  const bytes = new Uint8Array([...PKCS8, ...seed]);
  const key = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", extractable, ["sign"]);
  bytes.fill(0);
  return key;
}

export class Signer {
  constructor(party, key, publicKey) {
    this.party = party;
    this.key = key;
    this.publicKey = publicKey;
  }

  /** Imports the seed non-extractable and wipes it; the public key comes from a copy that is dropped at once. */
  static async from(party, seed) {
    const copy = await importSeed(seed, true);
    const publicKey = fromBase64((await crypto.subtle.exportKey("jwk", copy)).x);
    const key = await importSeed(seed, false);
    seed.fill(0);
    return new Signer(party, key, publicKey);
  }

  async sign(bytes) {
    return new Uint8Array(await crypto.subtle.sign("Ed25519", this.key, bytes));
  }
}

function store(mode, act) {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open(STORE, 1);
    open.onupgradeneeded = () => open.result.createObjectStore("keys");
    open.onerror = () => reject(open.error);
    open.onsuccess = () => {
      const request = act(open.result.transaction("keys", mode).objectStore("keys"));
      request.onsuccess = () => (open.result.close(), resolve(request.result));
      request.onerror = () => (open.result.close(), reject(request.error));
    };
  });
}

/** Keeps the (unreadable) key on this device until sign-off. */
export const keep = (signer) => store("readwrite", (keys) => keys.put({ party: signer.party, key: signer.key, publicKey: signer.publicKey }, "watch"));
export const drop = () => store("readwrite", (keys) => keys.delete("watch"));
export async function kept() {
  const found = await store("readonly", (keys) => keys.get("watch")).catch(() => null);
  return found ? new Signer(found.party, found.key, found.publicKey) : null;
}
