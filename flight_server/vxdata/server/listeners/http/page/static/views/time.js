/** Time: the commits on a line, the instant that the page looks at, and what has changed since. */

import { useAnswer } from "../asking.js";
import { html, useState } from "../html.js";
import { useRoving } from "../roving.js";
import { useShared } from "../shared.js";
import { current, update, useAppState } from "../state.js";
import { counted, countText, instantText, valueText } from "../words.js";
import { CommitLine } from "./commits.js";
import { Compare } from "./compare.js";

/**
 * @typedef {object} Commit
 * @property {number} version
 * @property {string} as_of
 * @property {string} verb
 * @property {Record<string, number>} counts
 * @property {string | null} principal
 * @property {Record<string, string>} client
 */

/** Commits of one page. */
const PAGE = 100;

export function Time() {
  const { plan, since } = useAppState();
  const { asked, snapshots } = useShared();
  const [isOfType, limitToType] = useState(true);
  const [before, goBack] = useState(/** @type {number[]} */ ([]));
  const parameters = new URLSearchParams({
    limit: String(PAGE),
    ...(isOfType ? { type: plan.relation } : {}),
    ...(before.length ? { before: String(before.at(-1)) } : {}),
    // Also those after the instant that is looked at, but none that the page does not show yet.
    ...(snapshots.shown ? { as_of: snapshots.shown.as_of } : {}),
  });
  const { answer, error } = useAnswer("commits", `commits?${parameters}`);
  /** @type {Commit[]} */
  const commits = answer?.commits ?? [];
  return html`
    <div class="time">
      <${Instants} />
      <section aria-label="Commits">
        <div class="heading">
          <h2>Commits</h2>
          <label>
            <input
              type="checkbox"
              checked=${isOfType}
              onChange=${() => {
                limitToType(!isOfType);
                goBack([]);
              }}
            />
            only those that wrote this type
          </label>
          <span class="pages">
            <button type="button" disabled=${before.length === 0} onClick=${() => goBack(before.slice(0, -1))}>Later</button>
            <button type="button" disabled=${!answer?.next} onClick=${() => goBack([...before, answer.next])}>Earlier</button>
          </span>
        </div>
        ${error && html`<p class="mistake" role="alert">${error.message}</p>`}
        <${CommitLine} commits=${commits} asOf=${plan.as_of} since=${since} />
        <${CommitTable} commits=${commits} />
      </section>
      ${since && html`<${Compare} plan=${asked} since=${since} />`}
    </div>
  `;
}

/** The two instants: the one that all views look at, and the one that it is compared with. */
function Instants() {
  const { plan, since } = useAppState();
  const { as_of: _, ...live } = plan;
  return html`
    <section aria-label="Instants" class="instants">
      <${InstantInput}
        label="Show the data as of (UTC)"
        instant=${plan.as_of ?? null}
        set=${(/** @type {string | null} */ instant) => update({ plan: instant ? { ...live, as_of: instant } : live })}
      />
      <${InstantInput}
        label="Compare with (UTC)"
        instant=${since}
        set=${(/** @type {string | null} */ instant) => update({ since: instant })}
      />
    </section>
  `;
}

/** @param {{label: string, instant: string | null, set: (instant: string | null) => void}} properties */
function InstantInput({ label, instant, set }) {
  // The input knows no zone; what it holds is meant, and said, to be UTC.
  return html`
    <label>
      ${label}
      <input
        type="datetime-local"
        step="1"
        value=${instant ? instant.slice(0, 19) : ""}
        onChange=${(/** @type {any} */ { target }) => set(target.value ? asInstant(target.value) : null)}
      />
    </label>
    ${instant && html`<button type="button" aria-label=${`Remove: ${label}`} onClick=${() => set(null)}>Remove</button>`}
  `;
}

/**
 * The end of the second that an input holds, so that a commit within it is seen.
 * @param {string} text
 */
const asInstant = (text) => `${text.length === 16 ? `${text}:00` : text.slice(0, 19)}.999999Z`;

/** @param {{commits: Commit[]}} properties */
function CommitTable({ commits }) {
  const roving = useRoving("tr");
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Table of commits">
      <table class="plain">
        <thead>
          <tr><th scope="col" class="number">Version</th><th scope="col">Instant</th><th scope="col">Done</th><th scope="col">Written</th><th scope="col">By</th><th scope="col">The client said</th><th scope="col">Actions</th></tr>
        </thead>
        <tbody ...${roving}>
          ${commits.map(
            (commit) => html`
              <tr key=${commit.version}>
                <th scope="row" class="number">${countText(commit.version)}</th>
                <td class="line">${instantText(commit.as_of)}</td>
                <td>${commit.verb}</td>
                <td>${writtenText(commit.counts)}</td>
                <td>${valueText(commit.principal)}</td>
                <td>${valueText(commit.client)}</td>
                <td class="line">
                  <button type="button" tabindex="-1" aria-label=${`Show as of version ${commit.version}`} onClick=${() => show(commit)}>Show</button>
                  <button type="button" tabindex="-1" aria-label=${`Compare with version ${commit.version}`} onClick=${() => update({ since: commit.as_of })}>Compare</button>
                </td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
    <p class="by">${counted(commits.length, "commit")} on this page.</p>
  `;
}

/**
 * How many versions of each type were written.
 * @param {Record<string, number>} counts
 */
const writtenText = (counts) => Object.entries(counts).map(([type, count]) => `${type}: ${countText(count)}`).join(", ");

/** @param {Commit} commit */
const show = (commit) => update({ plan: { ...current().plan, as_of: commit.as_of } });
