/** A plugin of graphql-codegen that writes the text of its configuration. */
export function plugin(_schema, _documents, { text }) {
  return text;
}
