import { describe, expect, it } from 'vitest';
import { compareVersions } from '#activities/engines/versions.ts';
import { expectedObjects } from '#activities/engines/postgresql/prove.ts';

const manifest = `[backup:option]
option-compress-type="zst"

[target:file]
pg_data/PG_VERSION={"bni":1,"bno":2505968,"checksum":"ad","repo-size":24,"size":3,"timestamp":1}
pg_data/backup_label={"checksum":"fe","repo-size":208,"size":260,"timestamp":1}
pg_data/base/1/1249={"bi":1,"bim":360,"bni":2,"checksum":"36","repo-size":31888,"size":450560,"timestamp":1}
pg_data/base/5/16389={"bi":2,"bim":90,"checksum":"aa","repo-size":16116528,"size":99999999,"timestamp":1}
pg_data/base/5/odd={"name={" :1,"checksum":"aa","repo-size":5,"size":7,"timestamp":1}
pg_data/base/5/older={"checksum":"aa","reference":"20261123-001154F","repo-size":5,"size":7,"timestamp":1}
pg_data/base/5/empty={"size":0,"timestamp":1}
pg_data/base/5/plain={"checksum":"aa","size":9,"timestamp":1}

[target:file:default]
group="postgres"
`;

describe('the proof of a backup', () => {
  it('expects every object that the backup itself brought, with its size', () => {
    expect(expectedObjects(manifest, '20261123-001154F_20261123-001216I')).toEqual([
      { key: 'bundle/1', sizeBytes: 2_505_992 },
      { key: 'pg_data/backup_label.zst', sizeBytes: 208 },
      { key: 'bundle/2', sizeBytes: 31_888 },
      { key: 'pg_data/base/5/16389.pgbi', sizeBytes: 16_116_528 },
      { key: 'pg_data/base/5/odd.zst', sizeBytes: 5 },
      { key: 'pg_data/base/5/plain.zst', sizeBytes: 9 },
    ]);
  });

  it('refuses a manifest that lists nothing', () => {
    expect(() => expectedObjects('[backup]\n', 'x')).toThrow(/lists no files/);
  });
});

describe('versions of tools and servers', () => {
  it.each([
    ['2.53.1', '2.53', 1],
    ['2.9', '2.10', -1],
    ['2.60', '2.60.0', 0],
    ['18beta1', '15', 1],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});
