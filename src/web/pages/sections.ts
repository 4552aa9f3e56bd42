// The pages that there are: their names, addresses and signs in the navigation, and who may open them.
import type { Role } from '../../contract/access.ts';

export type SectionPath =
  | '/'
  | '/sandbox'
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
  /** It is there in the sandbox only. */
  isOfSandbox?: true;
}

const section = (name: string, path: SectionPath, icon: string, role: Role = 'viewer'): Section => ({
  name,
  path,
  role,
  icon,
});

/** Groups of the navigation. */
export const sections: readonly (readonly Section[])[] = [
  [
    section('Overview', '/', 'M2.5 13.5v-4M6.2 13.5v-8M9.8 13.5V8M13.5 13.5v-11'),
    {
      ...section('Sandbox', '/sandbox', 'M6 2.500h4M7 2.500v4L3 13.500h10L9 6.500v-4M5 10h6'),
      isOfSandbox: true,
    },
  ],
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
    section('Deliveries', '/deliveries', 'M2 8l12-5.5-4 11.5-2.5-5zM7.5 9 14 2.5'),
    section(
      'Webhook inbox',
      '/inbox',
      'M2.5 9.5 4.5 3h7l2 6.500v3.500h-11zM2.5 9.500h3.300l.7 1.500h3l.7-1.500h3.3',
    ),
    section(
      'Verification',
      '/verification',
      'M8 2l5 2v3.500c0 3-2 5.2-5 6.5-3-1.3-5-3.5-5-6.500V4zM5.8 8l1.6 1.6 3-3.2',
    ),
  ],
  [
    section('Mapping', '/mapping', 'M2.5 4h4M9.5 4h4M2.5 12h4M9.5 12h4M6.5 4c2 0 1 8 3 8M6.5 12c2 0 1-8 3-8'),
    section('Spend and forecasts', '/spend', 'M2.5 12.500l3.5-4 2.5 2 5-6M10.5 4.500h3v3'),
  ],
  [
    section('Audit', '/audit', 'M4 2.500h6l2.5 2.500v8.500H4zM6.5 7h4M6.5 9.500h4', 'admin'),
    section(
      'Access',
      '/access',
      'M10 6.500a2.5 2.5 0 1 1-2.2-2.480M8.5 8.5 3 13.500M5 11.700l1.5 1.500M10.5 2.500a3 3 0 1 1-2 5.2',
      'admin',
    ),
  ],
];

/** The section that this page belongs to. */
export function sectionOf(path: string): Section | undefined {
  return sections
    .flat()
    .find((one) => path === one.path || (one.path !== '/' && path.startsWith(`${one.path}/`)));
}

/** Whether a person asks for it, and no program. */
export function isPage(path: string): boolean {
  if (path === '/docs' || path.startsWith('/docs/')) return true;
  return sectionOf(path) !== undefined;
}
