const browsers = [
  ['Edg/', 'Edge'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;

const systems = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS', 'macOS'],
  ['Linux', 'Linux'],
] as const;

/** "Firefox on Linux"; a program's own name for itself where it is no browser. */
export function browserWords(userAgent: string | null): string {
  if (userAgent === null) return 'unknown';
  const browser = browsers.find(([sign]) => userAgent.includes(sign))?.[1];
  if (browser === undefined) return userAgent.slice(0, 40);
  const system = systems.find(([sign]) => userAgent.includes(sign))?.[1];
  return system === undefined ? browser : `${browser} on ${system}`;
}
