// The pages that there are: their names, addresses and signs in the navigation, and who may open them.
import type { Role } from '../../contract/access.ts';

export type SectionPath =
  | '/'
  | '/sources'
  | '/runs'
  | '/customers'
  | '/problems'
  | '/deliveries'
  | '/inbox'
  | '/verification'
  | '/mapping'
  | '/spend'
  | '/audit'
  | '/access';

export interface Section {
  name: string;
  path: SectionPath;
  /** The least role that may open it. */
  role: Role;
  /** The strokes of its sign, on a grid of 16. */
  icon: string;
}

const section = (name: string, path: SectionPath, icon: string, role: Role = 'viewer'): Section => ({
  name,
  path,
  role,
  icon,
});

/** Groups of the navigation. */
export const sections: readonly (readonly Section[])[] = [
  [section('Overview', '/', 'M2.5 13.5v-4M6.2 13.5v-8M9.8 13.5V8M13.5 13.5v-11')],
  [
    section(
      'Sources',
      '/sources',
      'M8 3c3 0 5.5.9 5.5 2S11 7 8 7 2.5 6.1 2.5 5 5 3 8 3zM2.5 5v6c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2V5M2.5 8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2',
    ),
    section('Runs', '/runs', 'M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 2v3h-3'),
    section(
      'Customers',
      '/customers',
      'M8 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM3 13.500c.4-2.6 2.4-4 5-4s4.6 1.4 5 4',
    ),
  ],
  [
    section('Problems', '/problems', 'M8 2.5 14 13H2zM8 6.500v3M8 11.300v.1'),
    section(
      'Webhook inbox',
      '/inbox',
      'M2.5 9.5 4.5 3h7l2 6.500v3.500h-11zM2.5 9.500h3.300l.7 1.500h3l.7-1.500h3.3',
    ),
  ],
];

/** Whether a person asks for it, and no program. */
export function isPage(path: string): boolean {
  return sections
    .flat()
    .some((one) => path === one.path || (one.path !== '/' && path.startsWith(`${one.path}/`)));
}
