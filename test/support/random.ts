// What is random in tests: from one seed, which a failure names and TRIBUTARY_TEST_SEED brings back.

export const seed = Number(process.env['TRIBUTARY_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** How often to try something random: as often as usual, or as a long run does (`npm run test:long`). */
export const times = (usual: number): number => (process.env['TRIBUTARY_TEST_LONG'] ? 20 * usual : usual);

/** Numbers from 0 up to, not including, 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
