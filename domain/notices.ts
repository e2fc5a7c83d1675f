import type { ErrorCode } from './errors.ts';
import { errorCatalogue } from './errors.ts';
import type { NoticeKind } from './states.ts';

/** What a notice is about. */
export interface NoticeFacts {
  readonly kind: NoticeKind;
  readonly policyName: string;
  readonly databaseName: string;
  /** In the words of the failure. */
  readonly message: string;
  readonly code?: ErrorCode | undefined;
  /** Failed backups in a row, this one counted. */
  readonly consecutive: number;
  /** When it happened, milliseconds since the epoch. */
  readonly at: number;
  /** Where to look; undefined where the installation does not say under which address it is reached. */
  readonly link?: string | undefined;
}

export interface Notice {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** From when it was written; after that a mail stays unsent. */
export const noticeTriesMs = 7 * 86_400_000;

const titles: Readonly<Record<NoticeKind, string>> = {
  'backup-failed': 'Backup Failed',
  'policy-paused': 'Policy Paused',
  'pitr-gap': 'PITR Gap Detected',
  'source-changed': 'Backup Source Changed',
};

const consequences: Readonly<Record<NoticeKind, (facts: NoticeFacts) => string>> = {
  'backup-failed': ({ consecutive }) =>
    consecutive === 1
      ? 'It is the first one in a row; after three the policy is paused.'
      : `It is number ${consecutive} in a row; after three the policy is paused.`,
  'policy-paused': () =>
    'No scheduled backup runs any more. Log archiving and retention go on. A manual backup that goes well, or Reset Failures, lets the policy go on.',
  'pitr-gap': () =>
    'The database cannot be restored to a time inside the gap. Backups, and times before it and after the next backup, are not affected.',
  'source-changed': () =>
    'The backup is complete. Look at the server that is not read any more, if you did not take it out of use yourself.',
};

/** What happened, since when, what to do: as plain text and as HTML. What comes from outside stays text in both. */
export function writeNotice(facts: NoticeFacts): Notice {
  const title = titles[facts.kind];
  const hint = facts.code === undefined ? undefined : errorCatalogue[facts.code].hint;
  const paragraphs = [
    `${title}: database ${facts.databaseName}, policy ${facts.policyName}.`,
    `At ${new Date(facts.at).toISOString().replace('T', ' ').slice(0, 19)} UTC: ${facts.message}`,
    ...(hint === undefined ? [] : [`What to do: ${hint}`]),
    consequences[facts.kind](facts),
    ...(facts.link === undefined ? [] : [facts.link]),
  ];
  return {
    subject: oneLine(`[Tidemark] ${title}: ${facts.databaseName} (${facts.policyName})`),
    text: `${paragraphs.join('\n\n')}\n`,
    html: `<!doctype html><html><body>${paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join('')}</body></html>\n`,
  };
}

/** No header can begin inside a subject. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 200);
}

function escapeHtml(text: string): string {
  const signs: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (sign) => signs[sign] ?? sign);
}
