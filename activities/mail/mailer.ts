import { messageOf, TidemarkError } from '#domain/errors.ts';

export interface MailSettings {
  /** smtp://user:password@host:port or smtps://… */
  readonly url: string;
  /** The sender's address. */
  readonly from: string;
}

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The same for the same mail, so that a mail that was sent twice shows as one. */
  readonly messageId: string;
}

export interface Mailer {
  /** Errors: `mail-failed`, with what the server said; its password is in no message. */
  send(mail: Mail): Promise<void>;
  close(): void;
}

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** The library is loaded here: a worker that sends no mail does without its 5 MiB. */
export async function createMailer({ url, from }: MailSettings): Promise<Mailer> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({ url, ...TIMEOUTS });
  const host = new URL(url).host;
  return {
    async send({ to, subject, text, html, messageId }) {
      try {
        await transport.sendMail({
          from,
          to,
          subject,
          text,
          html,
          messageId: `<${messageId}@tidemark>`,
          disableFileAccess: true,
          disableUrlAccess: true,
        });
      } catch (error) {
        throw new TidemarkError('mail-failed', `the mail server ${host} did not take a mail: ${messageOf(error)}`);
      }
    },
    close: () => transport.close(),
  };
}
