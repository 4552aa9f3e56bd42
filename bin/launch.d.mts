export const root: string;
export const workerFlags: string[];
export function launch(script: string[]): void;
