import { readdir } from 'node:fs/promises';
import type { Migration } from 'kysely';
import { Migrator } from 'kysely';
import type { Catalogue } from './tables.ts';

const folder = new URL('./migrations/', import.meta.url);

/** Brings the catalogue to the newest version; a second process that starts at the same time waits for the first. */
export async function migrateToLatest(db: Catalogue): Promise<void> {
  const { error } = await new Migrator({ db, provider: { getMigrations } }).migrateToLatest();
  if (error !== undefined) throw error;
}

async function getMigrations(): Promise<Record<string, Migration>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).toSorted();
  const modules = await Promise.all(names.map((name) => import(new URL(name, folder).href) as Promise<Migration>));
  return Object.fromEntries(names.map((name, index) => [name.replace('.ts', ''), modules[index] as Migration]));
}
