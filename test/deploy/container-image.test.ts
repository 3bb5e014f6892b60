import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

// Containers can't be run by a test; what can be known of them without is looked at here.

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const dockerfile = read('Dockerfile');
const compose = read('compose.yaml');
const matches = (text: string, pattern: RegExp) =>
  Array.from(text.matchAll(pattern), ([, found = '']) => found);

/** What a dashboard must have so that Grafana shows it as it was meant. */
const dashboardSchema = z.object({
  panels: z.array(
    z.object({
      id: z.int(),
      type: z.enum(['row', 'stat', 'table', 'timeseries']),
      title: z.string().min(1),
      gridPos: z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) }),
      targets: z.array(z.object({ refId: z.string().min(1), expr: z.string().min(1) })).default([]),
    }),
  ),
});

describe('the container image', () => {
  it('copies only files that exist and are in the build context', () => {
    const copied = matches(dockerfile, /^COPY (?!--from)(.+) \S+$/gm).flatMap((sources) =>
      sources.split(' '),
    );
    const allowed = matches(read('.dockerignore'), /^!(\S+)$/gm);

    expect(copied).toContain('package-lock.json');
    expect(copied.filter((source) => !existsSync(join(root, source)))).toEqual([]);
    expect(allowed.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(copied.filter((source) => source !== '.' && !allowed.includes(source))).toEqual([]);
  });

  it('has every file that the build configuration reads', () => {
    const { extends: base } = JSON.parse(read('tsconfig.build.json'));
    const needed = [base, 'codegen.yml', 'prisma.config.ts', 'prisma/schema.prisma'];

    for (const file of needed) {
      const [top = ''] = String(file).replace('./', '').split('/');
      expect(read('.dockerignore')).toContain(`!${top}\n`);
    }
  });

  it('does not run as root, and runs what package.json runs', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    const { bin, engines, scripts } = JSON.parse(read('package.json'));
    const started: string = scripts.start;
    const program = started.split(' ').slice(0, -1);

    expect(last).toMatch(/^USER node$/m);
    expect(program.at(-1)).toBe(bin.parley);
    expect(last).toContain(`ENTRYPOINT [${program.map((word) => JSON.stringify(word)).join(', ')}]`);
    expect(engines.node).toBe('>=20.19');
    expect(new Set(matches(dockerfile, /^FROM node:(\d+)-/gm))).toEqual(new Set(['24']));
  });
});

describe('compose.yaml', () => {
  it('mounts only files that exist', () => {
    const mounted = matches(compose, /^ +- \.\/(\S+?):/gm);

    expect(mounted).toHaveLength(3);
    expect(mounted.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('sets only variables that Parley reads', () => {
    const [, environment = ''] = /environment: &environment\n((?: {6}\S.*\n)+)/.exec(compose) ?? [];
    const names = matches(environment, /^ +([A-Z_]+): /gm);
    const settings = matches(read('.env.example'), /^([A-Z_]+)=/gm);

    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !settings.includes(name))).toEqual([]);
  });

  it('names its services as the other configurations do', () => {
    const services = matches(compose, /^ {2}([a-z]+):\n {4}\w/gm);
    const targets = [
      ...matches(read('deploy/prometheus/prometheus.yml'), /targets: \['([a-z]+):4000'\]/g),
      ...matches(
        read('deploy/grafana/provisioning/datasources/prometheus.yml'),
        /url: http:\/\/([a-z]+):9090/g,
      ),
      ...matches(compose, /(?:@|redis:\/\/)([a-z]+):\d+/g),
    ];

    expect(targets).toEqual(['parley', 'prometheus', 'postgres', 'redis']);
    expect(targets.filter((target) => !services.includes(target))).toEqual([]);
  });

  it('provisions the dashboard and its data source consistently', () => {
    const dashboard = read('deploy/grafana/dashboards/parley.json');
    const folder = '/var/lib/grafana/dashboards';
    const [uid] = matches(read('deploy/grafana/provisioning/datasources/prometheus.yml'), /uid: (\S+)/g);

    expect(new Set(matches(dashboard, /"datasource": \{\s*"type": "prometheus",\s*"uid": "(\w+)"/g))).toEqual(
      new Set([uid]),
    );
    expect(read('deploy/grafana/provisioning/dashboards/parley.yml')).toContain(`path: ${folder}\n`);
    expect(compose).toContain(`./deploy/grafana/dashboards:${folder}:ro`);
    expect(compose).toContain(`${folder}/parley.json`);
  });

  it('tunes PostgreSQL as docs/operations.md says', () => {
    const documented = matches(read('docs/operations.md'), /^\| `([a-z_.]+ = [^`]+)` \|/gm);
    const set = matches(compose, /^ +- ([a-z_.]+=\S+)$/gm).map((setting) => setting.replace('=', ' = '));

    expect(documented.length).toBeGreaterThan(5);
    expect(set).toEqual(documented);
  });
});

describe('the dashboard', () => {
  const { panels } = dashboardSchema.parse(JSON.parse(read('deploy/grafana/dashboards/parley.json')));
  const shown = panels.filter(({ type }) => type !== 'row');

  it('has queries with distinct letters in each panel', () => {
    expect(shown.length).toBeGreaterThan(15);
    for (const { title, targets } of shown) {
      expect(targets.length, title).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it('has no overlapping panels', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => [x + (index % w), y + Math.floor(index / w)] as const),
    );

    expect(cells.filter(([column]) => column >= 24)).toEqual([]);
    expect(new Set(cells.map(String)).size).toBe(cells.length);
  });
});
