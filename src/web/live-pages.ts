// Streams of server-sent events to those who look at a page: each is sent the page again when it has changed. However many
// look at the same page, it is read once; what nobody looks at is not read. It knows no page.
import type { Clock } from '../engine/clock.ts';

/** A page that changes is read no more often than this. */
const tickMs = 1_000;

/** Reading a page takes half of the time at most. */
const costShare = 2;

/** A page at rest is read again after this, then after twice as long, and so on: not every change is told of. */
const restMs = { first: 2_000, longest: 15_000 };

/** For so long after a sign of work, a page is read as if it had changed. */
const movingMs = 3_000;

/** Something is sent at least this often, so that a proxy keeps the connection and the script knows that it works. */
const beatMs = 15_000;

/** Browsers open six connections to a host: other requests must find one. */
const maxPerSession = 4;

const maxStreams = 200;

/** Whoever has not taken so many events is gone. */
const maxWaiting = 4;

/** Who looks learns after this that reading takes too long. */
const patienceMs = 4_500;

/** A browser without a script of ours would reconnect after this. */
const retryMs = 3_000;

export interface ReadPage {
  html: string;
  /** Nothing of it will change. */
  isStill: boolean;
}

export interface Look {
  /** What is shown, and to whom: those with the same key are shown the same. */
  key: string;
  read(): Promise<ReadPage>;
  /** What went wrong, in a sentence that those who look may see. Null: it takes too long. */
  troubleOf(error: unknown): string;
  /** Whose stream it is. */
  session: string;
  /** Whether the session is still open. */
  isOpen(): Promise<boolean>;
  /** Ends the stream. */
  closing?: AbortSignal | undefined;
}

/** `end` says why: `login` (the session is over), `still` (nothing will change), `stop` (the server stops). */
type Event = 'hello' | 'page' | 'beat' | 'trouble' | 'end';

interface Viewer {
  look: Look;
  controller: ReadableStreamDefaultController<Uint8Array>;
  /** What it was sent last, to compare. */
  seen: string | null;
  sentAt: number;
  isBeingChecked: boolean;
}

/** What tells that pages may have changed. */
export interface Signs {
  /** Grows whenever work was done or told of. */
  activity(): number;
  /** When what pages remember was found out, epoch milliseconds. */
  knownAt(): number;
}

interface View {
  read: Look['read'];
  viewers: Set<Viewer>;
  /** As it was read last. `compared`: without what changes with time alone. */
  latest: { html: string; compared: string; isStill: boolean } | null;
  isBeingRead: boolean;
  /** It could not be read: those who look were told why, and see what was read before. */
  isTroubled: boolean;
  notBefore: number;
  dueAt: number;
  restMs: number;
  /** How much had happened when it was read. */
  activity: number;
}

export class LivePages {
  readonly #clock: Clock;
  readonly #signs: Signs;
  readonly #views = new Map<string, View>();
  #changes = 0;
  #seenHappened = 0;
  /** When something was last seen to have happened, epoch milliseconds. */
  #happenedAt = 0;
  #isRunning = false;
  #rest = new AbortController();

  constructor(clock: Clock, signs: Signs) {
    this.#clock = clock;
    this.#signs = signs;
  }

  get streams(): number {
    return this.#viewers.length;
  }

  /** A person changed something: pages are read again. */
  noteChange(): void {
    this.#changes += 1;
  }

  /** Null where there are too many. */
  open(look: Look): ReadableStream<Uint8Array> | null {
    const viewers = this.#viewers;
    const own = viewers.filter((viewer) => viewer.look.session === look.session);
    if (viewers.length >= maxStreams || own.length >= maxPerSession) return null;
    let viewer: Viewer;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        viewer = { look, controller, seen: null, sentAt: this.#clock.now(), isBeingChecked: false };
        this.#add(viewer);
        look.closing?.addEventListener('abort', () => this.#end(viewer, 'stop'), { once: true });
      },
      cancel: () => this.#remove(viewer),
    });
  }

  get #viewers(): Viewer[] {
    return [...this.#views.values()].flatMap(({ viewers }) => [...viewers]);
  }

  #add(viewer: Viewer): void {
    const { key, read } = viewer.look;
    const now = this.#clock.now();
    const fresh = () => ({
      ...{
        read,
        viewers: new Set<Viewer>(),
        latest: null,
        isBeingRead: false,
        isTroubled: false,
        activity: -1,
      },
      // The page was read when it was opened, a moment ago.
      ...{ notBefore: now + tickMs, dueAt: now + tickMs, restMs: restMs.first },
    });
    const view = this.#views.get(key) ?? fresh();
    this.#views.set(key, view);
    view.viewers.add(viewer);
    viewer.controller.enqueue(encoded(`retry: ${retryMs}\n\n`));
    send(viewer, 'hello', null, now);
    this.#show(view);
    if (!this.#isRunning) void this.#run();
  }

  #remove(viewer: Viewer): void {
    const { key } = viewer.look;
    const view = this.#views.get(key);
    if (!view?.viewers.delete(viewer)) return;
    if (view.viewers.size === 0) this.#views.delete(key);
    if (this.#views.size === 0) this.#rest.abort();
  }

  #end(viewer: Viewer, why: 'login' | 'still' | 'stop'): void {
    if (!this.#views.get(viewer.look.key)?.viewers.has(viewer)) return;
    send(viewer, 'end', why, this.#clock.now());
    viewer.controller.close();
    this.#remove(viewer);
  }

  /** While anybody looks. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#views.size > 0) {
      this.#rest = new AbortController();
      await this.#clock.sleep(tickMs, this.#rest.signal);
      this.#noteHappened();
      for (const viewer of this.#viewers) void this.#check(viewer);
      for (const view of this.#views.values()) {
        this.#show(view);
        if (this.#isDue(view)) void this.#read(view);
      }
    }
    this.#isRunning = false;
  }

  async #check(viewer: Viewer): Promise<void> {
    const now = this.#clock.now();
    if (now - viewer.sentAt >= beatMs) {
      if (waitsFor(viewer) > maxWaiting) return this.#end(viewer, 'stop');
      send(viewer, 'beat', null, now);
    }
    if (viewer.isBeingChecked) return;
    viewer.isBeingChecked = true;
    // A database that does not answer logs nobody out.
    if (!(await viewer.look.isOpen().catch(() => true))) this.#end(viewer, 'login');
    viewer.isBeingChecked = false;
  }

  #isDue({ isBeingRead, notBefore, dueAt, activity }: View): boolean {
    const now = this.#clock.now();
    return !isBeingRead && now >= notBefore && (now >= dueAt || activity !== this.#happened);
  }

  get #happened(): number {
    return this.#signs.activity() + this.#changes;
  }

  #noteHappened(): void {
    if (this.#happened === this.#seenHappened) return;
    this.#seenHappened = this.#happened;
    this.#happenedAt = this.#clock.now();
  }

  /** Work that was begun goes on for a while, and figures that are dear to find out are shown late. */
  get #isMoving(): boolean {
    const until = this.#happenedAt + movingMs;
    return this.#clock.now() < until || this.#signs.knownAt() < until;
  }

  async #read(view: View): Promise<void> {
    const begun = this.#clock.now();
    let isChanged = false;
    view.isBeingRead = true;
    view.activity = this.#happened;
    const ended = new AbortController();
    void this.#clock.sleep(patienceMs, ended.signal).then(() => {
      if (!ended.signal.aborted) this.#tellTrouble(view, null);
    });
    try {
      const { html, isStill } = await view.read();
      const compared = withoutTime(html);
      isChanged = compared !== view.latest?.compared;
      view.latest = { html, compared, isStill };
      view.isTroubled = false;
    } catch (error) {
      this.#tellTrouble(view, error);
    } finally {
      ended.abort();
      view.isBeingRead = false;
    }
    const now = this.#clock.now();
    const isMoving = isChanged || this.#isMoving;
    view.restMs = isMoving ? restMs.first : Math.min(view.restMs * 2, restMs.longest);
    view.dueAt = now + (isMoving ? tickMs : view.restMs);
    view.notBefore = Math.max(begun + tickMs, now + (now - begun) * (costShare - 1));
    this.#show(view);
  }

  #tellTrouble(view: View, error: unknown): void {
    view.isTroubled = true;
    for (const viewer of view.viewers) {
      send(viewer, 'trouble', viewer.look.troubleOf(error), this.#clock.now());
      viewer.seen = null;
    }
  }

  /** Who reads slowly is sent only the newest. */
  #show({ latest, viewers, isTroubled }: View): void {
    if (latest === null || isTroubled) return;
    for (const viewer of [...viewers]) {
      if (viewer.seen === latest.compared || waitsFor(viewer) > 0) continue;
      viewer.seen = latest.compared;
      send(viewer, 'page', latest.html, this.#clock.now());
      if (latest.isStill) this.#end(viewer, 'still');
    }
  }
}

function send(viewer: Viewer, event: Event, data: string | null, now: number): void {
  viewer.sentAt = now;
  viewer.controller.enqueue(encoded(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
}

/** How many events were not taken yet. */
function waitsFor({ controller }: Viewer): number {
  return 1 - (controller.desiredSize ?? 1);
}

const encoder = new TextEncoder();

const encoded = (text: string): Uint8Array => encoder.encode(text);

/** The script tells how long ago something was. */
function withoutTime(html: string): string {
  return html.replaceAll(/(<time data-ago [^>]*>)[^<]*/g, '$1').replace(/ data-now="\d+"/, '');
}
