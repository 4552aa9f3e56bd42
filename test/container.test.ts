// The image and the examples of deployment by their text, since no container runs here: what the image copies exists and reaches the
// build, and nothing runs as root or writes to the root file system.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workerFlags } from '../bin/launch.mjs';

const root = resolve(import.meta.dirname, '..');
const text = (path: string) => readFileSync(join(root, path), 'utf8');
const dockerfile = text('Dockerfile').replace(/\\\n/g, ' ');
const [, ...stages] = dockerfile.split(/^FROM /m);
const last = stages.at(-1)!;
/** What a build is given: everything else is left out. */
const given = text('.dockerignore')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

describe('the image', () => {
  it('is made in stages of a base that names its version, and keeps none of the build', () => {
    expect(stages.length).toBeGreaterThan(1);
    for (const stage of stages) expect(stage).toMatch(/^node:\d+[\w.-]*(@sha256:\w+)?( AS \w+)?\n/);
    expect(last).not.toMatch(/^RUN npm/m);
    expect(dockerfile).toContain('npm ci --omit=dev');
    expect(dockerfile).toContain('--ignore-scripts');
  });

  it('copies what exists and what the build is given', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
      paths.split(' '),
    );
    expect(copied.length).toBeGreaterThan(10);
    for (const path of copied) {
      expect(existsSync(join(root, path)), path).toBe(true);
      expect(
        given.some((one) => path === one || path.startsWith(`${one}/`)),
        `${path} is not in .dockerignore`,
      ).toBe(true);
    }
  });

  it('runs the program of the package, which test/cli/package.test.ts runs, with a worker’s flags', () => {
    const built = stages.find((stage) => stage.startsWith('node:24-slim AS built'))!;
    expect(built).toMatch(/^RUN node scripts\/package\.ts$/m);
    expect(last).toMatch(/^COPY --from=built \/app\/dist dist$/m);
    const command = ['node', ...workerFlags, 'dist/src/main.js', 'start'].map((word) => `"${word}"`);
    expect(last).toContain(`CMD [${command.join(', ')}]`);
  });

  it('is given everything that the package is built from', () => {
    const program = text('scripts/package.ts');
    const [, paths = ''] = /^const beside = \[(.+)\];$/m.exec(program) ?? [];
    for (const path of [
      'src',
      'connectors',
      'tsconfig.client.json',
      ...paths.replaceAll("'", '').split(', '),
    ])
      expect(
        given.some((one) => path === one || path.startsWith(`${one}/`)),
        `${path} is not in .dockerignore`,
      ).toBe(true);
  });

  it('contains no configuration, data, test or key', () => {
    expect(text('.dockerignore').split('\n')[0]).toBe('*');
    for (const path of given)
      expect(path).not.toMatch(/^(\.env|test|simulators|\.git|\.tributary|(?!tsconfig\.).*config.*\.json)/);
    expect(dockerfile).not.toMatch(/^(ENV|ARG) .*(TOKEN|SECRET|PASSWORD|DATABASE_URL)/m);
  });

  it('runs as a numbered user that is not root, and writes to volumes only', () => {
    // Kubernetes can tell from a number alone that it is not root.
    expect(last.match(/^USER (.+)$/gm)).toEqual(['USER 1000:1000']);
    expect(last.indexOf('USER 1000')).toBeLessThan(last.indexOf('CMD ["node", "--max'));
    expect(last).toMatch(/^VOLUME \/data$/m);
    expect(last).toContain('TRIBUTARY_DATA_DIR=/data');
  });

  it('says whether it is healthy, and is ended by the signal that drains it', () => {
    expect(last).toMatch(/^HEALTHCHECK .*\/readyz/m);
    expect(last).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(last).toMatch(/^CMD \["node", /m);
  });
});

describe('compose.yaml and the example for Kubernetes', () => {
  const compose = text('compose.yaml').split('\n  postgres:')[0]!;
  const kubernetes = /## Kubernetes\n\n```yaml\n(.*?)```/s.exec(text('docs/deploy.md'))?.[1] ?? '';

  it('mount the root file system read-only and give a place for files that last a moment', () => {
    expect(compose).toContain('read_only: true');
    expect(compose).toContain('tmpfs: [/tmp]');
    expect(kubernetes).toContain('readOnlyRootFilesystem: true');
    expect(kubernetes).toContain('{ name: tmp, mountPath: /tmp }');
  });

  it('take away capabilities, privileges and the token of the cluster', () => {
    expect(compose).toContain('cap_drop: [ALL]');
    expect(compose).toContain('no-new-privileges:true');
    for (const line of [
      'runAsNonRoot: true',
      'capabilities: { drop: [ALL] }',
      'allowPrivilegeEscalation: false',
      'seccompProfile: { type: RuntimeDefault }',
      'automountServiceAccountToken: false',
    ])
      expect(kubernetes).toContain(line);
  });

  it('listen on this machine only, and hold no secret', () => {
    expect(compose).toContain('ports: ["127.0.0.1:3000:3000"]');
    const values = [...compose.matchAll(/^ +\w*(?:TOKEN|KEY|PASSWORD): (\S+)/gm)].map(
      ([, value = '']) => value,
    );
    expect(values.length).toBeGreaterThan(1);
    for (const value of values) expect(value).toMatch(/^\$\{[A-Z_]+:\?/);
    expect(kubernetes).toContain('secretRef');
  });
});

describe('the packages', () => {
  it('asks for known vulnerabilities before a change lands, of what ships', () => {
    expect(text('.ci/run')).toContain('node .ci/audit.mjs');
    expect(text('.ci/audit.mjs')).toContain("'--omit=dev'");
  });

  it('have exact versions, locked with their hashes', () => {
    const { dependencies } = JSON.parse(text('package.json')) as { dependencies: { [name: string]: string } };
    for (const [name, version] of Object.entries(dependencies))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+/);
    const { packages } = JSON.parse(text('package-lock.json')) as {
      packages: { [path: string]: { integrity?: string; link?: boolean } };
    };
    const loose = Object.entries(packages).filter(
      ([path, { integrity, link }]) => path !== '' && !integrity && !link,
    );
    expect(loose.map(([path]) => path)).toEqual([]);
  });
});
