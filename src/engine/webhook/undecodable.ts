// What is said of a body that is not what its vendor sends.

/** The message is a sentence that holds no value of the body. */
export class UndecodableError extends Error {
  override name = 'UndecodableError';
}
