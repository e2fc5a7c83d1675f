import type { Schedule } from '#domain/schedule.ts';
import type { Schemas } from '../../client/ask.ts';
import type { Policy } from '../../client/policies.ts';
import type { ProblemError } from '../../client/problem-error.ts';
import { capitalized } from './policy-words.ts';

/** What a number field holds: '' while it is empty. */
type Numeric = number | string;

/** The form's fields, by the names under which the API complains of them. */
export interface PolicyValues {
  readonly name: string;
  /** '' is who is signed in. */
  readonly ownerId: string;
  readonly store: Record<'endpoint' | 'region' | 'bucket' | 'prefix' | 'accessKey' | 'secretKey' | 'caPem', string>;
  readonly schedule: Schedule;
  readonly pitrEnabled: boolean;
  readonly logArchiveMinutes: Numeric;
  readonly retention: Record<'fulls' | 'incrementalDays' | 'logHours', Numeric>;
  readonly encryptionEnabled: boolean;
}

export const newValues: PolicyValues = {
  name: '',
  ownerId: '',
  store: { endpoint: '', region: 'us-east-1', bucket: '', prefix: '', accessKey: '', secretKey: '', caPem: '' },
  schedule: { fullFrequency: 'weekly', fullTime: '02:00', fullDay: 'sunday', incrementalHours: 6 },
  pitrEnabled: true,
  logArchiveMinutes: 5,
  retention: { fulls: 7, incrementalDays: 30, logHours: 72 },
  encryptionEnabled: true,
};

export function valuesOf(policy: Policy): PolicyValues {
  const { name, ownerId, store, schedule, pitrEnabled, logArchiveMinutes, retention, encryptionEnabled } = policy;
  return {
    name,
    ownerId,
    store: { ...store, secretKey: '', caPem: store.caPem ?? '' },
    schedule,
    pitrEnabled,
    logArchiveMinutes,
    retention,
    encryptionEnabled,
  };
}

export function storeOf({ store }: PolicyValues): Schemas['Store'] {
  const { caPem, ...rest } = trimmed(store);
  return { ...rest, ...(caPem === '' ? {} : { caPem }) };
}

export function bodyOfNew(values: PolicyValues): Schemas['PolicyCreate'] {
  const { name, ownerId, schedule, pitrEnabled, encryptionEnabled } = values;
  return {
    name: name.trim(),
    ...(ownerId === '' ? {} : { ownerId }),
    store: storeOf(values),
    schedule,
    retention: retentionOf(values),
    pitrEnabled,
    logArchiveMinutes: Number(values.logArchiveMinutes),
    encryptionEnabled,
  };
}

/** Only what differs from what was shown. */
export function bodyOfEdit(values: PolicyValues, shown: Policy): Schemas['PolicyEdit'] {
  const { accessKey, secretKey, ...place } = trimmed(values.store);
  const store = differing({ ...place, caPem: place.caPem === '' ? null : place.caPem }, shown.store);
  return {
    ...differing(
      {
        name: values.name.trim(),
        pitrEnabled: values.pitrEnabled,
        logArchiveMinutes: Number(values.logArchiveMinutes),
        encryptionEnabled: values.encryptionEnabled,
        schedule: values.schedule,
        retention: retentionOf(values),
      },
      shown,
    ),
    ...(accessKey === shown.store.accessKey ? {} : { accessKey }),
    ...(secretKey === '' ? {} : { secretKey }),
    ...(Object.keys(store).length === 0 ? {} : { store }),
  };
}

/** Whether Test Connection can only be answered by what stands in the form. */
export function isStoreEdited(values: PolicyValues, shown: Policy): boolean {
  return ['store', 'accessKey', 'secretKey'].some((field) => field in bodyOfEdit(values, shown));
}

/** What is missing, by field; everything else is the API's to judge. */
export function missingIn(values: PolicyValues, isNew: boolean): Record<string, string> {
  const { name, store, schedule, retention } = values;
  const needed: readonly (readonly [string, Numeric, string])[] = [
    ['name', name, 'Give the policy a name'],
    ...missableInStore(store, isNew),
    ['schedule.fullTime', isTime(schedule.fullTime) ? schedule.fullTime : '', 'At what time? HH:MM in UTC, such as 02:00'],
    ['logArchiveMinutes', values.logArchiveMinutes, 'How many minutes?'],
    ['retention.fulls', retention.fulls, 'How many fulls?'],
    ['retention.incrementalDays', retention.incrementalDays, 'How many days?'],
    ['retention.logHours', retention.logHours, 'How many hours?'],
  ];
  return complaints(needed);
}

/** "HH:MM" */
export function isTime(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}

export function missingInStore({ store }: PolicyValues): Record<string, string> {
  return complaints(missableInStore(store, true));
}

/** The API's complaints, beside the fields that they are about; `prefix` where a part of the form was sent. */
export function fieldErrorsOf(error: ProblemError, prefix = ''): Record<string, string> {
  const nameIsTaken = error.code === 'already-exists' ? { name: capitalized(error.detail) } : {};
  const named = error.errors.map(({ path, message }) => [fieldOf(`${prefix}${path}`), capitalized(message)] as const);
  return { ...nameIsTaken, ...Object.fromEntries(named) };
}

/** In edits the keys stand beside the store. */
function fieldOf(path: string): string {
  return path === 'accessKey' || path === 'secretKey' ? `store.${path}` : path;
}

function missableInStore(store: PolicyValues['store'], isSecretNeeded: boolean): (readonly [string, string, string])[] {
  return [
    ['store.endpoint', store.endpoint, 'Which endpoint?'],
    ['store.region', store.region, 'Which region? Servers without regions take us-east-1'],
    ['store.bucket', store.bucket, 'Which bucket?'],
    ['store.accessKey', store.accessKey, 'Which access key?'],
    ...(isSecretNeeded ? [['store.secretKey', store.secretKey, 'Which secret key?'] as const] : []),
  ];
}

function complaints(needed: readonly (readonly [string, Numeric, string])[]): Record<string, string> {
  return Object.fromEntries(needed.filter(([, value]) => String(value).trim() === '').map(([field, , message]) => [field, message]));
}

function retentionOf({ retention }: PolicyValues): Schemas['PolicyRetention'] {
  const { fulls, incrementalDays, logHours } = retention;
  return { fulls: Number(fulls), incrementalDays: Number(incrementalDays), logHours: Number(logHours) };
}

function trimmed(store: PolicyValues['store']): PolicyValues['store'] {
  return Object.fromEntries(Object.entries(store).map(([field, value]) => [field, value.trim()])) as PolicyValues['store'];
}

/** The fields of `edited` that are not as in `shown`. */
function differing<T extends object>(edited: T, shown: Readonly<Record<keyof T, unknown>>): Partial<T> {
  const fields = Object.entries(edited).filter(([field, value]) => !isSame(value, shown[field as keyof T]));
  return Object.fromEntries(fields) as Partial<T>;
}

/** Of plain values, and of records of them. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null) return one === other;
  return Object.entries(one).every(([field, value]) => (other as Record<string, unknown>)[field] === value);
}
