/**
 * Who may do what, cell by cell. `yes` is past the door, `401` not signed in, `no` not allowed, `404` not there for them, `old` that the
 * password has to be given again, and `-` that there is no such case.
 */
export type Cell = 'yes' | '401' | 'no' | '404' | 'old' | '-';

/** The last four are those of the owner, or of an admin where only admins may. */
export const columns = [
  'nobody',
  'owner',
  'another user',
  'admin',
  'a session of long ago',
  'a token to read',
  'a token to operate',
  'a full token',
] as const;
export type Column = (typeof columns)[number];

const open: Cell[] = ['yes', 'yes', '-', 'yes', 'yes', 'yes', 'yes', 'yes'];
const look: Cell[] = ['401', 'yes', '404', 'yes', 'yes', 'yes', 'yes', 'yes'];
const lookAtOwn: Cell[] = ['401', 'yes', '-', 'yes', 'yes', 'yes', 'yes', 'yes'];
const act: Cell[] = ['401', 'yes', '404', 'yes', 'yes', 'no', 'yes', 'yes'];
const create: Cell[] = ['401', 'yes', '-', 'yes', 'yes', 'no', 'yes', 'yes'];
const destroy: Cell[] = ['401', 'yes', '404', 'yes', 'old', 'no', 'no', 'yes'];
const personal: Cell[] = ['401', 'yes', '-', 'yes', 'yes', 'no', 'no', 'no'];
const endPersonal: Cell[] = ['401', 'yes', '404', '404', 'yes', 'no', 'no', 'no'];
const adminLooks: Cell[] = ['401', 'no', 'no', 'yes', 'yes', 'yes', 'yes', 'yes'];
const adminManages: Cell[] = ['401', 'no', 'no', 'yes', 'old', 'no', 'no', 'no'];

export const matrix: Readonly<Record<string, readonly Cell[]>> = {
  createSession: open,
  confirmSession: personal,
  deleteCurrentSession: personal,
  listSessions: personal,
  deleteSession: endPersonal,
  getMe: lookAtOwn,
  editMe: personal,
  changePassword: personal,
  listTokens: personal,
  createToken: ['401', 'yes', '-', 'yes', 'old', 'no', 'no', 'no'],
  deleteToken: endPersonal,
  listUsers: adminLooks,
  getUser: adminLooks,
  createUser: adminManages,
  editUser: adminManages,
  createDatabase: create,
  listDatabases: lookAtOwn,
  getDatabase: look,
  checkDatabase: act,
  editDatabase: act,
  deleteDatabase: act,
  testDatabase: create,
  testSavedDatabase: act,
  createSshKey: create,
  getSshKey: look,
  createPolicy: create,
  listPolicies: lookAtOwn,
  getPolicy: look,
  editPolicy: act,
  resetFailures: act,
  deletePolicy: destroy,
  undeletePolicy: act,
  createRecoveryKit: destroy,
  testStore: create,
  testPolicyStore: act,
  attachDatabase: act,
  listAttachments: look,
  detachDatabase: act,
  retryPitr: act,
  listBackups: look,
  getBackup: look,
  createBackup: act,
  getRecoveryWindow: look,
  createRestore: destroy,
  getRestorePlan: look,
  listRestores: look,
  getRestore: look,
  getRetentionPlan: look,
  deleteBackup: destroy,
  listTasks: lookAtOwn,
  getTask: look,
  watchChanges: lookAtOwn,
  getOverview: lookAtOwn,
  getInstallation: adminLooks,
  listNotices: adminLooks,
  listAuditRows: adminLooks,
  verifyAuditRows: adminLooks,
  getHealth: open,
  getReadiness: open,
  getOpenApi: open,
};
