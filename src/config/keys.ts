// Which keys a Zod shape knows at a path, to name the one that was probably meant. It knows no configuration.
import type { z } from 'zod';

/** The keys of the object at this path of what the shape describes; none where no object is described there. */
export function keysAt(shape: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const [key, ...rest] = path;
  const inner = unwrapped(shape);
  if (inner.type === 'union')
    return [...new Set(inner.options.flatMap((option: z.core.$ZodType) => keysAt(option, path)))];
  if (key === undefined) return inner.type === 'object' ? Object.keys(inner.shape) : [];
  if (inner.type === 'object') {
    const next = inner.shape[String(key)];
    return next ? keysAt(next, rest) : [];
  }
  if (inner.type === 'record') return keysAt(inner.valueType, rest);
  return inner.type === 'array' ? keysAt(inner.element, rest) : [];
}

/** What Zod keeps of a shape, as far as it is looked at here. */
type Definition =
  | { type: 'object'; shape: { readonly [key: string]: z.core.$ZodType } }
  | { type: 'record'; valueType: z.core.$ZodType }
  | { type: 'array'; element: z.core.$ZodType }
  | { type: 'union'; options: readonly z.core.$ZodType[] }
  | { type: 'other' };

function unwrapped(shape: z.core.$ZodType): Definition {
  const definition = shape._zod.def as { type: string; innerType?: z.core.$ZodType; in?: z.core.$ZodType };
  const inner = definition.innerType ?? (definition.type === 'pipe' ? definition.in : undefined);
  return inner ? unwrapped(inner) : (definition as unknown as Definition);
}
