import { describe, expect, it } from 'vitest';
import { writeNotice } from '#domain/notices.ts';
import { noticeKinds } from '#domain/states.ts';

const facts = {
  kind: 'backup-failed',
  policyName: 'Nightly',
  databaseName: 'orders',
  message: 'the bucket does not grant s3:PutObject',
  code: 'store-permission-missing',
  consecutive: 2,
  at: Date.UTC(2026, 10, 25, 3, 4, 5),
} as const;

describe('a notice', () => {
  it('says what happened, when, what to do, and where to look', () => {
    const { subject, text } = writeNotice({ ...facts, link: 'https://tidemark.example.com/databases/1' });
    expect(subject).toBe('[Tidemark] Backup Failed: orders (Nightly)');
    expect(text).toContain('2026-11-25 03:04:05 UTC: the bucket does not grant s3:PutObject');
    expect(text).toContain('What to do: ');
    expect(text).toContain('number 2 in a row');
    expect(text).toContain('https://tidemark.example.com/databases/1');
  });

  it.each(noticeKinds)('has words for %s', (kind) => {
    const { subject, text, html } = writeNotice({ ...facts, kind });
    expect(subject).toMatch(/^\[Tidemark\] [A-Z].*: orders \(Nightly\)$/);
    expect(text.split('\n\n').length).toBeGreaterThan(3);
    expect(html).toContain('<p>');
  });

  it('lets no name begin a header or a tag', () => {
    const { subject, html } = writeNotice({ ...facts, databaseName: 'a\r\nBcc: x@example.com', message: '<script>alert("1")</script>' });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)');
  });
});
