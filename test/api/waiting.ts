import { expect, vi } from 'vitest';
import type { Caller } from './world.ts';

export async function policyBecomes(caller: Caller, id: string, status: string): Promise<Record<string, unknown>> {
  return vi.waitFor(
    async () => {
      const { body } = await caller.ask('GET', `/policies/${id}`);
      expect(body).toMatchObject({ status });
      return body;
    },
    { timeout: 20_000, interval: 100 },
  );
}

export async function taskEnded(caller: Caller, id: string): Promise<Record<string, unknown>> {
  return vi.waitFor(
    async () => {
      const { body } = await caller.ask('GET', `/tasks/${id}`);
      expect(body['endedAt']).toMatch(/Z$/);
      return body;
    },
    { timeout: 40_000, interval: 200 },
  );
}
