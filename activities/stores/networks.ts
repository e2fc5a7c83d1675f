import { lookup as systemLookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { TidemarkError } from '#domain/errors.ts';
import { type Embedded, networkRanges } from './network-ranges.ts';

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
  /** Whether private ranges are refused as well, but for what `allowed` names. */
  readonly refusesPrivate?: boolean | undefined;
  /** Every address of a name, the preferred first; the system's resolver when absent. */
  readonly lookup?: (host: string) => Promise<readonly { readonly address: string }[]>;
}

const rules = networkRanges.map(({ range, rule, what }) => ({ rule, what, holds: range === 'isatap' ? isIsatap : isWithin(range) }));

/** Throws `invalid-request` when an allowed entry is neither an address nor a range. */
export function createNetworkGuard(settings: NetworkGuardSettings): NetworkGuard {
  const policy: Policy = { isAllowed: holderOf(settings.allowed), refusesPrivate: settings.refusesPrivate ?? false };
  const lookup = settings.lookup ?? ((host: string) => systemLookup(host, { all: true }));
  return {
    async resolve(host) {
      const name = bareHost(host);
      const found = await lookup(name);
      for (const { address } of found) {
        const reason = reasonToRefuse(address, policy);
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

interface Policy {
  readonly isAllowed: (address: string) => boolean;
  readonly refusesPrivate: boolean;
}

function reasonToRefuse(address: string, policy: Policy): string | undefined {
  if (policy.isAllowed(address)) return undefined;
  for (const { rule, what } of rules.filter(({ holds }) => holds(address))) {
    if (rule === 'refuse') return what;
    if (rule === 'private') return policy.refusesPrivate ? `${what}, and private networks are refused here` : undefined;
    const reason = reasonOfEmbedded(groupsOf(address), rule.judge, policy);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonOfEmbedded(groups: readonly number[], places: readonly Embedded[], policy: Policy): string | undefined {
  for (const { group, isInverted = false } of places) {
    const inner = ipv4Of(groups, group, isInverted ? 0xffff : 0);
    const reason = reasonToRefuse(inner, policy);
    if (reason !== undefined) return `which stands for ${inner}, ${reason}`;
  }
  return undefined;
}

/** Of one family: to `BlockList` every IPv4 address is also its mapped one. */
function isWithin(range: string): (address: string) => boolean {
  const holds = holderOf([range]);
  return (address) => isIPv6(address) === range.includes(':') && holds(address);
}

/** Whether one of the ranges holds an address. */
function holderOf(entries: readonly string[]): (address: string) => boolean {
  const ranges = blockListOf(entries);
  return (address) => ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
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

function isIsatap(address: string): boolean {
  if (!isIPv6(address)) return false;
  const [, , , , owner = 0, type = 0] = groupsOf(address);
  return (owner === 0 || owner === 0x200) && type === 0x5efe;
}

function ipv4Of(groups: readonly number[], first: number, complement: number): string {
  const pair = [groups[first] ?? 0, groups[first + 1] ?? 0].map((group) => group ^ complement);
  return pair.flatMap((group) => [group >> 8, group & 0xff]).join('.');
}

function groupsOf(address: string): number[] {
  const [plain = ''] = address.split('%');
  const canonical = new URL(`http://[${plain}]`).hostname.slice(1, -1);
  const [left = [], right = []] = canonical.split('::').map((side) => side.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}
