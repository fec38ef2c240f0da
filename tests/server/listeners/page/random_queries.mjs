/**
 * Queries of the query page's model: random ones, and what it makes of given ones.
 *
 * Reads JSON from the standard input: `folder` with the page's modules, the `types` that the server tells of, and
 * either `seed` and `count` of random queries, or `plans` to be read. Writes a list: for each query its `plan`,
 * the plan `again` after it has been read into conditions and written, and the plan that its `link` brings back.
 */

import { text } from "node:stream/consumers";

const input = await text(process.stdin);
const { folder } = JSON.parse(input);
const load = (name) => import(`${folder}/${name}`);
const { readJson, writeJson } = await load("json.js");
const { types, seed, count, plans } = readJson(input);
const { emptyGroup, kindOf, newCondition, operatorsOf, predicateOf, treeOf } = await load("conditions.js");
const { comparisonsOf, EMPTY, LINEAGE, OPERATORS } = await load("operators.js");
const { fragmentOf, readAddress } = await load("state.js");
const { selectable, subqueryOf } = await load("subqueries.js");

const PARTS = ["year", "month", "n_items"];
const WORDS = ["a", "it's", 'say "x"', "back\\slash", "50 %", "Größe", "𝛼", "volume/1", "two  blanks ", "F.x"];
const VALUES = {
  text: WORDS,
  number: ["0", "-1", "3.5", "1e3", " 7 ", "0.1", "-2.50", "123456789012", "9007199254740993"],
  boolean: ["true", "false"],
  date: ["2026-02-03", "1999-12-31"],
  timestamp: [
    "2026-02-03",
    "2026-02-03 04:05",
    "2026-02-03T04:05",
    "2026-02-03T04:05:06",
    "2026-02-03T04:05:06.123",
    "2026-02-03T04:05:06+02:00",
  ],
};

/** Numbers from 0 to 1, the same for the same seed. */
function numbers(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

const next = numbers(seed ?? 0);
const chance = (share) => next() < share;
const pick = (items) => items[Math.floor(next() * items.length)];
const several = (items, most) => Array.from({ length: 1 + Math.floor(next() * most) }, () => pick(items));

/** What a condition can be on: fields, entries and parts of them, and the lineage; each with its operators. */
function subjectsOf(type) {
  const found = type.fields.flatMap((field) => {
    const whole = newCondition(type, field.name);
    const parts = field.parts.filter((part) => PARTS.includes(part)).map((part) => ({ ...whole, part }));
    const entries = field.has_entries ? ["auc", "it's a key"].map((key) => ({ ...whole, key })) : [];
    return [whole, ...parts, ...entries];
  });
  if (type.fields.some(({ group }) => group === "lineage")) found.push(newCondition(type, LINEAGE));
  return found.map((condition) => ({ condition, operators: operatorsOf(condition, type) }));
}

const subjects = new Map(types.map((type) => [type.name, subjectsOf(type)]));

/** A subquery of a query that the user has saved. */
function savedQuery(op, kind, levels) {
  const type = pick(types.filter((each) => selectable(op, kind, each).length > 0));
  return subqueryOf(query(type, levels), pick(selectable(op, kind, type)).name);
}

function operandOf(condition, type, levels) {
  const kind = kindOf(condition, type);
  const words = type.fields.find(({ name }) => name === condition.field)?.values;
  const values = words && !condition.part && !condition.key ? words : VALUES[kind];
  switch (OPERATORS[condition.op].editor) {
    case "value":
      return { ...EMPTY, value: pick(values) };
    case "values":
      return { ...EMPTY, values: several(values, 4) };
    case "range":
      return { ...EMPTY, low: chance(0.8) ? pick(values) : "", high: pick(values) };
    case "text":
      return { ...EMPTY, value: pick(WORDS), ignoresCase: chance(0.5) };
    case "identifier":
      return { ...EMPTY, value: pick(["patient/1", "datasource/it's", "volume/a b"]) };
    case "query":
      return { ...EMPTY, query: savedQuery(condition.op, kind, levels) };
    case "compared_query": {
      const comparison = chance(0.3) ? EMPTY.comparison : pick(comparisonsOf(condition.op));
      return { ...EMPTY, query: savedQuery(condition.op, kind, levels), comparison };
    }
    case "sample":
      return { ...EMPTY, first: pick(["0.25", "1", ".5"]), second: pick(["0", "17"]) };
    case "shard":
      return { ...EMPTY, first: pick(["0", "1"]), second: pick(["2", "10"]) };
    default:
      return EMPTY;
  }
}

/** A condition; one in ten is not filled in yet. All operators are as frequent, whatever they can be on. */
function condition(type, levels) {
  const all = subjects.get(type.name);
  const reads = ["query", "compared_query"];
  const operators = [...new Set(all.flatMap((each) => each.operators))];
  const op = pick(operators.filter((name) => levels > 0 || !reads.includes(OPERATORS[name].editor)));
  const subject = pick(all.filter((each) => each.operators.includes(op)));
  const bare = { ...subject.condition, op, isNegated: chance(0.2) };
  return chance(0.1) ? bare : { ...bare, operand: operandOf(bare, type, levels - 1) };
}

function group(type, levels) {
  const terms = Array.from({ length: Math.floor(next() * 5) }, () =>
    levels > 0 && chance(0.3) ? group(type, levels - 1) : condition(type, levels),
  );
  return { ...emptyGroup(), op: pick(["and", "or"]), isNegated: chance(0.2), terms };
}

function query(type, levels) {
  const names = type.fields.map(({ name }) => name);
  const sorted = type.fields.filter((field) => !field.has_entries && field.type !== "textlist");
  const where = predicateOf({ ...group(type, levels), isNegated: false }, type);
  const columns = names.filter(() => chance(0.5));
  return {
    version: 2,
    relation: type.name,
    ...(where ? { where } : {}),
    ...(chance(0.5) ? { order_by: [{ field: pick(sorted).name, ...(chance(0.5) ? { descending: true } : {}) }] } : {}),
    ...(columns.length && chance(0.5) ? { select: columns } : {}),
    ...(chance(0.3) ? { limit: Math.floor(next() * 100) } : {}),
    ...(chance(0.3) ? { as_of: "2026-02-03T04:05:06.123456Z" } : {}),
  };
}

async function answerOf(plan) {
  const { where, ...rest } = plan;
  const type = types.find(({ name }) => name === plan.relation);
  const read = predicateOf(treeOf(where, type), type);
  const state = { plan, view: "results", resource: null, plot: null, since: null, catalog: null, draft: null };
  const link = (await readAddress(await fragmentOf(state))).plan;
  return { plan, again: read ? { ...rest, where: read } : rest, link };
}

const asked = plans ?? Array.from({ length: count }, () => query(pick(types), 2));
process.stdout.write(writeJson(await Promise.all(asked.map(answerOf))));
