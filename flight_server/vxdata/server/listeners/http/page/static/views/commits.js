/** The line of commits: when something was written, and how much. */

import { html } from "../html.js";
import { instantText } from "../words.js";

/** Width and height of the line, in units of its own. */
const WIDTH = 1000;
const HEIGHT = 64;

/**
 * The line is a picture of the table below it, which has all of its content.
 * @param {{commits: import("./time.js").Commit[], asOf: string | undefined, since: string | null}} properties
 */
export function CommitLine({ commits, asOf, since }) {
  if (commits.length === 0) return html`<p class="none">No commits.</p>`;
  const instants = commits.map((commit) => Date.parse(commit.as_of));
  const marks = [asOf, since].flatMap((instant) => (instant ? [Date.parse(instant)] : []));
  const first = Math.min(...instants, ...marks);
  const last = Math.max(...instants, ...marks);
  /** @param {number} instant */
  const x = (instant) => 10 + ((WIDTH - 20) * (instant - first)) / Math.max(last - first, 1);
  const sizes = commits.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0));
  const most = Math.log1p(Math.max(...sizes));
  return html`
    <svg class="line" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <line x1="0" y1=${HEIGHT - 4} x2=${WIDTH} y2=${HEIGHT - 4} class="axis" />
      ${instants.map((instant, index) => {
        const height = 6 + ((HEIGHT - 14) * Math.log1p(sizes[index] ?? 0)) / Math.max(most, 1);
        return html`<line x1=${x(instant)} x2=${x(instant)} y1=${HEIGHT - 4} y2=${HEIGHT - 4 - height} class="commit" />`;
      })}
      ${asOf && html`<line x1=${x(Date.parse(asOf))} x2=${x(Date.parse(asOf))} y1="0" y2=${HEIGHT} class="as-of" />`}
      ${since && html`<line x1=${x(Date.parse(since))} x2=${x(Date.parse(since))} y1="0" y2=${HEIGHT} class="since" />`}
    </svg>
    <p class="ends" aria-hidden="true">
      <span>${instantText(new Date(first).toISOString())}</span><span>${instantText(new Date(last).toISOString())}</span>
    </p>
  `;
}
