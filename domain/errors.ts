/** One entry per error that Tidemark can answer: the HTTP status, whether Temporal may try again, and what the reader can do. */
interface ErrorEntry {
  readonly status: number;
  readonly retryable: boolean;
  readonly hint: string;
}

export const errorCatalogue = {
  // asked for wrongly
  'invalid-request': { status: 400, retryable: false, hint: 'Correct the named fields and send the request again.' },
  'not-signed-in': { status: 401, retryable: false, hint: 'Sign in at POST /api/v1/sessions, or send a valid session cookie.' },
  'wrong-credentials': {
    status: 401,
    retryable: false,
    hint: 'Check the e-mail address and the password. After several wrong tries, wait a minute.',
  },
  'too-many-attempts': { status: 429, retryable: true, hint: 'Wait a minute, then try again.' },
  'too-many-requests': { status: 429, retryable: true, hint: 'Send fewer requests: Retry-After says when the next is answered.' },
  'sign-in-not-fresh': {
    status: 403,
    retryable: false,
    hint: 'Give your password again at POST /api/v1/sessions/current/confirmations, then repeat the request within 15 minutes. Programs need a token of scope full.',
  },
  'last-admin': { status: 409, retryable: false, hint: 'Make somebody else an admin first.' },
  'not-allowed': { status: 403, retryable: false, hint: 'Ask an admin, or sign in as somebody who may do this.' },
  'edited-meanwhile': { status: 412, retryable: false, hint: 'Somebody changed it since you looked. Look again, then repeat your edit.' },
  'idempotency-key-reused': { status: 422, retryable: false, hint: 'Use a new Idempotency-Key for each new request.' },
  'request-running': { status: 409, retryable: true, hint: 'Send the same request again in a moment, under the same key.' },
  'outcome-unknown': {
    status: 409,
    retryable: false,
    hint: 'Look whether it was done (in the list, the tasks, or the audit log); if not, ask again under a new Idempotency-Key.',
  },
  'not-found': { status: 404, retryable: false, hint: 'Check the id. It may have been deleted, or belong to somebody else.' },
  'method-not-allowed': { status: 405, retryable: false, hint: 'Use a method that the Allow header names.' },
  'already-exists': { status: 409, retryable: false, hint: 'Choose another name, or use the one that exists.' },
  'already-attached': { status: 409, retryable: false, hint: 'Detach the database from its policy first.' },
  'not-attached': {
    status: 409,
    retryable: false,
    hint: 'Attach the database to a policy first: to the one that the message names, if it names one.',
  },
  'not-attachable': { status: 409, retryable: false, hint: 'Only primaries in status active can be attached. Check the database first.' },
  'database-busy': { status: 409, retryable: false, hint: 'Wait until the running operation has ended (see its task), then try again.' },
  'policy-not-ready': {
    status: 409,
    retryable: false,
    hint: 'In status error, run Test Connection on the policy and correct what it reports; in status paused, mend the cause, then Reset Failures or take a manual backup; while it is validating or has just been started, wait a moment. Then ask again.',
  },
  'database-in-use': {
    status: 409,
    retryable: false,
    hint: 'Detach it, remove its replicas, and delete its backups (with their policy, or one by one before it is detached); then remove it.',
  },
  'policy-in-use': { status: 409, retryable: false, hint: 'Detach its databases first.' },
  'storage-in-use': {
    status: 409,
    retryable: false,
    hint: 'Backups lie at this location. Make a new policy for the new location and attach the databases to it.',
  },
  'address-refused': {
    status: 422,
    retryable: false,
    hint: 'Use an address that is reachable from outside, or ask the operator to name the range in TIDEMARK_ALLOWED_NETWORKS.',
  },
  'encryption-not-switched': {
    status: 500,
    retryable: false,
    hint: "The database's last task 'Configuration of log archiving' tells why the host could not be told. It is told again before the next scheduled backup; or use Retry PITR Configuration, then back up.",
  },
  'replica-not-usable': {
    status: 500,
    retryable: false,
    hint: 'The data is read from the primary meanwhile. The replica has to follow its primary without filters and without writes of its own; of MariaDB and MySQL, by GTIDs.',
  },
  // restore
  'target-outside-window': { status: 422, retryable: false, hint: 'Choose a time inside one of the intervals of the recovery window.' },
  'backup-not-restorable': { status: 422, retryable: false, hint: 'Choose a backup in status completed whose whole chain is completed.' },
  'disk-too-small': {
    status: 422,
    retryable: false,
    hint: 'Free or add the missing space on the host, then try again. Nothing was changed.',
  },
  'layout-not-supported': { status: 422, retryable: false, hint: 'The message names what stands in the way. Nothing was changed.' },
  'target-not-reached': {
    status: 500,
    retryable: false,
    hint: 'The running database was not touched. Check the recovery window, and try another time.',
  },
  'restore-swapped-back': {
    status: 500,
    retryable: false,
    hint: 'The database runs with the data that it had before. The message says why the restored data did not start.',
  },
  'restore-stuck': {
    status: 500,
    retryable: false,
    hint: "Nothing was deleted. Where a directory .tidemark-old lies beside the data directory, it is the former data, and the restored data is in place; where .tidemark-new does, that is the restored data, and the former data is in place; where both do, neither is: put .tidemark-old back. Look at the server's log for why it does not start, and keep both until it serves.",
  },
  'object-missing': {
    status: 500,
    retryable: false,
    hint: 'Something deleted it from the bucket. Restore from another backup, and take a full backup now.',
  },
  'object-tampered': {
    status: 500,
    retryable: false,
    hint: 'Somebody or something changed it in the bucket. Nothing of it was used: restore from another backup, and take a full backup now.',
  },
  // store
  'store-unreachable': { status: 502, retryable: true, hint: 'Check the endpoint, its port, DNS and firewalls.' },
  'store-tls-failed': { status: 502, retryable: false, hint: "Check the certificate, or give the private authority's certificate as CA." },
  'store-credentials-refused': { status: 422, retryable: false, hint: 'Check the access key and the secret key.' },
  'store-bucket-missing': { status: 422, retryable: false, hint: 'Create the bucket, or correct its name or region.' },
  'store-permission-missing': { status: 422, retryable: false, hint: 'Give the access key the named right on the bucket and prefix.' },
  'store-failed': { status: 502, retryable: true, hint: 'The store answered with an error of its own; the message holds it.' },
  // host
  'host-unreachable': { status: 502, retryable: true, hint: 'Check the address, the port and firewalls, and that sshd runs.' },
  'host-key-changed': {
    status: 422,
    retryable: false,
    hint: 'If the host was really reinstalled, confirm its new key on the database. Otherwise somebody may be in between.',
  },
  'host-login-refused': {
    status: 422,
    retryable: false,
    hint: "Put the public key into the user's authorized_keys, and check the user's name.",
  },
  'host-sudo-refused': { status: 422, retryable: false, hint: 'Give the SSH user sudo without a password (NOPASSWD: ALL).' },
  'host-command-failed': { status: 502, retryable: true, hint: "The message holds the command's own last words." },
  'host-job-lost': { status: 502, retryable: true, hint: 'The host was restarted or the process was killed. The work begins anew.' },
  'disk-full': { status: 502, retryable: false, hint: 'Free space on the host.' },
  // engine
  'server-down': { status: 502, retryable: true, hint: 'Start the database server, and check its log.' },
  'server-not-found': { status: 422, retryable: false, hint: 'Check the port: no server of this engine listens there.' },
  'version-not-supported': { status: 422, retryable: false, hint: 'See the README for the supported versions.' },
  'tool-missing': { status: 422, retryable: false, hint: 'Install the named tool on the host, then try again.' },
  'archiving-in-use': { status: 409, retryable: false, hint: 'Another tool archives the logs of this server. Turn it off first.' },
  'tables-not-supported': {
    status: 422,
    retryable: false,
    hint: 'The message names the tables. Change them as it says (ALTER TABLE … ENGINE=InnoDB, say), or drop them, then try again.',
  },
  'pitr-not-possible': {
    status: 422,
    retryable: false,
    hint: 'The message names the setting that stands in the way. Change it; then attach again or, where the database is attached, Retry PITR Configuration.',
  },
  'mail-failed': { status: 502, retryable: true, hint: 'Check TIDEMARK_MAIL_URL and TIDEMARK_MAIL_FROM, and what the mail server says.' },
  'confirmation-needed': { status: 409, retryable: false, hint: 'If you mean that, ask again with confirmBackups set to this number.' },
  'backup-failed': { status: 502, retryable: true, hint: "The message holds the tool's own last words." },
  'backup-not-proven': {
    status: 500,
    retryable: false,
    hint: 'The tool said yes, the proof said no: the backup is not offered. Take another, and look at the bucket.',
  },
  'log-torn': {
    status: 500,
    retryable: false,
    hint: 'The server had crashed. What it wrote last lies only where the message says: look at it before you remove it, and take a full backup now.',
  },
  'archiving-stalled': {
    status: 502,
    retryable: true,
    hint: "Check the store's credentials and the server's log; then Retry PITR Configuration.",
  },
  // ourselves
  'sealed-value-broken': { status: 500, retryable: false, hint: 'The master key does not open this value. Restore the right master key.' },
  'temporal-unavailable': { status: 503, retryable: true, hint: 'Try again in a moment, unless the message says where to look first.' },
  'operation-lost': {
    status: 503,
    retryable: false,
    hint: 'Look whether the database serves. After a restore, look on its host for the data that was set aside before anything is removed there; then ask again.',
  },
  'operation-cancelled': {
    status: 409,
    retryable: false,
    hint: 'Somebody cancelled it in Temporal. Read how far it came, and ask again for what is still wanted.',
  },
  'worker-lost': {
    status: 503,
    retryable: true,
    hint: 'See that a worker runs and stays up: its log says why it ended. Then ask again; what is scheduled comes again by itself.',
  },
  'took-too-long': {
    status: 503,
    retryable: true,
    hint: "See that the database's host and the store answer, and how busy they are. Then ask again; what is scheduled comes again by itself.",
  },
  'request-lost': { status: 503, retryable: false, hint: 'Nothing was done. Ask again.' },
  'catalogue-unavailable': { status: 503, retryable: true, hint: 'Try again in a moment.' },
  internal: {
    status: 500,
    retryable: false,
    hint: 'Tell whoever runs this Tidemark: its logs and the Temporal Web UI tell more, by the id of the request or of the database.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** What failed, with which value; what to do about it is the catalogue's hint. Holds no secret. */
export class TidemarkError extends Error {
  override readonly name = 'TidemarkError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get hint(): string {
    return errorCatalogue[this.code].hint;
  }
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCatalogue, value);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
