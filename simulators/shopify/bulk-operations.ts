// Bulk operations of the simulated shop: one at a time, made in the background, read from a file that expires. It knows customers
// only as the shop answers for them. https://shopify.dev/docs/api/usage/bulk-operations/queries

export interface BulkOptions {
  /** How long an operation takes, milliseconds. Default: 20 seconds. */
  makingMs?: number;
  /** Operations that may be under way at once. Default: 1. */
  atOnce?: number;
}

interface Operation {
  id: string;
  query: string;
  status: 'CREATED' | 'RUNNING' | 'COMPLETED' | 'CANCELED' | 'FAILED' | 'EXPIRED';
  errorCode: string | null;
  createdAt: number;
  lines: string[];
}

const keptMs = 7 * 86_400_000;

export class BulkOperations {
  readonly all: Operation[] = [];
  #isStalled = false;
  readonly #now: () => number;
  readonly #options: BulkOptions;
  /** The nodes of `customers` that this query asks for, or the code of the error. */
  readonly #run: (query: string) => unknown[] | { errorCode: string };

  constructor(
    now: () => number,
    run: (query: string) => unknown[] | { errorCode: string },
    options: BulkOptions = {},
  ) {
    this.#now = now;
    this.#run = run;
    this.#options = options;
  }

  order(query: string): { bulkOperation: object | null; userErrors: object[] } {
    this.#make();
    const isUnderWay = ({ status }: Operation) => status === 'CREATED' || status === 'RUNNING';
    if (this.all.filter(isUnderWay).length >= (this.#options.atOnce ?? 1)) {
      const message = 'A bulk query operation for this app and shop is already in progress.';
      return { bulkOperation: null, userErrors: [{ field: null, message, code: 'OPERATION_IN_PROGRESS' }] };
    }
    const operation: Operation = {
      id: `gid://shopify/BulkOperation/${1_000 + this.all.length}`,
      query,
      status: 'CREATED',
      errorCode: null,
      createdAt: this.#now(),
      lines: [],
    };
    this.all.push(operation);
    return { bulkOperation: this.shown(operation, ''), userErrors: [] };
  }

  find(id: string): Operation | undefined {
    this.#make();
    return this.all.find((operation) => operation.id === id);
  }

  /** The newest first. */
  recent(): Operation[] {
    this.#make();
    return this.all.toReversed();
  }

  cancel(id: string): { bulkOperation: object | null; userErrors: object[] } {
    const operation = this.find(id);
    if (operation && ['CREATED', 'RUNNING'].includes(operation.status)) {
      operation.status = 'CANCELED';
      return { bulkOperation: this.shown(operation, ''), userErrors: [] };
    }
    const message = `A bulk operation cannot be canceled when it is ${operation?.status.toLowerCase()}`;
    return { bulkOperation: null, userErrors: [{ field: ['id'], message }] };
  }

  /** What Shopify does of its own accord. */
  fail(errorCode: string): void {
    for (const operation of this.all)
      if (operation.status === 'CREATED') Object.assign(operation, { status: 'FAILED', errorCode });
  }

  expire(): void {
    for (const operation of this.all) operation.createdAt -= keptMs;
  }

  stall(): void {
    this.#isStalled = true;
  }

  /** Null where the address is of no file, or of one that has expired. */
  file(number: string): string | null {
    const operation = this.find(`gid://shopify/BulkOperation/${number}`);
    return operation && this.#hasFile(operation) ? operation.lines.map((line) => `${line}\n`).join('') : null;
  }

  shown(operation: Operation, origin: string): object {
    const { id, query, status, errorCode, createdAt, lines } = operation;
    const number = id.split('/').at(-1);
    const url = `${origin}/bulk/${number}?Expires=1`;
    return {
      __typename: 'BulkOperation',
      id,
      query,
      status,
      errorCode,
      createdAt: `${new Date(createdAt).toISOString().slice(0, 19)}Z`,
      objectCount: String(lines.length),
      rootObjectCount: String(lines.length),
      // Of nothing there is no file.
      url: this.#hasFile(operation) && lines.length > 0 ? url : null,
      partialDataUrl: null,
    };
  }

  #hasFile({ status, createdAt }: Operation): boolean {
    return status === 'COMPLETED' && this.#now() - createdAt < keptMs;
  }

  #make(): void {
    const { makingMs = 20_000 } = this.#options;
    for (const operation of this.all) {
      if (this.#isStalled || operation.status !== 'CREATED' || this.#now() - operation.createdAt < makingMs)
        continue;
      const found = this.#run(operation.query);
      if (Array.isArray(found)) {
        operation.lines = found.map((node) => JSON.stringify(node));
        operation.status = 'COMPLETED';
      } else Object.assign(operation, { status: 'FAILED', errorCode: found.errorCode });
    }
  }
}
