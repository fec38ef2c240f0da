/** The conditions of the query, to be clicked together or typed; both show the same. */

import { emptyGroup, newCondition, predicateOf, treeOf } from "../conditions.js";
import { LINEAGE } from "../operators.js";
import { html, useEffect, useMemo, useRef } from "../html.js";
import { useShared } from "../shared.js";
import { current, update, useAppState } from "../state.js";
import { elsewhere } from "../unlikely.js";
import { ConditionRow, Doubts } from "./condition.js";
import { Expression } from "./expression.js";
import { SavedQueries } from "./saved.js";

/**
 * @typedef {import("../catalog.js").TypeInfo} TypeInfo
 * @typedef {import("../conditions.js").Group} Group
 * @typedef {import("../conditions.js").Term} Term
 */

export function Filters() {
  const { type } = useShared().catalog;
  return html`
    <section class="filters" aria-label="Conditions">
      ${type && html`<${Builder} type=${type} />`}
      ${type && html`<${Expression} type=${type} />`}
    </section>
  `;
}

/** @param {{type: TypeInfo}} properties */
function Builder({ type }) {
  const { plan, draft } = useAppState();
  const planned = useMemo(() => treeOf(plan.where, type), [plan.where, type]);
  const tree = draft ?? planned;
  const { described } = useShared();
  const others = elsewhere(described.answer?.unlikely ?? [], tree, type.name);
  return html`
    <div class="heading">
      <h2>Conditions</h2>
      ${tree.terms.length > 0 &&
      html`<button type="button" onClick=${() => edit(emptyGroup(), type)}>Remove all</button>`}
      <${SavedQueries} type=${type} />
    </div>
    <${GroupBox} group=${tree} type=${type} isOutermost=${true} change=${(/** @type {Group} */ next) => edit(next, type)} />
    <${Doubts} doubts=${others} />
  `;
}

/**
 * Take an edited tree: the plan follows as far as the tree is complete.
 * @param {Group} tree
 * @param {TypeInfo} type
 */
function edit(tree, type) {
  const { where: _, ...rest } = current().plan;
  const where = predicateOf(tree, type);
  update({ draft: tree, plan: where ? { ...rest, where } : rest }, { isTyping: true });
}

/**
 * @param {{group: Group, type: TypeInfo, isOutermost?: boolean, change: (group: Group) => void,
 *   remove?: () => void}} properties
 */
function GroupBox({ group, type, isOutermost = false, change, remove }) {
  const replace = (/** @type {number} */ id, /** @type {Term | null} */ term) =>
    change({ ...group, terms: group.terms.flatMap((each) => (each.id !== id ? [each] : term ? [term] : [])) });
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const added = useRef(false);
  const add = (/** @type {Term} */ term) => {
    added.current = true;
    change({ ...group, terms: [...group.terms, term] });
  };
  // What was added is filled in next, and it stands before the button that added it.
  useEffect(() => {
    const { current: box } = place;
    if (!added.current || !box) return;
    added.current = false;
    const last = [...box.children].filter((child) => child.role === "group").at(-1);
    /** @type {HTMLElement | null | undefined} */ (last?.querySelector("select"))?.focus();
  }, [group]);
  const [first] = type.fields;
  return html`
    <div class=${isOutermost ? "group outermost" : "group"} role="group" ref=${place} aria-label=${group.op === "and" ? "All of these" : "Any of these"}>
      ${(!isOutermost || group.terms.length > 1) &&
      html`
        <div class="joint">
          <select
            aria-label="How the conditions are joined"
            value=${group.op}
            onChange=${(/** @type {any} */ event) => change({ ...group, op: event.target.value })}
          >
            <option value="and">all of these hold</option>
            <option value="or">any of these holds</option>
          </select>
          ${!isOutermost &&
          html`
            <label>
              <input
                type="checkbox"
                checked=${group.isNegated}
                onChange=${() => change({ ...group, isNegated: !group.isNegated })}
              />
              not
            </label>
            <button type="button" class="remove" aria-label="Remove the group" onClick=${remove}>×</button>
          `}
        </div>
      `}
      ${group.terms.map((term) =>
        term.kind === "group"
          ? html`
              <${GroupBox}
                key=${term.id}
                group=${term}
                type=${type}
                change=${(/** @type {Term} */ next) => replace(term.id, next)}
                remove=${() => replace(term.id, null)}
              />
            `
          : html`
              <${ConditionRow}
                key=${term.id}
                condition=${term}
                type=${type}
                change=${(/** @type {Term} */ next) => replace(term.id, next)}
                remove=${() => replace(term.id, null)}
              />
            `,
      )}
      <div class="add">
        <button type="button" onClick=${() => add(newCondition(type, first?.name ?? LINEAGE))}>Add a condition</button>
        <button type="button" onClick=${() => add({ ...emptyGroup(), op: group.op === "and" ? "or" : "and" })}>Add a group</button>
      </div>
    </div>
  `;
}
