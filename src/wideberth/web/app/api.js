// Talk with the node, and with nobody else. In: paths and bodies. Out: JSON, or a `Problem` (RFC 9457), or `Offline`.
// The session is opened by signing the node's challenge and renewed the same way, without anybody noticing.

import { fromBase64, toBase64 } from "./msgpack.js";

const utf8 = new TextEncoder();

export class Problem extends Error {
  constructor(body) {
    super(body.title ?? "");
    this.body = body;
    this.reason = body.reason ?? "";
    this.detail = body.detail ?? "";
    this.status = body.status ?? 0;
  }
}
export class Offline extends Error {}

export class Node {
  constructor() {
    this.session = null;
    this.signer = null;
    this.origin = "";
  }

  async send(path, options = {}) {
    let answer;
    try {
      answer = await fetch(path, { cache: "no-store", credentials: "omit", redirect: "error", ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Offline(path);
    }
    if (answer.ok) return answer;
    const body = await answer.json().catch(() => ({}));
    if (answer.status >= 502 && !body.reason) throw new Offline(path);
    throw new Problem({ status: answer.status, ...body });
  }

  async about() {
    const about = await (await this.send("v1/about")).json();
    this.origin = about.origin;
    return about;
  }

  /** Opens a session: Ed25519 over context, origin, party and the raw challenge. */
  async open(signer) {
    this.signer = signer;
    const json = (body) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const { challenge } = await (await this.send("v1/challenge", json({ party: signer.party }))).json();
    const words = utf8.encode(`wideberth/session/1\n${this.origin}\n${signer.party}\n`);
    const signature = await signer.sign(new Uint8Array([...words, ...fromBase64(challenge)]));
    const body = { party: signer.party, key: toBase64(signer.publicKey), challenge, signature: toBase64(signature) };
    this.session = await (await this.send("v1/session", json(body))).json();
  }

  close() {
    this.session = null;
    this.signer = null;
  }

  async withSession(path, options = {}) {
    const bearer = () => ({ ...options, headers: { ...options.headers, authorization: `Bearer ${this.session.session}` } });
    const old = this.session;
    try {
      return await this.send(path, bearer());
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401 || !this.signer) throw error;
      if (this.session === old) await this.open(this.signer);
      return this.send(path, bearer());
    }
  }

  async get(path, options) {
    return (await this.withSession(path, options)).json();
  }

  async command(body) {
    return (
      await this.withSession("v1/commands", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      })
    ).json();
  }

  /** Reads the stream of notices until it ends; `heard(event, data)` gets each event. */
  async stream(after, heard, signal) {
    const answer = await this.withSession(`v1/stream?after=${after}`, { signal, headers: { accept: "text/event-stream" } });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest = (rest + value).replaceAll("\r\n", "\n");
      const blocks = rest.split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) hear(block, heard);
    }
  }
}

function hear(block, heard) {
  let event = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
  }
  if (data.length) heard(event, JSON.parse(data.join("\n")));
}
