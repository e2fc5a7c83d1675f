import { stanza } from './repository.ts';
import type { EngineName } from './states.ts';

/** Restoring without Tidemark, in the commands of docs/format.md, filled in for one database. */

export interface RecoveryStep {
  readonly text: string;
  readonly commands: readonly string[];
}

export interface RecoveryCase {
  /** The name under which the recovery kit lies beside the commands. */
  readonly kitFile: string;
  readonly store: {
    readonly endpoint: string;
    readonly region: string;
    readonly bucket: string;
    readonly prefix: string;
    readonly caPem: string | null;
  };
  readonly databaseId: string;
  readonly engine: EngineName;
  /** As far as it is known. */
  readonly version: string | null;
  /** Which one the commands are about, unless another is put in its place. */
  readonly generation: number;
  /** Whether the kit has a key: some generation may be encrypted, and another one plain. */
  readonly hasKey: boolean;
}

export function recoverySteps(of: RecoveryCase): RecoveryStep[] {
  return recovery[of.engine].steps(of);
}

/** Whether its backups lie in a repository of pgBackRest's. */
export function hasRepository(engine: EngineName): boolean {
  return recovery[engine].hasRepository;
}

const recovery: Record<EngineName, { readonly hasRepository: boolean; steps(of: RecoveryCase): RecoveryStep[] }> = {
  postgresql: { hasRepository: true, steps: repositorySteps },
  mariadb: { hasRepository: false, steps: mariadbSteps },
  mysql: { hasRepository: false, steps: mysqlSteps },
};

/** It ends early and well where it cannot create a file; what it left unread tells. */
const MBSTREAM = `{ mbstream -x -C "$1" && (( $(head -c 1 | wc -c) == 0 )) || { echo 'mbstream did not take everything' >&2; false; }; }`;

function mariadbSteps(of: RecoveryCase): RecoveryStep[] {
  return [
    ...openingSteps(of, 'MariaDB', MBSTREAM),
    {
      text: 'Prepare the full with mariadb-backup of the same series, then each incremental in its order.',
      commands: ['mariadb-backup --prepare --target-dir=full', 'mariadb-backup --prepare --target-dir=full --incremental-dir=incremental'],
    },
    ...replaySteps(of, 'TZ=UTC mariadb-binlog --start-position=<position> --stop-position=<cut> <log> <log> … | mariadb --binary-mode'),
  ];
}

function mysqlSteps(of: RecoveryCase): RecoveryStep[] {
  return [
    ...openingSteps(of, 'MySQL', 'tar -x -C "$1"'),
    ...replaySteps(of, 'TZ=UTC mysqlbinlog --stop-position=<cut> <log> <log> … | mysql --binary-mode'),
  ];
}

function repositorySteps({ kitFile, store, databaseId, version, generation }: RecoveryCase): RecoveryStep[] {
  const chosen = `.databases[] | select(.id == "${databaseId}") | .generations[] | select(.number == ${generation}) | .pgbackrest.configuration[]`;
  return [
    {
      text: `On a machine with jq, pgBackRest and PostgreSQL of the major version of the server (${version ?? 'not known'}), as the user of PostgreSQL: write the configuration of the generation whose from and until hold the wanted time (here ${generation}), and put the access key, the secret key and the path of an empty data directory in place of the words in angle brackets.`,
      commands: [
        'umask 077',
        `jq -r '${chosen}' ${kitFile} > /etc/pgbackrest.conf`,
        ...(store.caPem === null ? [] : [`jq -r .store.caPem ${kitFile} > ${caFile}`]),
      ],
    },
    { text: 'See which backups there are.', commands: [`pgbackrest --stanza=${stanza} info`] },
    {
      text: 'Restore one of them, up to a time (UTC) or to its own end. Then start PostgreSQL on the directory, away from everybody.',
      commands: [
        `pgbackrest --stanza=${stanza} --set=<label> --type=time --target='<2026-11-22 21:50:11+00>' --target-exclusive restore`,
        `pgbackrest --stanza=${stanza} --set=<label> --type=immediate restore`,
      ],
    },
  ];
}

/** Where the configuration of pgBackRest expects the certificate of a private authority. */
export const caFile = '/etc/pgbackrest-ca.pem';

function openingSteps(of: RecoveryCase, product: string, unpack: string): RecoveryStep[] {
  const { store, databaseId, generation, version, hasKey } = of;
  const tools = `bash, curl (7.88 or newer), jq, zstd${hasKey ? ", Python 3 with Google's Tink (pip install tink), decrypt.py of Tidemark's docs/" : ''}`;
  const folder = below(store.prefix, databaseId);
  const manifestOf = (backup: string): string => `fetch "/${encodedPath(folder)}/g$generation/backups/${backup}/manifest.json"`;
  return [
    {
      text: `On a machine with ${tools} and ${product} of the server's series (${version ?? 'not known'}), in an empty folder with this kit: give the keys of the bucket, and define how an object is fetched and opened. The commands are about the generation ${generation}, the newest; put in the number of the one whose from and until hold the wanted time.`,
      commands: [`generation=${generation}`, ...fetchCommands(of)],
    },
    {
      text: 'See which backups there are; one exists when it has a manifest. An incremental needs its parent, and so on to a full. A generation that has just begun has none: the newest are in the one before it.',
      commands: [
        listCommand(`${encodeURIComponent(folder)}%2Fg$generation%2Fbackups%2F`),
        `list_backups | while read -r backup; do ${manifestOf('$backup')} | jq -c '[.backupId, .outcome.kind, .outcome.parentLabel, .outcome.consistentAt]'; done`,
      ],
    },
    {
      text: 'Unpack a full, and each incremental that has volumes, into a directory of its own.',
      commands: [
        'set -o pipefail',
        `unpack() { mkdir "$1"; ${manifestOf('$2')} > "$1.json" && jq -r '.data.volumes[].key' "$1.json" | while read -r object; do open_object "$object" || exit; done | zstd -dc | ${unpack}; }`,
        'unpack full <backupId>',
      ],
    },
  ];
}

function fetchCommands({ kitFile, store, databaseId, hasKey }: RecoveryCase): string[] {
  const { endpoint, region, bucket, prefix, caPem } = store;
  const authority = caPem === null ? '' : ' --cacert ca.pem';
  const curl = `curl --silent --show-error --fail --globoff${authority} --aws-sigv4 aws:amz:${region}:s3 --user "$ACCESS_KEY:$SECRET_KEY"`;
  const object = `fetch "/${encodedPath(below(prefix, ''))}$1"`;
  return [
    "ACCESS_KEY='<access key>' SECRET_KEY='<secret key>'",
    ...(caPem === null ? [] : [`jq -r .store.caPem ${kitFile} > ca.pem`]),
    `fetch() { ${curl} --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "https://${endpoint}/${bucket}$1"; }`,
    ...(hasKey
      ? [
          `is_encrypted() { jq -e --arg object "$1" '${encryptionOf(databaseId)}' ${kitFile} > /dev/null; }`,
          `open_object() { if is_encrypted "$1"; then ${object} | python3 decrypt.py "$(jq -r .policyKey ${kitFile})" "$1"; else ${object}; fi; }`,
        ]
      : [`open_object() { ${object}; }`]),
  ];
}

/** By the generation in the object's key. One that is younger than the kit is taken for encrypted: what is plain then fails, and loudly. */
function encryptionOf(databaseId: string): string {
  const known = `.databases[] | select(.id == "${databaseId}") | .generations[] | select("g\\(.number)" == ($object | split("/")[1])) | .encrypted`;
  return `[${known}] | if length == 0 then true else .[0] end`;
}

/** A page has at most 1,000. The signature wants the parameters in the order of their names. */
function listCommand(folder: string): string {
  const page = `fetch "?\${token:+continuation-token=$token&}delimiter=%2F&list-type=2&prefix=${folder}"`;
  const ids = `grep -o '[0-9a-f-]\\{36\\}/</Prefix>' <<< "$page" | cut -c 1-36`;
  const token = `sed -n 's:.*<NextContinuationToken>\\([^<]*\\)</.*:\\1:p' <<< "$page" | jq -Rr @uri`;
  return `list_backups() { local page token=; while page=$(${page}); do ${ids}; token=$(${token}); [ -n "$token" ] || return 0; done; echo 'The list is not complete.' >&2; return 1; }`;
}

function replaySteps({ databaseId }: RecoveryCase, replay: string): RecoveryStep[] {
  return [
    {
      text: `Start a server of the same series on a copy of the directory, with --skip-networking --skip-log-bin. Then open the binary logs from the manifest's data.position on (they lie below ${databaseId}/g<generation>/logs/, each with a record that names its object), see that the sequence of their records has no hole, and replay them in one call up to the cut: the position of the first of the last record's commits at or after the wanted second.`,
      commands: ['open_object <object> | zstd -dc > <log>', replay],
    },
  ];
}

function below(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`;
}

function encodedPath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
