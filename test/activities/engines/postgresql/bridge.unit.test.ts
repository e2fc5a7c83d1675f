import { describe, expect, it } from 'vitest';
import { type BridgeEnd, remoteCommand } from '#activities/engines/postgresql/bridge.ts';

const primary = { server: { owner: 'postgres' }, config: '/var/lib/tidemark/x/g1.conf' } as unknown as BridgeEnd;
const asked =
  'pgbackrest --exec-id=409-1a2b3c4d --lock=db-backup-1.lock --log-level-console=off --pg1-path=/srv/data --process=1 --remote-type=pg --stanza=db backup:remote';

describe('what is run on the primary for a standby', () => {
  it('is pgBackRest with the configuration of the primary, whatever else was asked', () => {
    expect(remoteCommand(primary, asked).replaceAll("'", '')).toBe(
      'cd / && runuser -u postgres -- pgbackrest --config=/var/lib/tidemark/x/g1.conf --stanza=db --log-level-console=off --log-level-stderr=error --remote-type=pg --exec-id=409-1a2b3c4d --process=1 backup:remote',
    );
  });

  it.each([
    ['another command', asked.replace('backup:remote', 'expire')],
    ['a shell', `${asked}; id`],
    ['a process that is none', asked.replace('--process=1', '--process=$(id)')],
    ['no process', asked.replace('--process=1 ', '')],
    ['another id', asked.replace('409-1a2b3c4d', "409-1a2b3c4d';id;'")],
  ])('is nothing when %s is asked for', (_, wrong) => {
    expect(() => remoteCommand(primary, wrong)).toThrow(/asked for/);
  });
});
