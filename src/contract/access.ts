// Who may ask: named tokens with roles, and the audit of what they changed.
import { z } from 'zod';
import { answer, idCursor, limit, nextIdCursor, text, time } from './parts.ts';

/** Each may do what those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export const roleShape = z.enum(roles);
export type Role = (typeof roles)[number];

/** Whether a role may do what another one may. */
export function mayActAs(role: Role, wanted: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(wanted);
}

/**
 * The headers by which a request asks for less than its token opens: `tributary-role` names the role to act in, and
 * `tributary-mask: yes` has personal data masked as it is for viewers.
 */
export const lessHeaders = { role: 'tributary-role', mask: 'tributary-mask' } as const;

const tokenName = text
  .min(1)
  .max(60)
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._@-]*$/, 'letters, digits, and " . _ @ -" after the first')
  .meta({ description: 'Whose token it is. The audit names it.', example: 'anna' });

export const tokenParam = z.object({ name: tokenName.meta({ param: { name: 'name', in: 'path' } }) });

export const tokenRequest = z.strictObject({
  name: tokenName,
  role: roleShape,
  days: z
    .int()
    .min(1)
    .max(3650)
    .optional()
    .meta({ description: 'For so many days it is valid. Default: until it is revoked.' }),
});

const tokenFields = {
  name: z.string(),
  role: roleShape,
  createdAt: time,
  createdBy: z.string(),
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable().meta({ description: 'To the minute. Null: nobody has used it.' }),
};
const tokenShape = answer(tokenFields, 'Token', 'A named token. Its secret is not stored.');
export type TokenView = z.output<typeof tokenShape>;

export const newTokenShape = answer(
  { ...tokenFields, token: z.string().meta({ description: 'Shown once: only a hash of it is kept.' }) },
  'NewToken',
  'A named token with its secret.',
);
export const tokensShape = answer({ tokens: z.array(tokenShape) });

const entryShape = answer(
  {
    id: z.int(),
    at: time,
    by: z.string().meta({ description: 'The name of the token, `API token` for TRIBUTARY_API_TOKEN.' }),
    role: roleShape,
    action: z.string().meta({
      description: 'The method and the route, or `login`, `logout`, `wrong tokens`.',
      example: 'POST /api/sources/{source}/sync',
    }),
    targets: z.array(z.string()).meta({
      description: 'What it was done to. Empty where it names nothing, and once the customer was erased.',
      example: ['hubspot'],
    }),
    status: z.int().meta({ description: 'The HTTP status of the answer.' }),
  },
  'AuditEntry',
  'What somebody did.',
);
export type AuditEntry = z.output<typeof entryShape>;
export const auditQuery = z.strictObject({
  by: text.min(1).optional().meta({ description: 'Only what this token did.' }),
  cursor: idCursor,
  limit,
});
export const auditShape = answer({ entries: z.array(entryShape), nextCursor: nextIdCursor });
