import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNetworkGuard } from '#activities/stores/networks.ts';

const guard = createNetworkGuard({ allowed: [] });
const loopback = fc.tuple(fc.constant(127), fc.nat(255), fc.nat(255), fc.nat(255));
type Octets = readonly [number, number, number, number];

function hex(high: number, low: number): string {
  return ((high << 8) | low).toString(16);
}

function hexPair([a, b, c, d]: Octets): string {
  return `${hex(a, b)}:${hex(c, d)}`;
}

/** Ways to write an IPv4 address that some resolver or socket takes. */
const ipv4Forms: readonly ((octets: Octets) => string)[] = [
  ([a, b, c, d]) => `${a}.${b}.${c}.${d}`,
  ([a, b, c, d]) => String(((a << 24) | (b << 16) | (c << 8) | d) >>> 0),
  ([a, b, c, d]) => `0x${(((a << 24) | (b << 16) | (c << 8) | d) >>> 0).toString(16)}`,
  ([a, b, c, d]) => `${a}.${(b << 16) | (c << 8) | d}`,
  ([a, b, c, d]) => `${a}.${b}.${(c << 8) | d}`,
  ([a, b, c, d]) => `0${a.toString(8)}.0x${b.toString(16)}.${c}.0${d.toString(8)}`,
  ([a, b, c, d]) => `${a}.${b}.${c}.${d}`.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
];

/** IPv6 addresses that may end up at an IPv4 address. */
const ipv6Forms: readonly ((octets: Octets) => string)[] = [
  (octets) => `::ffff:${octets.join('.')}`,
  (octets) => `::ffff:${hexPair(octets)}`,
  (octets) => `0:0:0:0:0:ffff:${octets.join('.')}`,
  (octets) => `::${octets.join('.')}`,
  (octets) => `::ffff:0:${hexPair(octets)}`,
  (octets) => `64:ff9b::${octets.join('.')}`,
  (octets) => `64:ff9b:1::${hexPair(octets)}`,
  (octets) => `2002:${hexPair(octets)}::1`,
  (octets) => `2001:0:808:808::${hexPair(octets.map((octet) => octet ^ 0xff) as unknown as Octets)}`,
  (octets) => `2001:0:${hexPair(octets)}::f7f7:f7f7`,
  (octets) => `2a00:1:2:3:0:5efe:${hexPair(octets)}`,
];

async function verdictOn(host: string): Promise<string> {
  return await guard.resolve(host).then(
    ({ address }) => address,
    (error: unknown) => String(Reflect.get(Object(error), 'code')),
  );
}

describe('The network guard', () => {
  it('lets no spelling of an IPv4 loopback address through', async () => {
    await fc.assert(
      fc.asyncProperty(loopback, fc.constantFrom(...ipv4Forms), async (octets, form) => {
        expect(await verdictOn(form(octets))).toBe('address-refused');
      }),
      { numRuns: 300 },
    );
  });

  it.each(['127.1', '0x7f.1', '2130706433', '0177.0.0.1', '0', '１２７.0.0.1'])('knows what %s stands for', async (host) => {
    await expect(guard.resolve(host)).rejects.toMatchObject({
      code: 'address-refused',
      message: expect.stringContaining(`${JSON.stringify(host)} leads to`),
    });
  });

  it('lets no loopback address with a trailing dot through', { timeout: 30_000 }, async () => {
    // whether it is an address, or a name that nobody has, is the resolver's own business
    for (const host of ['127.0.0.1.', 'localhost.']) {
      expect(['address-refused', 'ENOTFOUND', 'EAI_AGAIN']).toContain(await verdictOn(host));
    }
  });

  it('lets no IPv6 form of an IPv4 loopback or link-local address through, bracketed or not', async () => {
    const linkLocal = fc.tuple(fc.constant(169), fc.constant(254), fc.nat(255), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.oneof(loopback, linkLocal), fc.constantFrom(...ipv6Forms), fc.boolean(), async (octets, form, isBracketed) => {
        const address = form(octets);
        expect(isIPv6(address)).toBe(true);
        expect(await verdictOn(isBracketed ? `[${address}]` : address)).toBe('address-refused');
      }),
      { numRuns: 500 },
    );
  });

  it('lets the IPv6 forms of an ordinary address through', async () => {
    for (const form of ipv6Forms.filter((_, index) => index !== 6)) {
      expect(await verdictOn(form([203, 0, 113, 7]))).toBe(form([203, 0, 113, 7]));
    }
  });

  it.each([
    ['127.0.0.1', 'a loopback address'],
    ['::1', 'a loopback address'],
    ['0.0.0.0', 'an unspecified address'],
    ['::', 'an unspecified address'],
    ['169.254.169.254', 'a link-local address'],
    ['fe80::1', 'a link-local address'],
    ['fe80::1%lo', 'a link-local address'],
    ['febf::1', 'a link-local address'],
    ['224.0.0.1', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['255.255.255.255', 'the broadcast address'],
    ['fd00:ec2::254', 'a cloud metadata address'],
    ['fd20:ce::254', 'a cloud metadata address'],
    ['fd00:42::42', 'a cloud metadata address'],
    ['100.100.100.200', 'a cloud metadata address'],
    ['168.63.129.16', 'a cloud metadata address'],
    ['2002:7f00:1::', 'which stands for 127.0.0.1, a loopback address'],
    ['2002:808:808::5efe:7f00:1', 'which stands for 127.0.0.1, a loopback address'],
    ['fd12::5efe:a9fe:a9fe', 'which stands for 169.254.169.254, a link-local address'],
  ])('refuses %s as %s', async (host, reason) => {
    await expect(guard.resolve(host)).rejects.toMatchObject({ code: 'address-refused', message: `"${host}" leads to ${host}, ${reason}.` });
  });

  it.each(['10.1.2.3', '172.16.0.1', '192.168.1.1', 'fd12::1', '1.1.1.1', '2606:4700::1111'])('permits %s', async (host) => {
    expect(await guard.resolve(host)).toEqual({ address: host, family: host.includes(':') ? 6 : 4 });
  });

  it.each(['', ' ', 'a b', 'user@host', 'host/path', 'https://host', 'a\0b', 'x'.repeat(254)])(
    'refuses %j, which is no host',
    async (host) => {
      await expect(guard.resolve(host)).rejects.toMatchObject({ code: 'address-refused' });
    },
  );

  it('refuses a name that leads to loopback', async () => {
    await expect(guard.resolve('localhost')).rejects.toMatchObject({ code: 'address-refused' });
  });

  it('judges every address of a name, not only the first', async () => {
    for (const bad of ['127.0.0.1', '::ffff:169.254.169.254', 'fe80::1']) {
      const mixed = createNetworkGuard({ allowed: [], lookup: async () => [{ address: '203.0.113.7' }, { address: bad }] });
      await expect(mixed.resolve('mixed.example')).rejects.toMatchObject({
        code: 'address-refused',
        message: expect.stringContaining(bad),
      });
    }
  });

  it('resolves once, and answers with the address that it judged', async () => {
    const answers = [['203.0.113.7', '203.0.113.8'], ['127.0.0.1']].values();
    const rebinding = createNetworkGuard({ allowed: [], lookup: async () => (answers.next().value ?? []).map((address) => ({ address })) });
    expect(await rebinding.resolve('rebinding.example')).toEqual({ address: '203.0.113.7', family: 4 });
    await expect(rebinding.resolve('rebinding.example')).rejects.toMatchObject({ code: 'address-refused' });
  });

  it("passes the name service's own failure through", async () => {
    const failing = createNetworkGuard({
      allowed: [],
      lookup: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
    });
    await expect(failing.resolve('missing.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('An allowed network', () => {
  it('permits what lies in it, in every form, and nothing beside it', async () => {
    const lab = createNetworkGuard({ allowed: ['127.0.0.0/24', '::1', 'fe80::/64'] });
    for (const host of ['127.0.0.9', '::ffff:127.0.0.9', '64:ff9b::127.0.0.9', '::1', 'fe80::5']) {
      expect((await lab.resolve(host)).address).toBe(host);
    }
    for (const host of ['127.0.1.9', '::ffff:127.0.1.9', '64:ff9b::127.0.1.9', '169.254.0.1', 'fe80:0:0:1::5', '0.0.0.0']) {
      await expect(lab.resolve(host)).rejects.toMatchObject({ code: 'address-refused' });
    }
  });

  it.each(['', '10.0.0.0/33', '::1/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0/8', 'localhost', '10.0.0.0/-1', '10.0.0.0/1e1'])(
    'that reads %j is refused at the start',
    (entry) => {
      expect(() => createNetworkGuard({ allowed: [entry] })).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    },
  );
});

describe('A guard that refuses private networks', () => {
  const strict = createNetworkGuard({ allowed: ['10.20.0.0/16', 'fd00:1::/32'], refusesPrivate: true });

  it.each([
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '198.19.0.1',
    'fd12::1',
    'fec0::1',
    '64:ff9b::10.1.2.3',
    '2002:c0a8:101::1',
  ])('refuses %s', async (host) => {
    await expect(strict.resolve(host)).rejects.toMatchObject({
      code: 'address-refused',
      message: expect.stringContaining('private networks are refused here'),
    });
  });

  it('permits those that the operator names, and what is public', async () => {
    for (const host of ['10.20.3.4', '::ffff:10.20.3.4', '64:ff9b::10.20.3.4', 'fd00:1::5', '1.1.1.1', '172.32.0.1', '2606:4700::1111']) {
      expect((await strict.resolve(host)).address).toBe(host);
    }
  });
});
