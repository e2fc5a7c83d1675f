import type { Answer } from '#lab/client.ts';
import { type Lab, primaryOf } from '#lab/lab.ts';

export type StreamedName = 'mariadb' | 'mysql';

/** The same work as an administrator would do it on the host: the tool, zstd at the same level, openssl, rclone. */
export interface Hand {
  /** Runs a script on the host as root. */
  run(script: string): Promise<string>;
  /** The tool's own stream on standard output, uncompressed; `cleanUp` afterwards. */
  readonly tool: string;
  readonly cleanUp: string;
  /** Reads the tool's stream on standard input and unpacks it into a new directory, which `remove` removes. */
  readonly unpack: string;
  /** Lists the names of the server's binary logs, ascending. */
  readonly listLogs: string;
  backUp(): Promise<void>;
  /** The pipe reversed, into `directory`, up to a data directory that a server could start on. */
  restore(): Promise<void>;
  /** Starts a private server on what `restore` wrote, and gives the binary logs to it by the engine's own pipe. */
  startPrivate(): Promise<void>;
  replay(): Promise<void>;
  stopPrivate(): Promise<void>;
  /** Removes what `restore` wrote. */
  remove(): Promise<void>;
}

const directory = '/var/lib/by-hand';
const newDirectory = `rm -rf ${directory}; install -d -o mysql -g mysql -m 0700 ${directory}`;

interface Recipe {
  readonly listLogs: string;
  readonly tool: string;
  readonly cleanUp: string;
  readonly unpack: string;
  readonly prepare: string;
  readonly start: string;
  readonly replay: string;
  readonly stop: string;
}

const recipes: Readonly<Record<StreamedName, Recipe>> = {
  mariadb: {
    listLogs: 'cd /var/lib/mysql; ls mysqld-bin.0* | grep -v idx',
    tool: 'mariadb-backup --backup --stream=mbstream --parallel=2 --target-dir=/run/by-hand 2>/run/by-hand.log',
    cleanUp: 'rm -rf /run/by-hand*',
    unpack: `mbstream -x -C ${directory}`,
    prepare: `mariadb-backup --prepare --target-dir=${directory} >/run/by-hand.log 2>&1`,
    start: `mariadbd --no-defaults --user=mysql --datadir=${directory} --socket=${directory}/private.sock --pid-file=${directory}/private.pid --log-error=${directory}/private.err --skip-networking --skip-log-bin --skip-slave-start --innodb-flush-log-at-trx-commit=0 --server-id=99`,
    replay: `read -r file position rest < $(ls ${directory}/*_binlog_info | head -n 1); cd /var/lib/mysql; mariadb-binlog --start-position="$position" $(ls mysqld-bin.0* | grep -v idx | awk -v from="$file" '$0 >= from') | mariadb --binary-mode --socket=${directory}/private.sock`,
    stop: `mariadb-admin --socket=${directory}/private.sock shutdown`,
  },
  mysql: {
    listLogs: 'cd /var/lib/mysql; ls binlog.0*',
    tool: `{ rm -rf /var/lib/mysql-files/by-hand; mysql -e "clone local data directory = '/var/lib/mysql-files/by-hand'"; tar -C /var/lib/mysql-files/by-hand -cf - .; }`,
    cleanUp: 'rm -rf /var/lib/mysql-files/by-hand',
    unpack: `tar -x -C ${directory} -f -`,
    prepare: 'true',
    start: `mysqld --no-defaults --user=mysql --datadir=${directory} --socket=${directory}/private.sock --pid-file=${directory}/private.pid --log-error=${directory}/private.err --skip-networking --mysqlx=OFF --skip-log-bin --skip-replica-start --innodb-flush-log-at-trx-commit=0 --server-id=99 --gtid-mode=ON --enforce-gtid-consistency=ON --plugin-load-add=mysql_clone.so`,
    replay: `cd /var/lib/mysql; mysqlbinlog $(cat /root/logs-to-replay) | mysql --binary-mode --socket=${directory}/private.sock`,
    stop: `mysqladmin --socket=${directory}/private.sock shutdown`,
  },
};

export async function byHand(lab: Lab, engine: StreamedName, store: Answer): Promise<Hand> {
  const recipe = recipes[engine];
  const run = async (script: string): Promise<string> => {
    const result = await lab.exec(primaryOf(engine), ['bash', '-euo', 'pipefail', '-s'], { input: script, timeoutMs: 3_600_000 });
    if (result.exitCode !== 0)
      throw new Error(`by hand, ${script.slice(0, 200)} ended with ${result.exitCode}: ${result.stderr.slice(-500)}`);
    return result.stdout.trim();
  };
  await run(`export DEBIAN_FRONTEND=noninteractive; apt-get -q update >/dev/null; apt-get -q -y install --no-install-recommends rclone openssl >/dev/null 2>&1
cat > /root/ca.pem <<'PEM'
${String(store['caPem'])}
PEM
echo secret > /root/pass
cat > /root/rclone.env <<'ENV'
export RCLONE_CONFIG_B_TYPE=s3 RCLONE_CONFIG_B_PROVIDER=Other RCLONE_CONFIG_B_ENDPOINT=https://${String(store['endpoint'])} RCLONE_CONFIG_B_REGION=${String(store['region'])}
export RCLONE_CONFIG_B_ACCESS_KEY_ID=${String(store['accessKey'])} RCLONE_CONFIG_B_SECRET_ACCESS_KEY=${String(store['secretKey'])} RCLONE_CA_CERT=/root/ca.pem RCLONE_S3_NO_CHECK_BUCKET=true
ENV`);
  const object = `b:${String(store['bucket'])}/by-hand`;
  const encrypt = 'openssl enc -aes-256-cbc -pbkdf2 -pass file:/root/pass';
  return {
    run,
    tool: recipe.tool,
    cleanUp: recipe.cleanUp,
    unpack: `${newDirectory}; ${recipe.unpack}`,
    listLogs: recipe.listLogs,
    async backUp() {
      await run(`. /root/rclone.env; ${recipe.tool} | zstd -q -T0 -3 -c | ${encrypt} | rclone rcat ${object}; ${recipe.cleanUp}`);
    },
    async restore() {
      await run(`${newDirectory}; . /root/rclone.env
rclone cat ${object} | ${encrypt} -d | zstd -q -dc | ${recipe.unpack}; ${recipe.prepare}; chown -R mysql:mysql ${directory}`);
    },
    async startPrivate() {
      await run(`${recipe.start} </dev/null >/dev/null 2>&1 &
for try in $(seq 300); do ${engine} --socket=${directory}/private.sock -e 'select 1' >/dev/null 2>&1 && exit 0; sleep 0.2; done; tail -n 5 ${directory}/private.err >&2; exit 1`);
    },
    replay: async () => void (await run(recipe.replay)),
    stopPrivate: async () => void (await run(`${recipe.stop}; sleep 2`)),
    remove: async () => void (await run(`rm -rf ${directory}`)),
  };
}
