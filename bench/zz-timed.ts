// Tributary, started as a process of its own: one run from its request to rest, and what that took. It knows nothing of
// what it is compared with.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectors } from '/work/main/connectors/index.ts';
import { checkConfig } from '/work/main/src/config.ts';
import { openDatabase } from '/work/main/src/db/database.ts';
import { systemClock } from '/work/main/src/engine/clock.ts';
import { createLog } from '/work/main/src/engine/log.ts';
import { runById } from '/work/main/src/sync/runs.ts';
import { Tributary } from '/work/main/src/tributary.ts';

const { values: options } = parseArgs({
  options: {
    hubspot: { type: 'string', default: '' },
    voucherify: { type: 'string', default: '' },
    /** A PostgreSQL database; without it PGlite in `directory`. */
    database: { type: 'string' },
    directory: { type: 'string', default: '' },
    mode: { type: 'string', default: 'incremental' },
  },
});

const config = checkConfig(
  'bench/ours.ts',
  {
    destination: {
      connector: 'voucherify',
      appId: 'bench',
      appToken: 'bench',
      baseUrl: options.voucherify,
      quota: { requests: 1_000_000, seconds: 60 },
      bulkQuota: { requests: 1_000_000, seconds: 3600 },
      // The simulated project merges, and the yardstick takes that for granted too.
      metadataWrites: 'merge',
    },
    sources: {
      hubspot: {
        connector: 'hubspot',
        accessToken: 'bench',
        baseUrl: options.hubspot,
        quota: { requests: 1_000_000, seconds: 10 },
        searchPerSecond: 50,
        mapping: {
          name: ['firstname', 'lastname'],
          email: 'email',
          phone: 'phone',
          'address.city': 'city',
          'address.postal_code': 'zip',
          'address.country': 'country',
          'metadata.lifecycle_stage': 'lifecyclestage',
          'metadata.company': 'company',
          'metadata.loyalty_points': { from: 'loyalty_points', as: 'number' },
          'metadata.newsletter': { from: 'newsletter_opt_in', as: 'boolean' },
        },
      },
    },
  },
  {},
  connectors,
);

const database = await openDatabase({ url: options.database, directory: options.directory });
const log = createLog({ level: 'warn', write: (line) => void process.stderr.write(line) });
const stats: any = {};
const note=(k: string, ms: number)=>{ const a=(stats[k]??=[]); a.push(ms); };
const oldTx = database.transaction;
(database as any).transaction = async (work: any) => { const t=performance.now(); let inner=0; const label = /ingest/.test(work.toString())?'tx page':'tx other'; 
 const r = await oldTx.call(database, async (tx: any) => { const t1=performance.now(); const orows=tx.rows; const wtx={...tx, rows: async (st: any)=>{ const t2=performance.now(); const x= await orows(st); { const txt=(st.queryChunks?.map((c: any)=>c?.value?.join?.('')??'').join(' ')||'').trim().slice(0,60).replace(/\s+/g,' '); note(label+' '+txt, performance.now()-t2);} return x;}}; const x= await work(wtx); inner=performance.now()-t1; return x; }); note(label, performance.now()-t); note(label+' begin+commit', performance.now()-t-inner); return r; };
const oldRows = database.rows; (database as any).rows = async (st: any) => { const t2=performance.now(); const x = await oldRows.call(database, st); const txt=(st.queryChunks?.map((c: any)=>c?.value?.join?.('')??'').join(' ')||'').trim().slice(0,70).replace(/\s+/g,' '); note('direct '+txt, performance.now()-t2); return x; };
const tributary = new Tributary({ config, database, clock: systemClock, log });
for (const [name, ep] of tributary.endpoints) { const old = (ep as any).api.bind(ep); (ep as any).api = (lane: any, o: any) => { const a = old(lane,o); return { request: async (r: any) => { const t=performance.now(); const x = await a.request(r); note('http '+name+' '+(r.method??'GET')+' '+(r.path.split('/').slice(0,6).join('/').replace(/aa_.*/,'')), performance.now()-t); return x; } }; };
 const oc = (ep as any).onCall; (ep as any).onCall = (c: any) => { note('wire '+name, c.milliseconds); oc?.(c); } }
await tributary.start();
const requestedAt = performance.now();
const mode = options.mode === 'full' ? 'full' : 'incremental';
const run = await tributary.request({ source: 'hubspot', mode, trigger: 'manual', lane: 'schedule' });
if (!run) throw new Error('The run was not accepted.');
while (!(await tributary.isAtRest())) await delay(20);
const restedAt = performance.now();
const ended = await runById(database, run.id);
if (ended?.state !== 'finished') throw new Error(`The run ${ended?.state ?? 'is gone'}: ${ended?.error ?? 'no reason given'}`);
const { received, changed, unchanged, customers } = ended;
console.log(
  JSON.stringify({
    counts: { received, changed, unchanged, customers },
    pulledMs: ended.endedAt! - ended.startedAt!,
    startMs: requestedAt,
    runMs: restedAt - requestedAt,
    peakRssKilobytes: process.resourceUsage().maxRSS,
  }),
);
for (const [k,a] of Object.entries(stats) as any) { const b=a.toSorted((x: number,y: number)=>x-y); console.log(k.padEnd(90), String(b.length).padStart(5), 'sum', Math.round(b.reduce((x: number,y: number)=>x+y,0)), 'p50', b[b.length>>1].toFixed(1), 'p90', b[Math.floor(b.length*.9)].toFixed(1)); }
await tributary.drain();
await database.close();
