import type { UserRole } from '#domain/states.ts';

export const roleChoices: { value: UserRole; label: string }[] = [
  { value: 'user', label: 'User: sees and does what is theirs' },
  { value: 'admin', label: 'Admin: sees and does everything' },
];
