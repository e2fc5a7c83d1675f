import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { TidemarkError } from '#domain/errors.ts';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Decides which machines may be connected to. Connect to the address it returns and to nothing else: asking the
 * name service a second time could give another answer (DNS rebinding).
 */
export interface NetworkGuard {
  /**
   * Resolves a host name or literal once and judges every address behind it, in whatever form it is written.
   * Throws `address-refused`; a failure of the name service passes through as Node's own error (`ENOTFOUND`, `EAI_AGAIN`).
   */
  resolve(host: string): Promise<ResolvedAddress>;
}

export interface NetworkGuardSettings {
  /** Ranges ("127.0.0.0/8") or single addresses that are permitted although they would be refused. */
  readonly allowed: readonly string[];
  /** Every address of a name, the preferred first; the system's resolver when absent. */
  readonly lookup?: (host: string) => Promise<readonly { readonly address: string }[]>;
}

/** Private ranges (RFC 1918, fc00::/7) are permitted: object stores and database hosts live there. */
const refusedRanges: readonly (readonly [string, string])[] = [
  ['an unspecified address', '0.0.0.0/8'],
  ['a loopback address', '127.0.0.0/8'],
  ['a link-local address', '169.254.0.0/16'],
  ['a multicast address', '224.0.0.0/4'],
  ['the broadcast address', '255.255.255.255'],
  ['a reserved address', '240.0.0.0/4'],
  // Alibaba, Azure, Oracle; the others use 169.254.169.254
  ['a cloud metadata address', '100.100.100.200'],
  ['a cloud metadata address', '168.63.129.16'],
  ['a cloud metadata address', '192.0.0.192'],
  ['an unspecified address', '::'],
  ['a loopback address', '::1'],
  ['a link-local address', 'fe80::/10'],
  ['a multicast address', 'ff00::/8'],
  // Amazon, Google
  ['a cloud metadata address', 'fd00:ec2::/32'],
  ['a cloud metadata address', 'fd20:ce::254'],
  // RFC 8215: where the IPv4 address stands in it is each network's own choice, so it cannot be judged
  ['a translated address of a local NAT64', '64:ff9b:1::/48'],
];

const refused = refusedRanges.map(([reason, range]) => ({ reason, ranges: blockListOf([range]) }));

/** Throws `invalid-request` when an allowed entry is neither an address nor a range. */
export function createNetworkGuard(settings: NetworkGuardSettings): NetworkGuard {
  const allowed = blockListOf(settings.allowed);
  const lookup = settings.lookup ?? ((host: string) => systemLookup(host, { all: true }));
  return {
    async resolve(host) {
      const name = bareHost(host);
      const found = await lookup(name);
      for (const { address } of found) {
        const reason = reasonToRefuse(address, allowed);
        if (reason !== undefined) throw new TidemarkError('address-refused', `${quoted(host)} leads to ${address}, ${reason}.`);
      }
      const [first] = found;
      if (first === undefined) throw new TidemarkError('address-refused', `${quoted(host)} leads to no address.`);
      return { address: first.address, family: isIPv6(first.address) ? 6 : 4 };
    },
  };
}

function bareHost(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  if (bare.length === 0 || bare.length > 253 || /[\s\p{Cc}/@\\]/u.test(bare)) {
    throw new TidemarkError('address-refused', `${quoted(host)} is neither a host name nor an address.`);
  }
  return bare;
}

function quoted(host: string): string {
  return JSON.stringify(host.slice(0, 253));
}

function reasonToRefuse(address: string, allowed: BlockList): string | undefined {
  if (holds(allowed, address)) return undefined;
  const own = reasonOf(address);
  if (own !== undefined) return own;
  for (const inner of embeddedAddresses(address)) {
    const reason = holds(allowed, inner) ? undefined : reasonOf(inner);
    if (reason !== undefined) return `which stands for ${inner}, ${reason}`;
  }
  return undefined;
}

function reasonOf(address: string): string | undefined {
  return refused.find(({ ranges }) => holds(ranges, address))?.reason;
}

function holds(ranges: BlockList, address: string): boolean {
  return ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', length, ...rest] = entry.split('/');
    const bits = isIP(address) === 6 ? 128 : 32;
    const prefix = length === undefined ? bits : Number(length);
    const isWell = isIP(address) !== 0 && rest.length === 0 && /^\d{1,3}$/.test(length ?? '0') && prefix <= bits;
    if (!isWell) {
      throw new TidemarkError('invalid-request', `The network ${quoted(entry)} is neither an address nor a range such as 10.0.0.0/8.`);
    }
    list.addSubnet(address, prefix, bits === 128 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** The IPv4 addresses that an IPv6 address may end up at: mapped, compatible, translated (RFC 2765, 6052), 6to4, Teredo, ISATAP. */
function embeddedAddresses(address: string): string[] {
  if (!isIPv6(address)) return [];
  const groups = groupsOf(address);
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const head = [a, b, c, d, e, f].map((group) => group.toString(16)).join(':');
  const found: string[] = [];
  if (['0:0:0:0:0:ffff', '0:0:0:0:0:0', '0:0:0:0:ffff:0', '64:ff9b:0:0:0:0'].includes(head)) found.push(ipv4Of(g, h));
  if (a === 0x2002) found.push(ipv4Of(b, c));
  if (a === 0x2001 && b === 0) found.push(ipv4Of(c, d), ipv4Of(g ^ 0xffff, h ^ 0xffff));
  if ((e === 0 || e === 0x200) && f === 0x5efe) found.push(ipv4Of(g, h));
  return found;
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function groupsOf(address: string): number[] {
  const [plain = ''] = address.split('%');
  const canonical = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [left = [], right = []] = canonical.split('::').map((side) => side.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}
