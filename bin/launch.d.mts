export const root: string;
export const workerFlags: string[];
export const workerEnvironment: { NODE_COMPILE_CACHE: string };
export function launch(script: string[]): void;
