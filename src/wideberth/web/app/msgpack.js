// Canonical MessagePack, as the signed bytes need it. In: null, booleans, integers, strings, Uint8Array, arrays.
// Out: bytes in the smallest forms (msgpack specification, "int", "str", "bin", "array" families). No maps, no floats.

const utf8 = new TextEncoder();

function head(out, value, bytes) {
  for (let i = bytes - 1; i >= 0; i--) out.push(Number((value >> BigInt(8 * i)) & 0xffn));
}

function integer(out, given) {
  const n = BigInt(given);
  if (n >= 0n) {
    if (n < 0x80n) out.push(Number(n));
    else if (n <= 0xffn) (out.push(0xcc), head(out, n, 1));
    else if (n <= 0xffffn) (out.push(0xcd), head(out, n, 2));
    else if (n <= 0xffffffffn) (out.push(0xce), head(out, n, 4));
    else (out.push(0xcf), head(out, n, 8));
  } else if (n >= -32n) out.push(Number(n & 0xffn));
  else if (n >= -0x80n) (out.push(0xd0), head(out, n & 0xffn, 1));
  else if (n >= -0x8000n) (out.push(0xd1), head(out, n & 0xffffn, 2));
  else if (n >= -0x80000000n) (out.push(0xd2), head(out, n & 0xffffffffn, 4));
  else (out.push(0xd3), head(out, n & 0xffffffffffffffffn, 8));
}

function sized(out, length, fix, forms) {
  if (fix && length < fix.below) return out.push(fix.tag | length);
  const [tag, bytes] = forms.find(([, b]) => length < 2 ** (8 * b));
  out.push(tag);
  head(out, BigInt(length), bytes);
  return undefined;
}

function write(out, value) {
  if (value === null) out.push(0xc0);
  else if (value === false) out.push(0xc2);
  else if (value === true) out.push(0xc3);
  else if (typeof value === "bigint" || Number.isSafeInteger(value)) integer(out, value);
  else if (typeof value === "string") {
    const bytes = utf8.encode(value);
    sized(out, bytes.length, { below: 32, tag: 0xa0 }, [[0xd9, 1], [0xda, 2], [0xdb, 4]]);
    for (const byte of bytes) out.push(byte);
  } else if (value instanceof Uint8Array) {
    sized(out, value.length, null, [[0xc4, 1], [0xc5, 2], [0xc6, 4]]);
    for (const byte of value) out.push(byte);
  } else if (Array.isArray(value)) {
    sized(out, value.length, { below: 16, tag: 0x90 }, [[0xdc, 2], [0xdd, 4]]);
    for (const item of value) write(out, item);
  } else throw new TypeError(`no canonical form: ${typeof value}`);
}

/** The canonical bytes of a value. */
export function encode(value) {
  const out = [];
  write(out, value);
  return Uint8Array.from(out);
}

export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

/** The 16 bytes of a UUID string. */
export const uuidBytes = (uuid) => Uint8Array.from(uuid.replaceAll("-", "").match(/../g), (pair) => parseInt(pair, 16));
