// Bodies of requests that have shown no credentials yet, read within bounds: the bytes of all of them together, and the
// seconds of each. It knows no route and judges nothing.
import type { Readable } from 'node:stream';
import type { Clock } from '../engine/clock.ts';

export interface BodyLimits {
  /** Of all bodies that are being read or judged. */
  maxHeldBytes: number;
  /** A body that brings nothing for so long is given up. */
  maxIdleMs: number;
  /** A body has so long, and a second more for each `bytesPerSecond` that it brought. */
  maxTotalMs: number;
  bytesPerSecond: number;
}

export const usualBodyLimits: BodyLimits = {
  maxHeldBytes: 64 * 1024 * 1024,
  maxIdleMs: 10_000,
  maxTotalMs: 30_000,
  bytesPerSecond: 256 * 1024,
};

/** What a connection and the chunks of its body take besides their bytes. */
const overheadBytes = 8 * 1024;
/** Where no room is left, a body that has stood still for so long gives its own up. */
const stalledMs = 1_000;
const lookEveryMs = 1_000;

/**
 * too_large: more bytes than this body may have. full: no room beside the other bodies. slow: it stood still, or took
 * too long. aborted: the connection ended first.
 */
export type BodyFault = 'too_large' | 'full' | 'slow' | 'aborted';

export class BodyError extends Error {
  override name = 'BodyError';
  readonly fault: BodyFault;

  constructor(fault: BodyFault) {
    super(`the body is ${fault}`);
    this.fault = fault;
  }
}

export interface HeldBody {
  bytes: Buffer;
  /** Gives its room to others; to be called once it is judged. */
  release(): void;
}

interface Reading {
  begunAt: number;
  lastAt: number;
  bytes: number;
  fail(fault: BodyFault): void;
}

export class BodyGate {
  readonly #clock: Clock;
  readonly #limits: BodyLimits;
  readonly #readings = new Set<Reading>();
  #held = 0;
  #isLooking = false;

  constructor(clock: Clock, limits: BodyLimits = usualBodyLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** Throws BodyError. What is left of the body then stays where it is, so that the connection can be answered. */
  read(stream: Readable, maxBytes: number): Promise<HeldBody> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let charged = 0;
      const charge = (bytes: number): boolean => {
        if (!this.#makeRoom(bytes, reading)) return false;
        charged += bytes;
        return true;
      };
      const release = () => {
        this.#held -= charged;
        charged = 0;
      };
      let isOver = false;
      const end = (settle: () => void) => {
        if (isOver) return;
        isOver = true;
        stream.off('data', onData).off('end', onEnd).off('close', onClose).pause();
        this.#readings.delete(reading);
        settle();
      };
      const fail = (fault: BodyFault) =>
        end(() => {
          release();
          reject(new BodyError(fault));
        });
      const onData = (chunk: Buffer) => {
        reading.bytes += chunk.length;
        reading.lastAt = this.#clock.now();
        if (reading.bytes > maxBytes) fail('too_large');
        else if (!charge(chunk.length)) fail('full');
        else chunks.push(chunk);
      };
      const onEnd = () =>
        end(() => resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), release }));
      const onClose = () => (stream.readableEnded ? onEnd() : fail('aborted'));
      const now = this.#clock.now();
      const reading: Reading = { begunAt: now, lastAt: now, bytes: 0, fail };
      // It may still tell of the connection's end afterwards, and nobody else listens.
      stream.on('error', () => fail('aborted'));
      if (stream.readableEnded) return onEnd();
      if (stream.destroyed) return fail('aborted');
      if (!charge(overheadBytes)) return fail('full');
      this.#readings.add(reading);
      stream.on('data', onData).on('end', onEnd).on('close', onClose);
      void this.#look();
    });
  }

  #makeRoom(bytes: number, asking: Reading): boolean {
    while (this.#held + bytes > this.#limits.maxHeldBytes) {
      const stalled = this.#maxStalled(asking);
      if (!stalled) return false;
      stalled.fail('slow');
    }
    this.#held += bytes;
    return true;
  }

  #maxStalled(asking: Reading): Reading | undefined {
    let most: Reading | undefined;
    for (const one of this.#readings)
      if (one !== asking && one.lastAt < (most?.lastAt ?? Infinity)) most = one;
    return most && this.#clock.now() - most.lastAt >= stalledMs ? most : undefined;
  }

  /** One look for all, as long as there are any. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { maxIdleMs, maxTotalMs, bytesPerSecond } = this.#limits;
    while (this.#readings.size > 0) {
      await this.#clock.sleep(lookEveryMs);
      const now = this.#clock.now();
      for (const { begunAt, lastAt, bytes, fail } of [...this.#readings]) {
        const allowedMs = maxTotalMs + (bytes / bytesPerSecond) * 1000;
        if (now - lastAt > maxIdleMs || now - begunAt > allowedMs) fail('slow');
      }
    }
    this.#isLooking = false;
  }
}
