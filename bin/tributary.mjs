#!/usr/bin/env node
// The command `tributary`, in the repository or in an installed package.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { launch, root } from './launch.mjs';

const source = join(root, 'src', 'main.ts');
const script = existsSync(source) ? source : join(root, 'dist', 'src', 'main.js');
launch([script, ...process.argv.slice(2)]);
