/** Words that may be meant by one that there is not. */

/** Share of a word's letters that may be wrong. */
const SHARE = 0.4;

/**
 * The word that is most like another one.
 * @param {string} word
 * @param {readonly string[]} words
 * @returns {string | null} Null if none is alike.
 */
export function nearest(word, words) {
  const sought = word.toLowerCase();
  const most = Math.max(Math.floor(sought.length * SHARE), 1);
  const [best] = words
    .map((each) => ({ each, steps: distance(sought, each.toLowerCase()) }))
    .filter(({ steps }) => steps <= most)
    .sort((one, other) => one.steps - other.steps);
  return best?.each ?? null;
}

/**
 * A question for the word that may be meant.
 * @param {string} word
 * @param {readonly string[]} words
 */
export function didYouMean(word, words) {
  const found = nearest(word, words);
  return found ? `Did you mean ${found}?` : `There are: ${words.slice(0, 10).join(", ")}.`;
}

/**
 * How many letters have to be put in, left out, replaced or exchanged with their neighbour.
 * @param {string} one
 * @param {string} other
 */
function distance(one, other) {
  /** @type {number[]} */
  let before = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let column = 1; column <= other.length; column++) {
      const isSame = one[row - 1] === other[column - 1];
      const isExchanged = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isExchanged ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, last] = [last, next];
  }
  return last[other.length] ?? 0;
}
