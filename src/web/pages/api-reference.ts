// The reference of the API, made of its OpenAPI document: every operation with what it takes and answers.
import { html } from 'hono/html';
import { docsFrame } from './docs.ts';
import type { Html } from './parts.ts';

export interface Operation {
  method: string;
  path: string;
  operationId: string;
  summary: string;
  description?: string;
  tags?: readonly string[];
  parameters?: readonly {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: { description?: string };
  }[];
  requestBody?: { content: Content };
  responses: { [status: string]: { description: string; content?: Content } };
}

interface Content {
  [type: string]: { schema?: Schema; example?: unknown };
}

interface Schema {
  $ref?: string;
  type?: string | readonly string[];
}

export function referencePage(operations: readonly Operation[]): Html {
  const byTag = Map.groupBy(operations, ({ tags }) => tags?.[0] ?? 'other');
  return docsFrame(
    'API reference',
    '/docs/reference',
    html`<h1>API reference</h1>
<p>Every operation of this version, from <a href="/openapi.json">its OpenAPI document</a>, with which clients can be generated. How to begin is said in
<a href="/docs/api">the API</a>.</p>
${[...byTag].map(([tag, some]) => html`<h2 id="${tag}">${tag}</h2>${some.map(operationOf)}`)}`,
  );
}

function operationOf({ method, path, operationId, summary, description, ...more }: Operation): Html {
  const { parameters = [], requestBody, responses } = more;
  return html`<section class="operation" id="${operationId}">
<h3><a href="#${operationId}">${summary}</a></h3>
<p><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></p>
${description === undefined ? '' : html`<p>${description}</p>`}
${
  parameters.length === 0
    ? ''
    : html`<div class="wide" tabindex="0"><table><thead><tr><th>parameter</th><th>in</th><th>means</th></tr></thead><tbody>${parameters.map(
        ({ name, in: where, required = false, ...one }) =>
          html`<tr><td><code>${name}</code></td><td>${where}${required ? '' : ', optional'}</td><td>${one.description ?? one.schema?.description ?? ''}</td></tr>`,
      )}</tbody></table></div>`
}
${requestBody ? html`<p>Body: ${contentOf(requestBody.content)}</p>${examplesOf(requestBody.content)}` : ''}
<div class="wide" tabindex="0"><table><thead><tr><th>status</th><th>answer</th><th>body</th></tr></thead><tbody>${Object.entries(
    responses,
  ).map(
    ([status, answer]) =>
      html`<tr><td>${status}</td><td>${answer.description}</td><td>${answer.content ? contentOf(answer.content) : ''}</td></tr>`,
  )}</tbody></table></div>
${Object.entries(responses).map(([status, { content = {} }]) =>
  status.startsWith('2')
    ? html`<details><summary>Example of ${status}</summary>${examplesOf(content)}</details>`
    : '',
)}
</section>`;
}

function examplesOf(content: Content): Html {
  return html`${Object.values(content).map(({ example }) =>
    example === undefined
      ? ''
      : html`<pre tabindex="0"><code>${typeof example === 'string' ? example : JSON.stringify(example, null, 2)}</code></pre>`,
  )}`;
}

function contentOf(content: Content): Html {
  return html`${Object.entries(content).map(
    ([type, { schema }]) =>
      html`${schema?.$ref ? html`<code>${schema.$ref.split('/').at(-1)}</code> ` : ''}<span class="type">${type}</span> `,
  )}`;
}
