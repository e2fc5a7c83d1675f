import { expect, it } from 'vitest';
import { judgeHealth } from '#activities/engines/health.ts';
import { postgresql } from '#activities/engines/postgresql/index.ts';

const traits = { title: 'PostgreSQL', capabilities: postgresql.capabilities };

it('refuses a server that is older than its engine supports, and tells of any other how it is', () => {
  const vitals = { replica: true, lagSeconds: 2, sizeBytes: 10 };
  expect(() => judgeHealth(traits, { ...vitals, version: '14.19' })).toThrow('PostgreSQL 14.19 is too old: 15 is the oldest');
  for (const version of ['15.0', '17.6', '18beta1'])
    expect(judgeHealth(traits, { ...vitals, version })).toEqual({ version, role: 'replica', lagSeconds: 2, sizeBytes: 10 });
});
