// What the page of the mapping reads, and the preview of a mapping that a person pastes: nothing of it is stored.
import type { Context } from 'hono';
import { z } from 'zod';
import { parseJson } from '../../connector/json.ts';
import type { Mapping } from '../../connector.ts';
import { text } from '../../contract/parts.ts';
import { previewRequest } from '../../contract/preview.ts';
import { compileMerge } from '../../customer/merge.ts';
import { previewProposal } from '../api/preview.ts';
import { requireSameOrigin } from '../auth.ts';
import { type Deps, sourceNamed } from '../deps.ts';
import type { Env } from '../env.ts';
import { type MappingView, mappingPage } from '../pages/mapping.ts';
import type { PageContent } from '../pages/shell.ts';
import { Problem } from '../problem.ts';
import { mayOperate, openPage, pagesAt, queryOf, type Visit } from './visit.ts';

const query = z.strictObject({ source: text.optional() });

export function mappingPages(deps: Deps) {
  const pages = pagesAt(deps, {
    '/mapping': async (visit, c: Context) => {
      const { source } = queryOf(query, c);
      return show(deps, visit, source);
    },
  });
  pages.post('/mapping', async (c) => {
    requireSameOrigin(c);
    return openPage(deps, c, (visit) => tryOut(deps, visit, c));
  });
  return pages;
}

type Tried = Pick<MappingView, 'pasted' | 'fault' | 'preview'>;

async function show(
  deps: Deps,
  visit: Visit,
  name: string | undefined,
  tried: Tried = { pasted: null, fault: null, preview: null },
): Promise<PageContent> {
  const { rules, config } = deps.tributary;
  const names = rules.sources.map((source) => source.name);
  const source = name === undefined ? rules.sources[0] : sourceNamed(deps, name);
  const merge = compileMerge(config.merge, names);
  const fields = Object.entries(source?.mapping ?? {}).map(([field, entry]) => {
    const { policy, order } = merge.rule(field);
    const definition = rules.schema?.definitions[field.replace(/^metadata\./, '')];
    return {
      field,
      entry,
      rule: policy === 'newest' ? policy : `${policy} ${order.join(' > ')}`,
      type: field.startsWith('metadata.')
        ? definition
          ? `${definition.array ? 'list of ' : ''}${definition.type}`
          : null
        : null,
    };
  });
  return mappingPage({
    source: source?.name ?? null,
    sources: names,
    isDefault: source?.config.mapping === null,
    fingerprint: source?.fingerprint ?? '',
    fields,
    schemaIsKnown: rules.schemaIsKnown,
    hasSchema: rules.schema !== null,
    written: written(source?.mapping ?? {}),
    mayTry: mayOperate(visit),
    ...tried,
  });
}

/** As a configuration holds it. Functions cannot be pasted, so they are left out. */
function written(mapping: Mapping): string {
  const entries = Object.entries(mapping).filter(([, entry]) => typeof entry !== 'function');
  return JSON.stringify(Object.fromEntries(entries), null, 2);
}

async function tryOut(deps: Deps, visit: Visit, c: Context<Env>): Promise<PageContent> {
  if (!mayOperate(visit))
    throw new Problem(403, 'A preview requires the role operator or admin.', { type: 'role' });
  const { source, mapping } = (await c.req.parseBody()) as { [field: string]: string };
  const { name } = sourceNamed(deps, String(source ?? ''));
  const pasted = String(mapping ?? '');
  try {
    const request = previewRequest.parse({ mapping: { [name]: jsonOf(pasted) }, samples: 3 });
    return await show(deps, visit, name, {
      pasted,
      fault: null,
      preview: await previewProposal(deps, request, c.req.raw.signal),
    });
  } catch (error) {
    if (error instanceof Problem)
      return show(deps, visit, name, { pasted, fault: error.body.detail, preview: null });
    throw error;
  }
}

function jsonOf(pasted: string): object {
  const fault = (why: string) =>
    new Problem(400, `The mapping is not a JSON object: ${why}.`, { type: 'bad-input' });
  try {
    const value = parseJson(pasted);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw fault((error as Error).message);
  }
  throw fault('write { "field": "property" }');
}
