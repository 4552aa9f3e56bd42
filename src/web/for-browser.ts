// Whether a person in a browser asks, who is shown a page where a program is told in JSON.
import type { Context } from 'hono';

export function isForBrowser(c: Context): boolean {
  const isRead = c.req.method === 'GET' || c.req.method === 'HEAD';
  return isRead && !c.req.path.startsWith('/api') && (c.req.header('accept') ?? '').includes('text/html');
}
