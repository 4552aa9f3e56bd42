// A vendor that is far away: it takes a customer in a call, answers late, and counts. It keeps nothing else.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const latencyMs = Number(process.argv[2]);
const taken = new Set<string>();
let calls = 0;

const server = createServer((request, response) => {
  const answer = (body: object) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.method === 'GET') return void answer({ customers: taken.size, calls });
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const customer = JSON.parse(Buffer.concat(chunks).toString()) as { source_id: string };
    setTimeout(() => {
      calls += 1;
      taken.add(customer.source_id);
      answer({ id: `cust_${customer.source_id}`, object: 'customer', ...customer });
    }, latencyMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
