/** The state of the page: one frozen object, which the address holds too, so that a link brings all of it back. */

import { readJson, writeJson } from "./json.js";
import { didYouMean } from "./spelling.js";
import { useEffect, useState } from "./vendor/hooks.js";

/**
 * @typedef {Record<string, any>} Plan A plan in its canonical JSON, as the server gives and takes it.
 * @typedef {object} State
 * @property {Plan} plan What is asked.
 * @property {string} view Name of the view in the middle.
 * @property {string | null} resource Identifier of the resource that is open.
 * @property {import("./views/plots.js").Settings | null} plot What is plotted; null for the first that fits.
 * @property {string | null} since Instant that the present is compared with.
 * @property {Record<string, number>} widths Columns of the table whose width was set, in characters.
 * @property {string | null} catalog Name of the catalog that is shown, in place of the own data.
 * @property {import("./conditions.js").Group | null} draft The conditions as they are edited, some of them perhaps
 *   incomplete; null where they are those of the plan. The address does not hold it.
 * @property {readonly string[]} problems What could not be understood of the address.
 */

/** @type {State} */
const FIRST = Object.freeze({
  plan: { version: 2, relation: "volume" },
  view: "results",
  resource: null,
  plot: null,
  since: null,
  widths: Object.freeze({}),
  catalog: null,
  draft: null,
  problems: Object.freeze([]),
});

/** Members of the state that the address holds. */
const HELD = Object.keys(FIRST).filter((key) => key !== "draft" && key !== "problems");

/** Length of a state that is written into the address as it is; a longer one is compressed. */
const PLAIN = 1500;

/** @type {State} */
let state = FIRST;

/** @type {Set<(state: State) => void>} */
const listeners = new Set();

/** The state of this moment. */
export const current = () => state;

/**
 * Change the state: everything that shows it is drawn again, and the address follows.
 * @param {Partial<State>} changes
 * @param {{isTyping?: boolean}} [how] While the user types, the browser's history gets no step of its own.
 */
export function update(changes, { isTyping = false } = {}) {
  const isDrafted = "draft" in changes || changes.plan === undefined || asksAlike(changes.plan, state.plan);
  take(Object.freeze({ ...state, problems: FIRST.problems, ...(isDrafted ? {} : { draft: null }), ...changes }));
  void writeAddress(isTyping);
}

/**
 * Whether two plans have the same condition on the same type.
 * @param {Plan} one
 * @param {Plan} other
 */
function asksAlike(one, other) {
  return one.relation === other.relation && writeJson(one.where) === writeJson(other.where);
}

/** Use the state in a component. */
export function useAppState() {
  const [shown, show] = useState(state);
  useEffect(() => {
    listeners.add(show);
    show(state);
    return () => void listeners.delete(show);
  }, []);
  return shown;
}

/** Begin with the state that the address holds, and follow it from then on. */
export async function followAddress() {
  const read = async () => take(await readAddress(location.hash));
  addEventListener("popstate", read);
  addEventListener("hashchange", read);
  await read();
}

/**
 * Write a state as the fragment of an address.
 * @param {State} shown
 * @returns {Promise<string>}
 */
export async function fragmentOf(shown) {
  const { draft: _, problems: __, ...held } = shown;
  const text = writeJson(held);
  if (text.length <= PLAIN) return `#s=${encodeURIComponent(text)}`;
  const packed = await through(new Blob([text]), new CompressionStream("deflate-raw"));
  return `#z=${toBase64(new Uint8Array(packed))}`;
}

/**
 * Read the fragment of an address; what is no state gives the first one, and says so.
 * @param {string} fragment
 * @returns {Promise<State>}
 */
export async function readAddress(fragment) {
  try {
    const value = fragment.slice(3);
    if (fragment.startsWith("#s=")) return stateOf(readJson(decodeURIComponent(value)));
    if (fragment.startsWith("#z=")) {
      const text = await through(new Blob([fromBase64(value)]), new DecompressionStream("deflate-raw"));
      return stateOf(readJson(new TextDecoder().decode(text)));
    }
  } catch (error) {
    console.info("The address holds no state that can be read.", error);
    return { ...FIRST, problems: ["The link is damaged, so that nothing of it can be shown."] };
  }
  return FIRST;
}

/**
 * The state that an address holds, with what of it is not known here.
 * @param {Record<string, any>} held
 * @returns {State}
 */
function stateOf(held) {
  const known = HELD.filter((key) => key in held).map((key) => [key, held[key]]);
  const unknown = Object.keys(held).filter((key) => !HELD.includes(key));
  const problems = unknown.map((key) => `The link has a part named ${key}, which there is not. ${didYouMean(key, HELD)}`);
  return { ...FIRST, ...Object.fromEntries(known), problems };
}

/** @param {State} next */
function take(next) {
  state = next;
  for (const listener of listeners) listener(next);
}

let writes = 0;

/** @param {boolean} isTyping */
async function writeAddress(isTyping) {
  const turn = ++writes;
  const fragment = await fragmentOf(state);
  if (turn !== writes || fragment === location.hash) return;
  if (isTyping) history.replaceState(null, "", fragment);
  else history.pushState(null, "", fragment);
}

/**
 * @param {Blob} blob
 * @param {CompressionStream | DecompressionStream} stream
 */
function through(blob, stream) {
  return new Response(blob.stream().pipeThrough(stream)).arrayBuffer();
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text */
function fromBase64(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
