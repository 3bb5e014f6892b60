import { describe, expect, it } from 'vitest';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { declaredCaches } from '../../../src/graphql/cache-list.ts';
import { InvalidConfiguration, readConfig } from '../../../src/app/config/config.ts';

const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres://user@host/name' };

describe('the configuration', () => {
  it('has defaults for everything', () => {
    expect(readConfig({})).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      isProduction: false,
      isExplorerEnabled: true,
      http: { isIntrospectionEnabled: true },
      database: { url: null, steadySize: 3, overflowSize: 5 },
      isCacheEnabled: true,
      cacheTtlsMs: { SETTINGS_CACHE_TTL: 300_000, MODELS_CACHE_TTL: 3_600_000 },
    });
  });

  it('turns the explorers off in production unless enabled', () => {
    expect(readConfig(production).isExplorerEnabled).toBe(false);
    expect(readConfig({ ...production, EXPLORER_ENABLED: 'true' }).isExplorerEnabled).toBe(true);
    expect(readConfig({ EXPLORER_ENABLED: 'false' }).isExplorerEnabled).toBe(false);
  });

  it('turns introspection off in production unless enabled', () => {
    const isEnabled = (environment: Record<string, string>) =>
      readConfig(environment).http.isIntrospectionEnabled;

    expect(isEnabled(production)).toBe(false);
    expect(isEnabled({ ...production, INTROSPECTION_ENABLED: 'true' })).toBe(true);
    expect(isEnabled({ INTROSPECTION_ENABLED: 'false' })).toBe(false);
  });

  it.each([
    [{}, 3, 5],
    [production, 8, 15],
    [{ DATABASE_PROFILE: 'railway' }, 3, 7],
    [{ ...production, DATABASE_PROFILE: 'development' }, 3, 5],
  ])('chooses the size of the pool: %j', (environment, steadySize, overflowSize) => {
    expect(readConfig(environment).database).toMatchObject({ steadySize, overflowSize });
  });

  it('trusts only the configured proxies', () => {
    expect(readConfig({}).trustedProxies).toEqual([]);
    expect(readConfig({ TRUST_PROXY: 'loopback, 10.0.0.0/8,2001:db8::/32' }).trustedProxies).toEqual([
      'loopback',
      '10.0.0.0/8',
      '2001:db8::/32',
    ]);
  });

  it('treats an empty value as unset', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '' })).toEqual(readConfig({}));
  });

  it('is frozen', () => {
    const config = readConfig({});

    expect(Object.isFrozen(config) && Object.isFrozen(config.database)).toBe(true);
  });

  it.each([
    'PORT=70000',
    'PORT=x',
    'SESSION_TTL=0',
    'SCHEMA_CACHE_TTL=0',
    'SETTINGS_CACHE_TTL=-1',
    'LOG_LEVEL=loud',
    'DATABASE_URL=mysql://x',
    'EXPLORER_ENABLED=yes',
    'TRUST_PROXY=true',
    'TRUST_PROXY=1',
    'TRUST_PROXY=10.0.0.0/33',
    'SECRET_KEY=guessable',
    `SECRET_KEY=${'k'.repeat(32)},guessable`,
    'SIGN_IN_LIMIT_PER_ACCOUNT=0',
    'QUERY_COST_MAX=-1',
    'QUERY_DEPTH_MAX=deep',
  ])('refuses %s by name', (setting) => {
    const [name = '', value = ''] = setting.split('=');

    expect(() => readConfig({ [name]: value })).toThrow(InvalidConfiguration);
    expect(() => readConfig({ [name]: value })).toThrow(name);
  });

  it('is complete in .env.example, with its defaults', () => {
    const example = readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8');
    const settings = Object.fromEntries(
      [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const folder = join(import.meta.dirname, '../../../src/app/config');
    const source = readdirSync(folder)
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    const names = [
      ...[...source.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name = '']) => name),
      ...Object.values(declaredCaches).map(({ ttl }) => ttl.variable),
    ];

    expect(names.length).toBeGreaterThan(10);
    expect(Object.keys(settings).toSorted()).toEqual(names.toSorted());
    expect(readConfig(settings)).toEqual(readConfig({}));
  });

  it('is complete in docs/configuration.md, with its defaults', () => {
    const read = (file: string) => readFileSync(join(import.meta.dirname, '../../..', file), 'utf8');
    const rows = [...read('docs/configuration.md').matchAll(/^\| `([A-Z_]+)` \| (.*?) \|/gm)];
    const documented = new Map(rows.map(([, name = '', absent = '']) => [name, absent]));
    const settings = [...read('.env.example').matchAll(/^([A-Z_]+)=(.*)$/gm)];

    expect([...documented.keys()].toSorted()).toEqual(settings.map(([, name = '']) => name).toSorted());
    const otherwise = settings.filter(
      ([, name = '', value = '']) => value !== '' && documented.get(name) !== `\`${value}\``,
    );
    expect(otherwise.map(([line]) => line)).toEqual([]);
  });
});
