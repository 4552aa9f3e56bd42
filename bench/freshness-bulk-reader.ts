// A thread of the freshness bench's vendor: it counts the customers of a bulk call, and picks out those that live.
import { parentPort } from 'node:worker_threads';

parentPort!.on('message', (text: string) => {
  const sent = JSON.parse(text) as { metadata?: { seq?: unknown } }[];
  const living = sent.filter(({ metadata }) => metadata?.seq !== undefined);
  parentPort!.postMessage({ records: sent.length, living });
});
