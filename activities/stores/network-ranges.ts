/**
 * What becomes of an address: `refuse` it; take it as `private`, which is the operator's to refuse; or judge the IPv4 addresses
 * that it stands for, each from two groups of 16 bits, or from their complement.
 */
type Rule = 'refuse' | 'private' | { readonly judge: readonly Embedded[] };

export interface Embedded {
  readonly group: number;
  readonly isInverted?: boolean;
}

interface NetworkRange {
  /** A prefix, or in the one case where none says it, `isatap`. */
  readonly range: string;
  readonly rule: Rule;
  readonly what: string;
}

const last = { judge: [{ group: 6 }] } as const;

/**
 * Every range that has a rule. Of those that hold an address the first that refuses it, or takes it as private, decides; what none
 * refuses is permitted.
 */
export const networkRanges: readonly NetworkRange[] = [
  { range: '0.0.0.0/8', rule: 'refuse', what: 'an unspecified address' },
  { range: '127.0.0.0/8', rule: 'refuse', what: 'a loopback address' },
  // with the metadata of most clouds, 169.254.169.254
  { range: '169.254.0.0/16', rule: 'refuse', what: 'a link-local address' },
  { range: '224.0.0.0/4', rule: 'refuse', what: 'a multicast address' },
  { range: '255.255.255.255/32', rule: 'refuse', what: 'the broadcast address' },
  { range: '240.0.0.0/4', rule: 'refuse', what: 'a reserved address' },
  // Alibaba, Azure, Oracle
  { range: '100.100.100.200/32', rule: 'refuse', what: 'a cloud metadata address' },
  { range: '168.63.129.16/32', rule: 'refuse', what: 'a cloud metadata address' },
  { range: '192.0.0.192/32', rule: 'refuse', what: 'a cloud metadata address' },
  { range: '::/128', rule: 'refuse', what: 'an unspecified address' },
  { range: '::1/128', rule: 'refuse', what: 'a loopback address' },
  { range: 'fe80::/10', rule: 'refuse', what: 'a link-local address' },
  { range: 'ff00::/8', rule: 'refuse', what: 'a multicast address' },
  // Amazon, Google, Scaleway
  { range: 'fd00:ec2::/32', rule: 'refuse', what: 'a cloud metadata address' },
  { range: 'fd20:ce::254/128', rule: 'refuse', what: 'a cloud metadata address' },
  { range: 'fd00:42::42/128', rule: 'refuse', what: 'a cloud metadata address' },
  // RFC 8215: where the IPv4 address stands in it is each network's own choice, so it cannot be judged
  { range: '64:ff9b:1::/48', rule: 'refuse', what: 'a translated address of a local NAT64' },
  { range: '::ffff:0:0/96', rule: last, what: 'IPv4-mapped' },
  { range: '::/96', rule: last, what: 'IPv4-compatible' },
  { range: '::ffff:0:0:0/96', rule: last, what: 'IPv4-translated (RFC 2765)' },
  { range: '64:ff9b::/96', rule: last, what: 'NAT64 (RFC 6052)' },
  { range: '2002::/16', rule: { judge: [{ group: 1 }] }, what: '6to4' },
  {
    range: '2001::/32',
    rule: { judge: [{ group: 2 }, { group: 6, isInverted: true }] },
    what: 'Teredo: its server, and the client behind it',
  },
  { range: 'isatap', rule: last, what: 'an interface id of ISATAP, below whatever prefix' },
  { range: '10.0.0.0/8', rule: 'private', what: 'a private address' },
  { range: '172.16.0.0/12', rule: 'private', what: 'a private address' },
  { range: '192.168.0.0/16', rule: 'private', what: 'a private address' },
  { range: '100.64.0.0/10', rule: 'private', what: 'a shared address (RFC 6598)' },
  { range: '198.18.0.0/15', rule: 'private', what: 'a benchmarking address' },
  { range: 'fc00::/7', rule: 'private', what: 'a private address' },
  { range: 'fec0::/10', rule: 'private', what: 'a site-local address' },
];
