// What the page of the sandbox reads.
import type { Deps } from '../deps.ts';
import { newApi } from '../deps.ts';
import { sandboxPage } from '../pages/sandbox.ts';
import { mayOperate, pagesAt } from './visit.ts';

/** No page where the vendors are real. */
export function sandboxPages(deps: Deps) {
  const { sandbox } = deps;
  if (sandbox === null) return newApi();
  return pagesAt(deps, {
    '/sandbox': async (visit) => {
      const [world, balance] = await Promise.all([sandbox.read(), deps.balance.get()]);
      return sandboxPage({ ...world, balance, mayBreak: mayOperate(visit), status: visit.status });
    },
  });
}
