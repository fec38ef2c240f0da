/** Calls of the server: all of them pass `call`. */

import { readJson, writeJson } from "./json.js";

const BASE = new URL("v1/", document.baseURI);

/** An error in the words of the server, or of the page when the server is silent. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {string} code
   * @param {Record<string, unknown>} details
   */
  constructor(message, code, details = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Status of a response to a caller whom the server does not know. */
const UNAUTHENTICATED = 401;

/** @type {() => void} */
let refused = () => {};

/** Number of the present user: what was asked for the one before does not count any more. */
let user = 0;

/**
 * Say what happens when the server does not know who asks.
 * @param {() => void} listener
 */
export function onRefused(listener) {
  refused = listener;
}

/** Take notice that from now on another user asks. */
export function changeUser() {
  user += 1;
}

/** @type {Map<string, AbortController>} */
const running = new Map();

/**
 * Ask the server. A newer call of the same slot cancels the older one, which then ends with an `AbortError`.
 * @param {string} slot What the answer is for.
 * @param {string} path Below `/v1/`.
 * @param {unknown} [body] Sent as JSON, with POST; without it, the call is a GET.
 * @param {string} [method] Another method than these.
 * @returns {Promise<Response>}
 */
export async function call(slot, path, body, method = body === undefined ? "GET" : "POST") {
  running.get(slot)?.abort();
  const controller = new AbortController();
  running.set(slot, controller);
  const asking = user;
  try {
    const response = await fetch(new URL(path, BASE), {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : writeJson(body),
      signal: controller.signal,
    });
    if (response.status === UNAUTHENTICATED && asking === user) refused();
    if (!response.ok) throw await failure(response);
    return response;
  } catch (error) {
    if (error instanceof TypeError) throw new ApiError("The server does not answer.", "UNREACHABLE");
    throw error;
  } finally {
    if (running.get(slot) === controller) running.delete(slot);
  }
}

/**
 * Ask the server for JSON.
 * @param {string} slot
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function ask(slot, path, body) {
  return readJson(await (await call(slot, path, body)).text());
}

/**
 * Tell whether a call ended because a newer one took its place.
 * @param {unknown} error
 */
export function isOvertaken(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** @param {Response} response */
async function failure(response) {
  try {
    const { message, code, details } = await response.json();
    return new ApiError(message, code, details);
  } catch {
    return new ApiError(`The server answered with status ${response.status}.`, String(response.status));
  }
}
