// What a request of each operation takes, out of the types of the API: a wrong path, query or body does not compile.
import type { paths } from '../client/client.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** The paths that have this method. */
export type PathOf<M extends Method> = {
  [Path in keyof paths]: paths[Path] extends { [method in M]: object } ? Path : never;
}[keyof paths];

export type Operation<M extends Method, Path extends keyof paths> = paths[Path][M];

/** The last argument of a request, which may be left out where nothing in it is required. */
export type Sent<Op> = object extends Given<Op> ? [request?: Given<Op>] : [request: Given<Op>];

type Given<Op> = PathPart<Op> & QueryPart<Op> & BodyPart<Op>;

type PathPart<Op> = Op extends { parameters: { path: infer Path extends object } }
  ? { path: Words<Path> }
  : object;

type QueryPart<Op> = Op extends { parameters: { query: infer Query extends object } }
  ? { query: Lax<Words<Query>> }
  : Op extends { parameters: { query?: infer Query extends object } }
    ? { query?: Lax<Words<Query>> }
    : object;

type BodyPart<Op> = Op extends { requestBody: { content: infer Content } }
  ? { body: Body<Content> }
  : Op extends { requestBody?: { content: infer Content } }
    ? { body?: Body<Content> }
    : object;

type Body<Content> = Content extends { 'application/json': infer Json }
  ? Lax<Json>
  : ReadableStream<Uint8Array>;

/** Names are checked; values may be the words of a person, which the server checks. */
type Words<Given> = { [Key in keyof Given]: Given[Key] | string | number };

/** What may be absent may be undefined too: it is not sent. */
type Lax<Given> = {
  [Key in keyof Given]: object extends Pick<Given, Key> ? Given[Key] | undefined : Given[Key];
};
