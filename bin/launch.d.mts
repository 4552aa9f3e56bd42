export const root: string;
export const workerFlags: string[];
export const sourceFlags: string[];
export const workerEnvironment: { NODE_COMPILE_CACHE: string; MALLOC_ARENA_MAX: string };
export function launch(script: string[]): void;
