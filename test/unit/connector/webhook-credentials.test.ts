// Static credentials of webhooks, and the thin bodies that people write.
import { describe, expect, it } from 'vitest';
import { authoredTouch } from '#connector/authored';
import { credentialSchemes } from '#connector/webhook-credentials';

describe('the credentials of a webhook', () => {
  it('are one way for each that is set, with every value of it', () => {
    expect(credentialSchemes({})).toEqual([]);
    expect(
      credentialSchemes({
        webhookToken: ['old', 'new'],
        webhookBasic: { user: 'tributary', password: ['a', 'b:c'] },
        webhookHeader: { name: 'X-Key', value: ['key'] },
        urlToken: ['path'],
      }),
    ).toEqual([
      { kind: 'credential', at: 'bearer', values: ['old', 'new'] },
      { kind: 'credential', at: 'basic', values: ['tributary:a', 'tributary:b:c'] },
      { kind: 'credential', at: { header: 'X-Key' }, values: ['key'] },
      { kind: 'credential', at: 'path', values: ['path'] },
    ]);
  });
});

describe('a thin body that a person writes', () => {
  const received = { method: 'POST', headers: {}, query: {}, receivedAt: 1_000 };
  const hear = (item: Parameters<typeof authoredTouch>[0]) =>
    authoredTouch(item, received, { id: 'user.id', stream: 'users' });

  it('touches the record that it names, whether the ID is a text or a number', () => {
    for (const id of ['12', 12])
      expect(hear({ user: { id } })).toEqual({
        kind: 'touch',
        stream: 'users',
        recordId: '12',
        changedAt: 1_000,
      });
  });

  it('is ignored where the profile has no ID, and rejected where the template was not filled in', () => {
    for (const id of ['', ' ', null, 'tributary-sample'])
      expect(hear({ user: { id } })).toMatchObject({ kind: 'ignored' });
    for (const item of [
      { user: { id: "{{UserAttribute['ID']}}" } },
      { id: '1' },
      { user: { id: [1] } },
      'ok',
    ])
      expect(() => hear(item)).toThrow(/no ID at user\.id: add one/);
  });
});
