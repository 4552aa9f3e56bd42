// Whether the connector of a source reads the associated records that a mapping names.
import type { Connector } from '../connector.ts';
import { shown } from './faults.ts';

interface AssociationFault {
  field: string;
  found: string;
  allowed: string;
}

/** `mapping`: as it is written. */
export function associationFaults(mapping: unknown, { name, source }: Connector): AssociationFault[] {
  const offered = source?.associations ?? [];
  const allowed =
    offered.length > 0
      ? `an association that ${name} reads: ${offered.join(', ')}`
      : `no association: ${name} reads none`;
  return Object.entries(mapping ?? {}).flatMap(([field, entry]) => {
    const association = (entry as { association?: unknown } | null)?.association;
    if (association === undefined || offered.some((one) => one === association)) return [];
    return [{ field: `${field}.association`, found: shown(association), allowed }];
  });
}
