/** What there is to ask for: the types and their fields, as the server tells them. */

import { useAnswer } from "./asking.js";
import { useAppState } from "./state.js";

/**
 * @typedef {object} FieldInfo
 * @property {string} name
 * @property {string} type `text`, `integer`, `float`, `boolean`, `date`, `timestamp`, `enum`, `textlist`, …
 * @property {string} [unit]
 * @property {string} [description]
 * @property {boolean} [required]
 * @property {string} [group] `payload`, `lineage` or `metadata`.
 * @property {string[]} [values] The vocabulary.
 * @property {boolean} [has_entries] Whether it is a mapping.
 * @property {string[]} [operators]
 * @property {string[]} [entry_operators] Those of one entry of a mapping.
 * @property {string[]} [parts]
 * @property {Record<string, string[]>} [part_operators]
 *
 * @typedef {object} TypeInfo
 * @property {string} name As plans name it.
 * @property {string} title
 * @property {string} [namespace]
 * @property {string} [description]
 * @property {number} [count]
 * @property {boolean} [is_resource] Whether it is one type of resources, each with a payload.
 * @property {FieldInfo[]} fields
 *
 * @typedef {object} Snapshot
 * @property {string} as_of
 * @property {number} version
 */

/** What the types of fields are called. */
const TYPES = /** @type {Record<string, string>} */ ({
  textlist: "list of texts",
  textmap: "texts by name",
  numbermap: "numbers by name",
  bloburl: "file",
  enum: "word",
});

/**
 * What the type of a field is called.
 * @param {FieldInfo} field
 */
export const typeText = (field) => TYPES[field.type] ?? field.type;

/** Titles of the groups of fields, in the order in which the page shows them. */
export const GROUPS = Object.freeze({ payload: "Payload", lineage: "Lineage", metadata: "Metadata" });

/**
 * Types and fields at the instant that the page looks at.
 * @param {string | null} asOf Null before it is known.
 * @returns {{types: TypeInfo[], type: TypeInfo | undefined, snapshot: Snapshot | null, error: any, isBusy: boolean}}
 */
export function useCatalog(asOf) {
  const { plan } = useAppState();
  const { answer, error, isBusy } = useAnswer("types", asOf && `types?as_of=${encodeURIComponent(asOf)}`);
  /** @type {TypeInfo[]} */
  const types = answer?.types ?? [];
  const type = types.find((each) => each.name === plan.relation);
  return { types, type, snapshot: answer?.snapshot ?? null, error, isBusy };
}

/**
 * The type whose identifiers a field holds, such as `patient` for `patient_id`; null for any type or none.
 * @param {FieldInfo} field
 * @param {TypeInfo} type
 * @returns {string | null}
 */
export function identifiedType(field, type) {
  switch (field.name) {
    case "identifier":
      return type.name;
    case "datasource_id":
      return "datasource";
    case "patient_id":
      return "patient";
    case "study_id":
      return "imagingstudy";
    default:
      return null;
  }
}

/**
 * Whether a field holds identifiers, so that a search among them helps to fill it.
 * @param {FieldInfo} field
 */
export const holdsIdentifiers = (field) =>
  field.name === "identifier" || field.name === "parent_identifier" || field.group === "lineage";
