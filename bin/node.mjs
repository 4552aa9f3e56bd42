#!/usr/bin/env node
// `node bin/node.mjs script arguments…`: the script under the pinned Node.
import { launch } from './launch.mjs';

launch(process.argv.slice(2));
