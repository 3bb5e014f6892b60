import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, isEnumType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { declaredCaches } from '../../src/graphql/cache-list.ts';
import { cacheTtlMs, readConfig } from '../../src/app/config/config.ts';

const declarations = Object.values(declaredCaches);
const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');

describe('a declared cache', () => {
  it('has a value of the enum CacheName, and the enum has no other', () => {
    const cacheName = buildSchema(read('src/graphql/generated/api.graphql')).getType('CacheName');
    const values = isEnumType(cacheName) ? cacheName.getValues().map(({ name }) => name) : [];

    expect(values.toSorted()).toEqual(declarations.map(({ name }) => name).toSorted());
  });

  it.each(declarations)('$name is configured by its own variable, and 0 disables it if allowed', (cache) => {
    const { variable, seconds, secondsMin = 0 } = cache.ttl;

    expect(variable).toMatch(/^[A-Z_]+_CACHE_TTL$/);
    expect(declarations.filter(({ ttl }) => ttl.variable === variable)).toHaveLength(1);
    expect(cacheTtlMs(readConfig({}), cache)).toBe(seconds * 1000);
    expect(cacheTtlMs(readConfig({ [variable]: `${secondsMin}` }), cache)).toBe(secondsMin * 1000);
    expect(() => readConfig({ [variable]: `${secondsMin - 1}` })).toThrow(variable);
  });

  it.each(declarations)('$name is documented with its default', ({ ttl: { variable, seconds } }) => {
    expect(read('docs/configuration.md')).toContain(`| \`${variable}\` | \`${seconds}\` |`);
    expect(read('.env.example')).toContain(`\n${variable}=${seconds}\n`);
  });
});
