import type { ServerGrammar } from '../streamed/server-grammar.ts';

export const server: ServerGrammar = {
  processNames: ['mariadbd', 'mysqld'],
  serviceNames: ['mariadb', 'mysql'],
  lockedFiles: ['ibdata1', 'aria_log_control'],
  client: 'mariadb',
  optionGroups: ['mysqld', 'server', 'mariadb', 'mariadbd'],
  configDirectories: ['/etc/mysql/mariadb.conf.d', '/etc/mysql/conf.d', '/etc/my.cnf.d'],
  // server_uid is a hash of the machine and the port, in base64: it tells where data came from, and cannot stand in a key as it is
  factsSql: `select json_object(
  'version', @@version,
  'sizeBytes', (select coalesce(sum(file_size), 0) from information_schema.innodb_sys_tablespaces)
    + (select coalesce(sum(data_length + index_length), 0) from information_schema.tables where engine <> 'InnoDB' and table_type = 'BASE TABLE'),
  'uuid', (select md5(concat(coalesce(max(variable_value), ''), @@hostname, @@port)) from information_schema.global_variables where variable_name = 'SERVER_UID'),
  'serverId', @@server_id,
  'readOnly', @@read_only + 0,
  'logBin', @@log_bin + 0,
  'logBasename', @@log_bin_basename,
  'logFormat', @@binlog_format,
  'rowImage', @@binlog_row_image,
  'logExpiry', @@binlog_expire_logs_seconds,
  'logEncrypted', @@encrypt_binlog + 0,
  'gtidMode', '',
  'gtidDomain', @@gtid_domain_id,
  'gtidState', @@gtid_binlog_state,
  'lsn', (select cast(variable_value as unsigned) from information_schema.global_status where variable_name = 'INNODB_LSN_CURRENT'),
  'secureFileDirectory', @@secure_file_priv,
  'settings', json_object('innodb_page_size', @@innodb_page_size, 'lower_case_table_names', @@lower_case_table_names, 'innodb_data_file_path', @@innodb_data_file_path),
  'directories', json_array(@@innodb_data_home_dir, @@innodb_undo_directory, @@innodb_log_group_home_dir));`,
  replicaSql: 'show all slaves status;',
  logStatusSql: 'show binlog status;',
  filesSql: 'select filename from information_schema.innodb_sys_tablespaces where filename is not null;',
};
