// Whoever asks: by which token, and what its role opens. Pure: it knows routes by their method and path only.
import { mayActAs, type Role, roles } from '../contract/access.ts';

export interface Caller {
  /** The ID of a named token; null for TRIBUTARY_API_TOKEN. */
  tokenId: string | null;
  name: string;
  role: Role;
  /** Whether personal data is masked in the answer: for viewers always, for others where they ask for it. */
  isMasked: boolean;
}

/** Who shows TRIBUTARY_API_TOKEN, or runs commands on this machine. */
export const root: Caller = { tokenId: null, name: 'API token', role: 'admin', isMasked: false };

/** The caller with no more than the role asked for: a role is only ever lowered. */
export function lowered(caller: Caller, { role, mask }: { role: Role; mask: boolean }): Caller {
  const lower = mayActAs(role, caller.role) ? caller.role : role;
  return { ...caller, role: lower, isMasked: caller.isMasked || mask || lower === 'viewer' };
}

interface Rule {
  methods: RegExp;
  path: RegExp;
  role: Role;
}

/** The first that fits counts. */
const rules: readonly Rule[] = [
  { methods: /./, path: /^\/api\/(tokens|audit)(\/|$)/, role: 'admin' },
  // What cannot be undone, and what opens a vendor or another project.
  { methods: /^DELETE$/, path: /^\/api\/(customers\/[^/]+|suppressions)$/, role: 'admin' },
  { methods: /^POST$/, path: /^\/api\/sources\/[^/]+\/(withdraw|connect|connect\/finish)$/, role: 'admin' },
  { methods: /^POST$/, path: /^\/api\/destination\/project$/, role: 'admin' },
  // Files of people as they are: nothing is masked in them.
  { methods: /^GET$/, path: /^\/api\/(export|dead-letters\/export)$/, role: 'operator' },
  // Its lines may name a person by an ID or a vendor's words.
  { methods: /^(GET|HEAD)$/, path: /^\/api\/logs$/, role: 'operator' },
  { methods: /^(GET|HEAD|OPTIONS)$/, path: /./, role: 'viewer' },
  { methods: /./, path: /./, role: 'operator' },
];

/** The least role that may ask this. */
export function requiredRole(method: string, path: string): Role {
  return rules.find((rule) => rule.methods.test(method) && rule.path.test(path))?.role ?? 'admin';
}

/** Null where it may; else the sentence that says who may. */
export function refusalOf({ name, role }: Caller, method: string, path: string): string | null {
  const wanted = requiredRole(method, path);
  if (mayActAs(role, wanted)) return null;
  const who = roles.slice(roles.indexOf(wanted)).join(' or ');
  return `The token ${name} has the role ${role}. This requires the role ${who}.`;
}
