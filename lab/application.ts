import { randomBytes } from 'node:crypto';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { EngineName } from '#domain/states.ts';
import { type Lab, primaryOf } from './lab.ts';

/** One connection of an application to its database. */
export interface Session {
  /** Rows, by column. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** How an application uses a primary of the lab: a login of its own, and its dialect. */
export interface Application {
  readonly engine: EngineName;
  connect(): Promise<Session>;
  /** An insert that does nothing where the row is there. */
  insertOnce(table: string, values: string): string;
  /** Runs SQL as the administrator, on the machine itself. */
  administer(sql: string): Promise<string>;
}

export async function createApplication(lab: Lab, engine: EngineName): Promise<Application> {
  const password = randomBytes(12).toString('hex');
  const administer = (sql: string): Promise<string> => runAsAdministrator(lab, engine, sql);
  await administer(setUps[engine](password));
  const service = primaryOf(engine);
  const { address: host, databasePort: port } = lab.hosts[service];
  return {
    engine,
    administer,
    connect: () => (engine === 'postgresql' ? connectPostgresql : connectMysql)({ host, port, user: 'shop', password }),
    insertOnce: (table, values) =>
      engine === 'postgresql'
        ? `insert into ${table} values ${values} on conflict do nothing`
        : `insert ignore into ${table} values ${values}`,
  };
}

interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

const setUps: Readonly<Record<EngineName, (password: string) => string>> = {
  postgresql: (password) =>
    `drop table if exists orders; drop role if exists shop; create role shop superuser login password '${password}';`,
  mariadb: setUpMysql,
  mysql: setUpMysql,
};

function setUpMysql(password: string): string {
  return `drop database if exists shop; create database shop; drop user if exists shop@'%'; create user shop@'%' identified by '${password}'; grant all on shop.* to shop@'%';`;
}

/** Runs SQL on the engine's primary as its administrator; bare rows. */
async function runAsAdministrator(lab: Lab, engine: EngineName, sql: string): Promise<string> {
  const commands: Readonly<Record<EngineName, { command: string[]; user: string }>> = {
    postgresql: { command: ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', '-'], user: 'postgres' },
    mariadb: { command: ['mariadb', '-N', '-B'], user: 'root' },
    mysql: { command: ['mysql', '-N', '-B'], user: 'root' },
  };
  const { command, user } = commands[engine];
  const result = await lab.exec(primaryOf(engine), command, { user, input: sql, timeoutMs: 1_800_000 });
  if (result.exitCode !== 0) throw new Error(`SQL failed on the lab's ${engine} primary: ${result.stderr}`);
  return result.stdout.trim();
}

async function connectPostgresql(login: Login): Promise<Session> {
  const client = new pg.Client({ ...login, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  return { query: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows, close: () => client.end() };
}

async function connectMysql(login: Login): Promise<Session> {
  const connection = await mysql.createConnection({ ...login, database: 'shop' });
  connection.on('error', () => undefined);
  return {
    async query(sql) {
      const [rows] = await connection.query(sql);
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : [];
    },
    close: () => connection.end(),
  };
}
