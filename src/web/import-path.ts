// Where files are imported: what comes there is large, is streamed, and has shown the API token first.

/** Also of a request's target, with its query. */
export const importPath = /^\/api\/sources\/[^/]+\/imports(?:\?|$)/;
