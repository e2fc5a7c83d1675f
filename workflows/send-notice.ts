import { mail } from './proxies.ts';

/** Sends one event's notices, and tries again for a week while the mail server does not take them. */
export async function sendNotice({ event }: { event: string }): Promise<void> {
  await mail('Send the notice').sendNotice({ event });
}
