import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { invalidField } from './problems.ts';

/** Of 0 to 4; 3 withstands 10^8 guesses, which is years at the speed of scrypt. */
const MIN_SCORE = 3;

/** What comes after them is not looked at: that would keep the process busy, and is not what makes a password guessable. */
const MAX_JUDGED_CHARACTERS = 64;

const strength = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, maxLength: MAX_JUDGED_CHARACTERS });

/**
 * Refuses what is tried first: common passwords and what is made of them, keyboard rows, dates, repetitions, words about the user.
 * Length alone does not see "password1234". `field` is the one that is told.
 */
export function refuseGuessable(field: string, password: string, user: { readonly email: string; readonly name: string }): void {
  const [mailbox = ''] = user.email.split('@');
  if (mailbox.length >= 4 && password.toLowerCase().includes(mailbox)) throw invalidField(field, "must not hold the e-mail address's name");
  if (isGuessable(password, [user.email, mailbox, ...user.name.split(' ')]))
    throw invalidField(field, 'is too easy to guess: take several words that have nothing to do with each other');
}

export function isGuessable(password: string, words: readonly string[]): boolean {
  return strength.check(password, [...words, 'tidemark', 'backup']).score < MIN_SCORE;
}
