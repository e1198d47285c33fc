// Sound: two tones until a STOP is acknowledged, soft pulses for alerts. In: a first press of a key or the pointer,
// without which no browser lets a page sound. Out: tones; `state()` says whether they can be heard.

const TONES_HZ = [880, 660];
const TONE_S = 0.5;
export const SILENCE_MS = 30000;
const LOUD = 0.28;

let context = null;
let timer = 0;
let turn = 0;

/** From the first gesture on the page may sound. */
export function listenForGesture() {
  const allow = () => {
    context ??= new AudioContext();
    context.resume().catch(() => undefined);
  };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, allow, { capture: true });
}

/** on | blocked */
export const state = () => (context?.state === "running" ? "on" : "blocked");

function tone(hz, lasting_s, type = "square", loud = LOUD, after_s = 0) {
  const from = context.currentTime + after_s;
  const gain = new GainNode(context, { gain: 0 });
  const source = new OscillatorNode(context, { type, frequency: hz });
  gain.gain.setValueAtTime(0, from);
  gain.gain.linearRampToValueAtTime(loud, from + 0.02);
  gain.gain.setValueAtTime(loud, from + lasting_s - 0.04);
  gain.gain.linearRampToValueAtTime(0, from + lasting_s);
  source.connect(gain).connect(context.destination);
  source.start(from);
  source.stop(from + lasting_s);
}

/** The two tones of a STOP, again and again, until told to end. */
export function ring(on) {
  if (on && !timer) {
    const next = () => state() === "on" && tone(TONES_HZ[turn++ % 2], TONE_S);
    next();
    timer = setInterval(next, TONE_S * 1000);
  } else if (!on && timer) {
    clearInterval(timer);
    timer = 0;
  }
}

/** Soft pulses, once: never while a STOP sounds. */
export function pulse(count) {
  if (timer || state() !== "on") return;
  for (let i = 0; i < count; i++) tone(587, 0.16, "sine", 0.16, i * 0.26);
}
