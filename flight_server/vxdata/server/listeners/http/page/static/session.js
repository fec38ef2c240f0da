/** The session: as whom the page asks. The server keeps it behind a cookie that no script can read. */

import { ApiError, ask, call, changeUser, onRefused } from "./api.js";
import { useEffect, useState } from "./html.js";

/**
 * @typedef {object} Session
 * @property {string | null} name Name of the user; null where the server asks nobody who they are.
 * @property {string | null} role What the user may do.
 * @property {string | null} how By what the server knows the user, such as `session` or `certificate`.
 * @property {boolean} isRefused Whether the server wants to know who asks, and does not.
 * @property {number} user Counts the users.
 */

/** By what callers are known to a server without identities. */
const NOTHING = "nothing";

const NOBODY = Object.freeze({ name: null, role: null, how: null });

/** @type {Session} */
let session = Object.freeze({ ...NOBODY, isRefused: false, user: 0 });

/** @type {Set<(session: Session) => void>} */
const listeners = new Set();

/** @param {Partial<Session>} changes */
function take(changes) {
  session = Object.freeze({ ...session, ...changes });
  for (const listener of listeners) listener(session);
}

onRefused(() => take({ ...NOBODY, isRefused: true }));

/** Use the session in a component. */
export function useSession() {
  const [shown, show] = useState(session);
  useEffect(() => {
    listeners.add(show);
    show(session);
    return () => void listeners.delete(show);
  }, []);
  return shown;
}

/** Ask the server who asks. Where it does not know, or does not answer, those who ask for data are told so, too. */
export async function findSession() {
  try {
    take(await read());
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

/**
 * Begin a session. The token is sent once, and kept nowhere.
 * @param {string} token
 */
export async function signIn(token) {
  await call("session", "session", { token });
  changeUser();
  take({ ...(await read()), isRefused: false, user: session.user + 1 });
}

/** End the session, in the server as well. */
export async function signOut() {
  await call("session", "session", undefined, "DELETE");
  changeUser();
  take({ ...NOBODY, isRefused: true });
}

/** @returns {Promise<Partial<Session>>} */
async function read() {
  const { name, role, how } = await ask("who", "session");
  return how === NOTHING ? NOBODY : { name, role, how };
}
