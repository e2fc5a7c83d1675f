import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '#activities/stores/s3.ts';
import { describeStore, keysOf } from '#test/contracts/store.ts';
import { loopbackGuard, startVersitygw, type Versitygw } from '#test/versitygw.ts';

const deps = { guard: loopbackGuard };
let server: Versitygw;

beforeAll(async () => {
  server = await startVersitygw();
  await server.createBucket('first');
}, 60_000);

afterAll(() => server.stop());

describeStore('A store at versitygw, with a prefix', () => openStore(server.address('first'), deps));
describeStore('A store at versitygw, without a prefix', () => openStore(server.address('first', { prefix: '' }), deps));

describe('The prefix of a store', () => {
  it('is part of the key in the bucket, and of no key outside', async () => {
    const whole = openStore(server.address('first', { prefix: '' }), deps);
    const team = openStore(server.address('first', { prefix: 'team' }), deps);
    await team.put('inner/object', Buffer.from('x'));
    await whole.put('teammate/object', Buffer.from('y'));
    expect(await keysOf(whole, 'team')).toEqual(['team/inner/object', 'teammate/object']);
    expect(await keysOf(team, '')).toEqual(['inner/object']);
    await Promise.all([team.delete('inner/object'), whole.delete('teammate/object')]);
    [whole, team].forEach((store) => store.close());
  });
});

describe('A region left open', () => {
  it('is us-east-1', async () => {
    const store = openStore(server.address('first', { region: '' }), deps);
    expect(await store.head('nothing')).toBeUndefined();
    store.close();
  });
});
