/** How a server of one engine is found, asked and run: names and SQL. */
export interface ServerGrammar {
  /** Names that its process may have in /proc/<pid>/comm. */
  readonly processNames: readonly string[];
  /** Names of its init script, the likeliest first. */
  readonly serviceNames: readonly string[];
  /** Files of the data directory that a running server holds locks on. */
  readonly lockedFiles: readonly string[];
  readonly client: string;
  /** Prints the options that the server's configuration gives to these groups. */
  readonly optionGroups: readonly string[];
  /** Directories of configuration snippets, the likeliest first. */
  readonly configDirectories: readonly string[];
  /** One row, one column: `ServerAnswer` as JSON. */
  readonly factsSql: string;
  /** Empty unless the server is a replica. */
  readonly replicaSql: string;
  /** The binary log that is written now, and its filters. */
  readonly logStatusSql: string;
  /** Paths of InnoDB's files, one a row. */
  readonly filesSql: string;
}

/** What `factsSql` gives. */
export interface ServerAnswer {
  readonly version: string;
  readonly sizeBytes: number;
  /** MySQL: server_uuid; MariaDB: server_uid. Names where binary logs come from. */
  readonly uuid: string;
  readonly serverId: number;
  readonly readOnly: 0 | 1;
  readonly logBin: 0 | 1;
  /** Absolute path without the number; null while binary logging is off. */
  readonly logBasename: string | null;
  readonly logFormat: string;
  readonly rowImage: string;
  /** Seconds; 0 is never. */
  readonly logExpiry: number;
  readonly logEncrypted: 0 | 1;
  /** MySQL: ON, OFF, …; MariaDB: "". */
  readonly gtidMode: string;
  /** MariaDB: gtid_domain_id and gtid_binlog_state; MySQL: 0 and "". */
  readonly gtidDomain: number;
  readonly gtidState: string;
  /** MariaDB: the newest log sequence number; MySQL: 0. */
  readonly lsn: number;
  /** Where the server itself may write; null where anywhere or nowhere. */
  readonly secureFileDirectory: string | null;
  /** What a private instance on a copy must have as the server has it. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** InnoDB's directories. */
  readonly directories: readonly (string | null)[];
}

/** As `ServerAnswer`, with what else was asked. */
export interface ServerFacts extends ServerAnswer {
  /** "11.8": tools must be of the same one. */
  readonly series: string;
  readonly replica: boolean;
  readonly lagSeconds: number | null;
  /** Filters that keep something out of the binary log; "" where there are none. */
  readonly logFilters: string;
}

/** Where one instance lives, by its own answer. */
export interface Server {
  readonly running: boolean;
  readonly port: number;
  readonly dataDirectory: string;
  readonly socket: string;
  readonly pidFile: string;
  /** The server's executable. */
  readonly executable: string;
  /** The operating system's user that runs it. */
  readonly owner: string;
  readonly group: string;
  /** The systemd unit that it runs in; "" where there is none. */
  readonly unit: string;
}
