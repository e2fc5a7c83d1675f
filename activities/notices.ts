import { randomUUID } from 'node:crypto';
import { getDatabase } from '#db/databases.ts';
import { insertNotice, listUnsentNotices, markNoticeSent, markNoticeUnsent } from '#db/notices.ts';
import { getPolicy } from '#db/policies.ts';
import { listNoticeRecipients } from '#db/users.ts';
import { messageOf, TidemarkError } from '#domain/errors.ts';
import { writeNotice } from '#domain/notices.ts';
import type { CatalogueActivities, MailActivities } from './activities.ts';
import type { ActivityDeps } from './context.ts';
import { wrapShort } from './wrap.ts';

type NoticeActivities = Pick<CatalogueActivities, 'recordNotice'> & MailActivities;

/** Written with the event, sent apart from it: a mail server that is down delays no backup. */
export function createNoticeActivities({ db, mailer, publicUrl }: ActivityDeps): NoticeActivities {
  return {
    recordNotice: wrapShort(async ({ policyId, databaseId, event, ...facts }) => {
      const [policy, database] = await Promise.all([getPolicy(db, policyId), getDatabase(db, databaseId)]);
      const link = publicUrl === undefined ? undefined : `${publicUrl}/databases/${databaseId}`;
      const { subject, text, html } = writeNotice({ ...facts, policyName: policy.name, databaseName: database.name, link });
      const content = { event, kind: facts.kind, subject, body_text: text, body_html: html };
      for (const recipient of await listNoticeRecipients(db, policy.owner_id))
        await insertNotice(db, { id: randomUUID(), recipient_id: recipient, ...content });
    }),

    sendNotice: wrapShort(async ({ event }) => {
      const failures: unknown[] = [];
      for (const { id, email, subject, body_text: text, body_html: html } of await listUnsentNotices(db, event)) {
        try {
          // also tried again: the next worker may know one
          if (mailer === undefined) throw new TidemarkError('mail-failed', 'no mail server is configured (TIDEMARK_MAIL_URL)');
          await mailer.send({ to: email, subject, text, html, messageId: id });
        } catch (error) {
          await markNoticeUnsent(db, id, messageOf(error));
          failures.push(error);
          continue;
        }
        await markNoticeSent(db, id);
      }
      // One whose address is refused holds nobody else's up; it is tried again.
      if (failures.length > 0) throw failures[0];
    }),
  };
}
