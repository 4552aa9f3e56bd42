// A failing history made small: events are left out as long as it still fails (delta debugging). It does not know why it fails.
import type { Event, History } from './history.ts';

/** `fails`: whether a history still does. `maxTries`: how many are carried out at most. */
export async function shrunk(
  history: History,
  fails: (history: History) => Promise<boolean>,
  maxTries = 150,
): Promise<History> {
  let tries = 0;
  let events = history.events;
  const failsWith = async (kept: Event[]) => {
    tries += 1;
    return fails({ ...history, events: kept });
  };
  // Ever smaller parts are left out, at last each event by itself.
  for (let size = Math.ceil(events.length / 2); size >= 1 && tries < maxTries; ) {
    let left = false;
    for (let from = 0; from < events.length && tries < maxTries; ) {
      const kept = [...events.slice(0, from), ...events.slice(from + size)];
      if (await failsWith(kept)) {
        events = kept;
        left = true;
      } else from += size;
    }
    if (size === 1 && !left) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return { ...history, events };
}
