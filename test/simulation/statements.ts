// Statements on PGlite that are parsed and planned once a simulation and take one call each: a third of the time of its own
// `query`. It knows no statement.
import { type PGlite, parse, protocol, type QueryOptions, type Results } from '@electric-sql/pglite';

type Message = Awaited<ReturnType<PGlite['execProtocol']>>['messages'][number];

interface Known {
  name: string;
  /** The types of its parameters. */
  types: readonly number[];
  /** What describes its columns. */
  columns: readonly Message[];
}

const { serialize } = protocol;

export class Statements {
  readonly #pglite: PGlite;
  readonly #known = new Map<string, Known>();

  constructor(pglite: PGlite) {
    this.#pglite = pglite;
  }

  /** Plans are made anew, for tables as they are from now on. */
  async forgetPlans(): Promise<void> {
    await this.#pglite.exec('discard plans; set plan_cache_mode = force_generic_plan');
  }

  /** As PGlite's own. Rejects with its DatabaseError. */
  async query(text: string, params: readonly unknown[], options: QueryOptions): Promise<Results<unknown>> {
    const { name, types, columns } = this.#known.get(text) ?? (await this.#prepare(text));
    const values = params.map((value, index) => this.#written(value, types[index]!));
    const messages = await this.#send(
      serialize.bind({ statement: name, values }),
      serialize.execute({}),
      serialize.sync(),
    );
    const [results] = parse.parseResults([...columns, ...messages], this.#pglite.parsers, options);
    return results as Results<unknown>;
  }

  async #prepare(text: string): Promise<Known> {
    const name = `s${this.#known.size}`;
    const messages = await this.#send(
      serialize.parse({ name, text }),
      serialize.describe({ type: 'S', name }),
      serialize.sync(),
    );
    const known = {
      name,
      types: parse.parseDescribeStatementResults(messages),
      columns: messages.filter((message) => message.name === 'rowDescription'),
    };
    this.#known.set(text, known);
    return known;
  }

  async #send(...parts: Uint8Array[]): Promise<Message[]> {
    const { messages } = await this.#pglite.execProtocol(Buffer.concat(parts), { syncToFs: false });
    return messages;
  }

  #written(value: unknown, type: number): string | null {
    if (value === null || value === undefined) return null;
    const serializer = this.#pglite.serializers[type];
    return (serializer ? serializer(value) : String(value)) as string;
  }
}
