// Examples in the OpenAPI document: one of each JSON request and of each answer that is a success. They are made of the schemas, so
// that none can say what the server would not; what is an example of a value is said by its name here, or by the shape itself.
import { contextual, records, texts, values } from './example-values.ts';

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  const?: unknown;
  enum?: unknown[];
  example?: unknown;
  examples?: unknown[];
  properties?: { [name: string]: Schema };
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  pattern?: string;
}

interface Content {
  [type: string]: { schema?: Schema; example?: unknown };
}

interface Operation {
  requestBody?: { content?: Content };
  responses: { [status: string]: { content?: Content } };
}

interface Document {
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: { [name: string]: Schema } };
}

/** The document with its examples filled in. */
export function withExamples<Given extends object>(given: Given): Given {
  const document = given as unknown as Document;
  const maker = new ExampleMaker(document.components.schemas);
  for (const operation of Object.values(document.paths).flatMap((byMethod) => Object.values(byMethod))) {
    fill(operation.requestBody?.content, maker, true);
    for (const [status, { content }] of Object.entries(operation.responses))
      if (status.startsWith('2')) fill(content, maker, false);
  }
  return given;
}

function fill(content: Content = {}, maker: ExampleMaker, isRequest: boolean): void {
  for (const [type, media] of Object.entries(content))
    if (media.schema && media.example === undefined)
      media.example = type === 'application/json' ? maker.of(media.schema, isRequest) : texts[type];
}

class ExampleMaker {
  readonly #schemas: { readonly [name: string]: Schema };

  constructor(schemas: { readonly [name: string]: Schema }) {
    this.#schemas = schemas;
  }

  /** Of a request only what it must have. */
  of(schema: Schema, isRequest: boolean): unknown {
    return this.#value(schema, { name: '', component: '', isRequest, above: [] });
  }

  #value(schema: Schema, at: Place): unknown {
    if (schema.$ref) {
      const component = schema.$ref.split('/').at(-1)!;
      // A shape that holds itself ends here.
      if (at.above.includes(component)) return null;
      return this.#value(this.#schemas[component]!, { ...at, component, above: [...at.above, component] });
    }
    const said = [schema.example, schema.examples?.[0], schema.const].find((one) => one !== undefined);
    if (said !== undefined) return said;
    const named = contextual[at.component]?.[at.name] ?? values[at.name];
    if (named !== undefined && fits(schema, named)) return named;
    if (schema.enum) return schema.enum[0];
    const options = schema.anyOf ?? schema.oneOf;
    if (options) return this.#value(options.find(({ type }) => type !== 'null') ?? {}, at);
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => this.#value(part, at)));
    return this.#ofType(schema, at);
  }

  #ofType(schema: Schema, at: Place): unknown {
    switch ([schema.type].flat().find((type) => type !== 'null')) {
      case 'object':
        return this.#object(schema, at);
      case 'array':
        return schema.items ? [this.#value(schema.items, { ...at, name: singular(at.name) })] : [];
      case 'string':
        return values[schema.format ?? ''] ?? 'text';
      case 'integer':
      case 'number':
        return Math.max(schema.minimum ?? 0, 0);
      case 'boolean':
        return false;
      default:
        return null;
    }
  }

  #object({ properties, required = [], additionalProperties }: Schema, at: Place): unknown {
    if (!properties) {
      const inner = typeof additionalProperties === 'object' ? additionalProperties : {};
      const isOpen = Object.keys(inner).length === 0;
      return isOpen ? (records[at.name] ?? {}) : { email: this.#value(inner, { ...at, name: 'email' }) };
    }
    const names = Object.keys(properties).filter((name) => !at.isRequest || required.includes(name));
    return Object.fromEntries(names.map((name) => [name, this.#value(properties[name]!, { ...at, name })]));
  }
}

interface Place {
  /** Of the property. */
  name: string;
  /** The shape with a name that it is a part of. */
  component: string;
  isRequest: boolean;
  above: readonly string[];
}

/** By its type alone; the tests check the whole. */
function fits({ type, enum: allowed, format, properties, anyOf, pattern }: Schema, value: unknown): boolean {
  if (allowed) return allowed.includes(value);
  if (value === null)
    return [type].flat().includes('null') || (anyOf ?? []).some((one) => one.type === 'null');
  if (properties || anyOf) return false;
  if (pattern !== undefined && typeof value === 'string' && !new RegExp(pattern).test(value)) return false;
  const types = [type].flat();
  const is = Array.isArray(value) ? 'array' : typeof value;
  if (types[0] === undefined) return true;
  if (format === 'date-time') return typeof value === 'string' && !Number.isNaN(Date.parse(value));
  return types.includes(is) || (is === 'number' && types.includes('integer') && Number.isInteger(value));
}

function singular(name: string): string {
  return name.replace(/ies$/, 'y').replace(/s$/, '');
}
