// Lanes that somebody waits for: what is due in them is written one by one, beside requests and jobs with many people.
import type { Lane } from '../../engine/quota/lanes.ts';

export const urgentLanes: readonly Lane[] = ['webhook', 'manual'];
