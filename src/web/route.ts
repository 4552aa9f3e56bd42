// The route of a request, as it is documented.
import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Env } from './env.ts';

/** `/api/sources/{source}/sync`. */
export function routeOf(c: Context<Env>): string {
  const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'));
  return route?.path.replace(/:(\w+)/g, '{$1}') ?? 'an unknown route';
}
